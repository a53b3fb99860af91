"""
The checks of area ports, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.firewall import FirewallFacts, Zone
from mailvet.facts.interfaces import InetService, Interface, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.nftables import NftablesFacts
from mailvet.facts.reach import (
    Attempt,
    ExposureFacts,
    Outcome,
    PortState,
    ReachabilityFacts,
    ReachFacts,
)
from mailvet.facts.replies import Reply
from mailvet.model import (
    Cause,
    Endpoint,
    Expectations,
    ExpectDovecot,
    Judgement,
    Protocol,
    Security,
    Target,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)
IMAPS = Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS)
OPEN = "0.0.0.0"


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "ports")


@pytest.fixture(name="target")
def target_with_two_services() -> Target:
    """A host that declares SMTP and IMAPS."""
    return make_target((SMTP, IMAPS))


def held(*sockets: tuple[str, int, str]) -> ListenerFacts:
    """Sockets by address, port and process."""
    return ListenerFacts(
        tuple(ListeningSocket(where, port, (who,) if who else ()) for where, port, who in sockets),
        (),
        (),
    )


def reach(outcome: Outcome, greeting: Reply | None = None) -> ReachFacts:
    """One connection that got so far."""
    return ReachFacts((Attempt("direct", "192.0.2.1", outcome, "seen", greeting),), ())


@pytest.mark.parametrize(("answers", "verdict"), [(True, Verdict.PASS), (False, Verdict.FAIL)])
def test_host_answers(check: Load, answers: bool, verdict: Verdict) -> None:
    """One service that accepts connections is enough, none is not."""
    facts = ReachabilityFacts((("smtp", 25, False), ("imaps", 993, answers)), ())

    assert check("test_services", "test_host_answers")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.GREETED, Verdict.PASS),
        (Outcome.REFUSED, Verdict.FAIL),
        (Outcome.UNANSWERED, Verdict.FAIL),
        (Outcome.SILENT, Verdict.FAIL),
        (Outcome.NO_TLS, Verdict.FAIL),
        (Outcome.ELSE, Verdict.FAIL),
    ],
)
def test_service_greets(check: Load, outcome: Outcome, verdict: Verdict) -> None:
    """Only a greeting with the declared protocol passes."""
    judgement = check("test_services", "test_service_greets")(reach(outcome), SMTP)

    assert judgement.verdict is verdict
    assert "192.0.2.1" in judgement.observed


def test_service_that_greets_on_one_address_only(check: Load) -> None:
    """Every address of the host has to greet."""
    good = Attempt("direct", "192.0.2.1", Outcome.GREETED, "220")
    bad = Attempt("direct", "2001:db8::1", Outcome.UNANSWERED, "no answer")
    facts = ReachFacts((good, bad), ())

    assert check("test_services", "test_service_greets")(facts, SMTP).verdict is Verdict.FAIL


def test_service_that_answers_only_from_outside(check: Load) -> None:
    """A network in between that blocks our own connection is not held against the host."""
    ours = Attempt("direct", "192.0.2.1", Outcome.UNANSWERED, "no answer")
    theirs = Attempt("outside", "192.0.2.1", Outcome.GREETED, "220")
    facts = ReachFacts((ours, theirs), ())

    assert check("test_services", "test_service_greets")(facts, SMTP).verdict is Verdict.PASS


def test_service_that_is_busy_is_unverified(check: Load) -> None:
    """421 says something about this moment only."""
    facts = reach(Outcome.ELSE, Reply("421", "too many connections", ("421 …",)))

    judgement = check("test_services", "test_service_greets")(facts, SMTP)

    assert (judgement.verdict, judgement.cause) == (Verdict.UNVERIFIED, Cause.BLOCKED)


def test_optional_service_that_is_silent_is_not_applicable(check: Load) -> None:
    """What nobody declared need not answer."""
    optional = dataclasses.replace(SMTP, optional=True)
    facts = reach(Outcome.REFUSED)

    judgement = check("test_services", "test_service_greets")(facts, optional)

    assert judgement.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(("is_open", "verdict"), [(False, Verdict.PASS), (True, Verdict.FAIL)])
def test_undeclared_ports(
    check: Load,
    target: Target,
    is_open: bool,
    verdict: Verdict,
) -> None:
    """A port that answers fails, and its number is named."""
    facts = ExposureFacts("direct", (25,), (PortState(24, is_open, "seen"),), ())

    judgement = check("test_services", "test_undeclared_ports_closed")(facts, target)

    assert judgement.verdict is verdict
    assert "24" in judgement.observed


def test_undeclared_ports_of_a_discovered_host(check: Load) -> None:
    """Where nothing is declared, nothing is undeclared."""
    target = make_target((SMTP,), discover=True)
    facts = ExposureFacts("direct", (25,), (PortState(24, True, "seen"),), ())

    judgement = check("test_services", "test_undeclared_ports_closed")(facts, target)

    assert judgement.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("sockets", "verdict"),
    [
        ([(OPEN, 993, "dovecot")], Verdict.PASS),
        ([(OPEN, 993, "dovecot"), (OPEN, 22, "sshd")], Verdict.PASS),
        ([(OPEN, 993, "dovecot"), (OPEN, 24, "dovecot")], Verdict.FAIL),
        ([(OPEN, 993, "dovecot"), ("127.0.0.1", 12345, "dovecot")], Verdict.FAIL),
        ([(OPEN, 143, "dovecot")], Verdict.FAIL),
        ([(OPEN, 22, "sshd")], Verdict.FAIL),
        ([(OPEN, 993, "")], Verdict.UNVERIFIED),
    ],
)
def test_dovecot_listeners(
    check: Load, target: Target, sockets: list[tuple[str, int, str]], verdict: Verdict
) -> None:
    """Exactly the declared ports pass; where nobody tells who listens, nothing is known."""
    run = check("test_listeners", "test_dovecot_listeners_exact")

    assert run(held(*sockets), target).verdict is verdict


def test_dovecot_listener_that_the_profile_allows(check: Load) -> None:
    """A further listener is declared in the profile."""
    target = make_target((IMAPS,), expect=Expectations(dovecot=ExpectDovecot(listeners=(24,))))
    facts = held((OPEN, 993, "dovecot"), (OPEN, 24, "dovecot"))

    run = check("test_listeners", "test_dovecot_listeners_exact")

    assert run(facts, target).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("sockets", "verdict"),
    [
        ([(OPEN, 25, "master")], Verdict.PASS),
        ([(OPEN, 25, "master"), ("127.0.0.1", 10025, "master")], Verdict.PASS),
        ([(OPEN, 25, "master"), (OPEN, 10025, "master")], Verdict.FAIL),
        ([("127.0.0.1", 25, "master")], Verdict.FAIL),
        ([(OPEN, 25, "")], Verdict.UNVERIFIED),
    ],
)
def test_postfix_listeners(
    check: Load, target: Target, sockets: list[tuple[str, int, str]], verdict: Verdict
) -> None:
    """What is only on the loopback interface needs no declaration, and does not replace one."""
    run = check("test_listeners", "test_postfix_listeners_exact")

    assert run(held(*sockets), target).verdict is verdict


def test_submission_that_dovecot_serves(check: Load) -> None:
    """Dovecot may serve submission in the place of Postfix."""
    submission = Endpoint("submission", Protocol.SUBMISSION, 587, Security.STARTTLS)
    target = make_target((SMTP, IMAPS, submission))
    facts = held((OPEN, 25, "master"), (OPEN, 993, "dovecot"), (OPEN, 587, "dovecot"))

    for name in ("test_dovecot_listeners_exact", "test_postfix_listeners_exact"):
        assert check("test_listeners", name)(facts, target).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("sockets", "verdict"),
    [
        ([(OPEN, 25, "master")], Verdict.PASS),
        ([("127.0.0.1", 25, "exim4"), ("192.0.2.1", 25, "master")], Verdict.FAIL),
        ([(OPEN, 587, "master")], Verdict.FAIL),
        ([(OPEN, 25, "")], Verdict.UNVERIFIED),
    ],
)
def test_sole_mta(check: Load, sockets: list[tuple[str, int, str]], verdict: Verdict) -> None:
    """Nobody but Postfix may hold port 25."""
    run = check("test_listeners", "test_postfix_is_sole_mta")

    assert run(held(*sockets), make_target((SMTP,))).verdict is verdict


def test_a_host_that_takes_no_mail_needs_no_server(check: Load) -> None:
    """Null clients and submission hosts; another mailer is not welcome there either."""
    run = check("test_listeners", "test_postfix_is_sole_mta")
    target = make_target(roles=("postfix", "null-client"))

    assert run(held((OPEN, 22, "sshd")), target).verdict is Verdict.PASS
    assert run(held(("127.0.0.1", 25, "exim4")), target).verdict is Verdict.FAIL
    assert run(held((OPEN, 22, "sshd")), make_target((SMTP,))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("elements", "verdict"),
    [
        ((Interface("all"),), Verdict.PASS),
        ((Interface("127.0.0.1/32", (), "no network is allowed"),), Verdict.FAIL),
        ((), Verdict.FAIL),
    ],
)
def test_inet_interfaces(check: Load, elements: tuple[Interface, ...], verdict: Verdict) -> None:
    """One element with a problem fails, and so does an empty list."""
    facts = InterfaceFacts("value", elements, (), ())

    assert check("test_listeners", "test_inet_interfaces_valid")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("sockets", "verdict"),
    [
        ([("127.0.0.1", 25, "master")], Verdict.PASS),
        ([(OPEN, 25, "master")], Verdict.FAIL),
        ([(OPEN, 587, "master")], Verdict.FAIL),
        ([(OPEN, 25, "")], Verdict.UNVERIFIED),
    ],
)
def test_listening(check: Load, sockets: list[tuple[str, int, str]], verdict: Verdict) -> None:
    """Sockets have to be where the configuration says."""
    service = InetService("smtp", 25, ("127.0.0.1",))
    interfaces = InterfaceFacts("127.0.0.1", (Interface("127.0.0.1"),), (service,), ())

    run = check("test_listeners", "test_listens_on_inet_interfaces")

    assert run(interfaces, held(*sockets)).verdict is verdict


def zone(*services: str, target: str = "default") -> Zone:
    """The zone of the mail interface."""
    return Zone("public", False, target, (), (), services, (), (), ())


GOOD = zone("imaps", "smtp")


def firewall(runtime: Zone, permanent: Zone, *, running: bool = True) -> FirewallFacts:
    """firewalld with one zone."""
    services = (
        ("imaps", ("993/tcp",)),
        ("smtp", ("25/tcp",)),
        ("pop3", ("110/tcp",)),
        ("http", ("80/tcp",)),
    )
    return FirewallFacts(
        True, running, "public", (), ("public",), (runtime,), (permanent,), services, ()
    )


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (firewall(GOOD, GOOD), Verdict.PASS),
        (firewall(zone(target="ACCEPT"), zone(target="ACCEPT")), Verdict.PASS),
        (firewall(GOOD, zone("imaps")), Verdict.FAIL),
        (firewall(zone("smtp"), GOOD), Verdict.FAIL),
        (firewall(GOOD, GOOD, running=False), Verdict.FAIL),
    ],
)
def test_declared_services(
    check: Load, target: Target, facts: FirewallFacts, verdict: Verdict
) -> None:
    """Every declared service has to be admitted now and later."""
    run = check("test_firewall", "test_declared_services_admitted")

    assert run(facts, target).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (firewall(GOOD, zone("imaps", "smtp", "http")), Verdict.PASS),
        (firewall(zone("imaps", "smtp", "pop3"), GOOD), Verdict.FAIL),
        (firewall(GOOD, zone("imaps", "smtp", "pop3")), Verdict.FAIL),
        (firewall(zone(target="ACCEPT"), GOOD), Verdict.FAIL),
        (firewall(GOOD, GOOD, running=False), Verdict.FAIL),
    ],
)
def test_undeclared_services(
    check: Load, target: Target, facts: FirewallFacts, verdict: Verdict
) -> None:
    """No undeclared mail service may be admitted, now or later; others are no matter."""
    run = check("test_firewall", "test_undeclared_services_shut_out")

    assert run(facts, target).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (firewall(GOOD, GOOD), Verdict.PASS),
        (firewall(GOOD, zone("imaps", "smtp", "http")), Verdict.FAIL),
        (firewall(GOOD, GOOD, running=False), Verdict.FAIL),
    ],
)
def test_runtime_is_permanent(check: Load, facts: FirewallFacts, verdict: Verdict) -> None:
    """Any difference fails."""
    assert check("test_firewall", "test_runtime_is_permanent")(facts).verdict is verdict


def nftables(**changes: Any) -> NftablesFacts:  # noqa: ANN401
    """Rules that last, but for *changes*."""
    rules = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0;\n\t}\n}\n"
    good = NftablesFacts(True, "enabled", "/etc/nftables.conf", "", "", rules, rules, ())
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (nftables(), Verdict.PASS),
        (nftables(enabled="disabled"), Verdict.FAIL),
        (nftables(stored=""), Verdict.FAIL),
        (nftables(stored="", wrong="Error: syntax error"), Verdict.FAIL),
        (nftables(stored="", unread="unshare failed"), Verdict.UNVERIFIED),
        (nftables(stored="", unread="unshare failed", enabled="disabled"), Verdict.FAIL),
        (nftables(installed=False, rules="", stored=""), Verdict.FAIL),
    ],
)
def test_rules_of_nftables_last(check: Load, facts: NftablesFacts, verdict: Verdict) -> None:
    """What could not be loaded in another namespace leaves it open, unless something else fails."""
    assert check("test_firewall", "test_rules_of_nftables_last")(facts).verdict is verdict
