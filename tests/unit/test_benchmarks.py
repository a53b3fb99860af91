"""
Rules of benchmarks on hosts that follow them, and on hosts that do something instead.
"""

import pytest

from mailvet.facts.benchmarks import (
    CLIENTS,
    Case,
    Measurement,
    access_setting,
    closed_measured,
    listening_measured,
    literal,
    local_setting,
    relay_measured,
    submission_measured,
    together,
)
from mailvet.facts.interfaces import InetService, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.packages import PackageFacts
from mailvet.facts.relay import RelayAttempt, RelayFacts, Submission, SubmissionRelayFacts
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.facts.units import Unit, UnitFacts
from mailvet.model import Cause, Endpoint, Protocol, Security

PLACE = Standpoint("direct", None, "192.0.2.1")
SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)
SUBMISSION = Endpoint("submission", Protocol.SUBMISSION, 587, Security.STARTTLS)
TAKEN = Reply("250", "2.1.5 Ok", ())
DENIED = Reply("454", "4.7.1 <probe@example.net>: Relay access denied", ())
REJECTED = Reply("554", "5.7.1 <client[192.0.2.1]>: Client host rejected: Access denied", ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("permit_mynetworks,reject", True),
        ("permit_mynetworks, reject", True),
        ("", False),
        ("permit_mynetworks", False),
        ("permit_mynetworks, permit_sasl_authenticated, reject", False),
        ("reject, permit_mynetworks", False),
    ],
)
def test_only_the_two_words_are_the_rule_to_the_letter(value: str, expected: bool) -> None:
    """
    Anything more or less is the administrator's own policy.
    """
    assert literal(value) is expected


def relay(control: Reply | None, reply: Reply | None) -> Measurement:
    """What one attempt through port 25 shows."""
    attempt = RelayAttempt("plain:", "a@example.org", "b@example.net", False, control, reply)
    return relay_measured(SMTP, RelayFacts(PLACE, (attempt,), (), "", ()))


def test_relaying_that_is_denied_behind_an_accepted_recipient_compensates() -> None:
    """
    The line has the port, the place, and the reply.
    """
    seen = relay(TAKEN, DENIED)

    assert not seen.lacking
    assert "port 25, from direct (192.0.2.1)" in seen.lines[0]
    assert "454 4.7.1" in seen.lines[0]


def test_a_port_that_refuses_everybody_shows_that_mail_is_stopped() -> None:
    """
    The local recipient was refused for good; demands for TLS are no such refusal.
    """
    assert "Client host rejected" in relay(REJECTED, REJECTED).refused[0]
    assert not relay(Reply("530", "5.7.0 STARTTLS first", ()), DENIED).refused
    assert not relay(Reply("450", "4.2.0 Greylisted", ()), DENIED).refused


def test_an_open_relay_compensates_nothing() -> None:
    """
    The measurement lacks, and says why.
    """
    seen = relay(TAKEN, TAKEN)

    assert not seen.lines
    assert seen.lacking[0][0] is Cause.BLOCKED


def submission(stranger: Reply, local: Reply | None) -> Measurement:
    """What port 587 shows."""

    def told(reply: Reply) -> Submission:
        return Submission("a@example.org", "b@example.net", True, reply)

    login = Reply("235", "2.7.0 ok", ()) if local else None
    facts = SubmissionRelayFacts(
        PLACE, (told(stranger),), login, told(local) if local else None, None, ()
    )
    return submission_measured(SUBMISSION, facts)


def test_submission_needs_a_login_and_takes_one() -> None:
    """
    A port that refuses everybody in any case shows nothing.
    """
    assert submission(REJECTED, TAKEN).lines
    assert submission(TAKEN, TAKEN).lacking
    assert submission(REJECTED, REJECTED).refused
    assert submission(REJECTED, None).lacking[0][0] is Cause.CREDENTIALS


def listeners(*ports: int) -> ListenerFacts:
    """Dovecot on these ports."""
    sockets = tuple(ListeningSocket("0.0.0.0", port, ("dovecot",), "") for port in ports)
    return ListenerFacts(sockets, (), ())


def test_only_the_declared_ports_may_be_open() -> None:
    """
    One more or one less compensates nothing.
    """
    wanted = frozenset({143, 993})

    assert listening_measured(listeners(143, 993), "dovecot", wanted, wanted).lines
    assert listening_measured(listeners(143, 993, 110), "dovecot", wanted, wanted).lacking
    assert listening_measured(listeners(143), "dovecot", wanted, wanted).lacking


def units(active: str, enabled: str, load: str = "loaded") -> UnitFacts:
    """Dovecot's unit in some state."""
    return UnitFacts(True, (Unit("dovecot.service", load, active, enabled),), (), ())


PACKAGE = PackageFacts("rpm", (("dovecot", "2.3.16"),), ())


@pytest.mark.parametrize(
    ("unit", "package", "absent"),
    [
        (units("active", "enabled"), PACKAGE, False),
        (units("active", "disabled"), PACKAGE, False),
        (units("inactive", "enabled"), PACKAGE, False),
        (units("inactive", "disabled"), PACKAGE, True),
        (units("inactive", "masked", "masked"), PACKAGE, True),
        (units("inactive", "", "not-found"), PackageFacts("rpm", (), ()), True),
        (UnitFacts(False, (), (), ()), PACKAGE, False),
        (UnitFacts(False, (), (), ()), PackageFacts("", (), ()), False),
    ],
)
def test_a_server_is_gone_without_package_or_with_its_units_off(
    unit: UnitFacts, package: PackageFacts, absent: bool
) -> None:
    """
    On a host without systemd and package manager nobody can tell.
    """
    assert access_setting(unit, package)[1] is absent


@pytest.mark.parametrize(
    ("addresses", "local"),
    [(("127.0.0.1", "::1"), True), (("0.0.0.0", "::"), False), (("192.0.2.1",), False)],
)
def test_postfix_is_local_if_its_mail_ports_are(addresses: tuple[str, ...], local: bool) -> None:
    """
    Ports of other services do not matter.
    """
    services = (InetService("smtp", 25, addresses), InetService("filter", 10025, ("0.0.0.0",)))
    facts = InterfaceFacts("value", (), services, ())

    assert local_setting(facts) == ("inet_interfaces = value", local)


def test_services_that_nobody_answers_are_named() -> None:
    """
    Those that answer are not.
    """
    seen = closed_measured([SMTP, SUBMISSION], (("smtp", 25, True), ("submission", 587, False)))

    assert seen.refused == ("port 587 does not answer",)


def test_the_waiver_has_all_that_an_auditor_asks_for() -> None:
    """
    Rule, demand, reason, purpose, measurements and setting.
    """
    case = Case(CLIENTS, "mail1", "the host takes mail on 25", "parameter = (empty)", False)

    text = case.settled(together([relay(TAKEN, DENIED), submission(REJECTED, TAKEN)])).waiver

    for part in (CLIENTS.name, CLIENTS.demand, CLIENTS.harm, CLIENTS.purpose, case.role):
        assert part in text
    assert "- port 25" in text
    assert "- port 587" in text
    assert "parameter = (empty)" in text
