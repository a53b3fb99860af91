"""
The checks on relaying, each with facts that pass and facts that fail.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.mynetworks import parse_networks
from mailvet.facts.networks import NetworkFacts, NetworkList
from mailvet.facts.relay import (
    RelayAttempt,
    RelayFacts,
    Submission,
    SubmissionRelayFacts,
    TrustedRelayFacts,
)
from mailvet.facts.replies import Reply
from mailvet.facts.smtpd import SmtpdFacts, SmtpdService, restrictions
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause, Expectations, ExpectRelay, Judgement, Verdict
from tests.fakes.context import make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
UNKNOWN = Standpoint("direct", None, "192.0.2.1")
OK = Reply("250", "2.1.5 Ok", ("250 2.1.5 Ok",))
DENIED = Reply("454", "4.7.1 Relay access denied", ())
LOGIN_FIRST = Reply("554", "5.7.1 Client host rejected: Access denied", ())
GREYLISTED = Reply("450", "4.2.0 Greylisted", ())


def attempt(reply: Reply, control: Reply = OK) -> RelayAttempt:
    """
    An attempt that was answered so.
    """
    return RelayAttempt("plain:", "a@example.org", "b@example.net", False, control, reply)


def relay(plain: RelayAttempt, *forms: RelayAttempt) -> RelayFacts:
    """
    Facts with these attempts.
    """
    return RelayFacts(OUTSIDE, (plain,), forms, "", ())


def submission(
    stranger: Reply,
    login: Reply | None = OK,
    foreign: Reply = OK,
    place: Standpoint = OUTSIDE,
    local: Reply = OK,
) -> SubmissionRelayFacts:
    """
    A submission service that answers so.
    """
    taken = [Submission("a@example.com", "b@example.net", True, each) for each in (local, foreign)]
    own, outward = taken if login and login.positive else (None, None)
    strangers = (Submission("a@example.org", "b@example.net", True, stranger),)
    return SubmissionRelayFacts(place, strangers, login, own, outward, ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (relay(attempt(DENIED)), Verdict.PASS),
        (relay(attempt(OK)), Verdict.FAIL),
        (relay(attempt(DENIED, GREYLISTED)), Verdict.UNVERIFIED),
        (relay(attempt(GREYLISTED)), Verdict.UNVERIFIED),
    ],
)
def test_relay_denied(load_check: Load, facts: RelayFacts, verdict: Verdict) -> None:
    """
    Denied, relayed, and two ways to know nothing.
    """
    assert load_check("relay", "test_open_relay", "test_relay_denied")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("forms", "verdict"),
    [
        ((attempt(DENIED), attempt(Reply("553", "5.1.8 Sender refused", ()))), Verdict.PASS),
        ((attempt(DENIED), attempt(OK)), Verdict.FAIL),
        ((attempt(DENIED), attempt(GREYLISTED)), Verdict.UNVERIFIED),
        ((), Verdict.UNVERIFIED),
    ],
)
def test_sender_forms(load_check: Load, forms: tuple[RelayAttempt, ...], verdict: Verdict) -> None:
    """
    A form that is refused for itself opens nothing.
    """
    check = load_check("relay", "test_open_relay", "test_sender_forms_denied")
    assert check(relay(attempt(DENIED), *forms)).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict", "cause"),
    [
        (submission(LOGIN_FIRST), Verdict.PASS, None),
        (submission(OK), Verdict.FAIL, None),
        (submission(OK, place=UNKNOWN), Verdict.UNVERIFIED, Cause.VANTAGE),
        (submission(LOGIN_FIRST, login=None), Verdict.UNVERIFIED, Cause.CREDENTIALS),
        (submission(GREYLISTED), Verdict.UNVERIFIED, Cause.BLOCKED),
        (submission(LOGIN_FIRST, local=GREYLISTED), Verdict.UNVERIFIED, Cause.BLOCKED),
    ],
)
def test_submission_demands_login(
    load_check: Load, facts: SubmissionRelayFacts, verdict: Verdict, cause: Cause | None
) -> None:
    """
    A refusal counts only where the same service serves those who logged in.
    """
    found = load_check("relay", "test_open_relay", "test_submission_demands_login")(facts)
    assert (found.verdict, found.cause) == (verdict, cause)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (submission(LOGIN_FIRST), Verdict.PASS),
        (submission(LOGIN_FIRST, foreign=DENIED), Verdict.FAIL),
        (submission(LOGIN_FIRST, foreign=GREYLISTED), Verdict.UNVERIFIED),
        (submission(LOGIN_FIRST, login=Reply("535", "no", ())), Verdict.UNVERIFIED),
    ],
)
def test_authenticated_client_relays(
    load_check: Load, facts: SubmissionRelayFacts, verdict: Verdict
) -> None:
    """
    Those who logged in may send outside.
    """
    check = load_check("relay", "test_open_relay", "test_authenticated_client_relays")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [(OK, Verdict.PASS), (DENIED, Verdict.FAIL), (GREYLISTED, Verdict.UNVERIFIED)],
)
def test_trusted_client_relays(load_check: Load, reply: Reply, verdict: Verdict) -> None:
    """
    Inside, a denial is the failure.
    """
    facts = TrustedRelayFacts(OUTSIDE, (attempt(reply),), ())
    check = load_check("relay", "test_open_relay", "test_trusted_client_relays")
    assert check(facts).verdict is verdict
    nobody = TrustedRelayFacts(None, (), ())
    assert check(nobody).verdict is Verdict.NOT_APPLICABLE


def networks(value: str, *, explicit: bool = True, style: str = "") -> NetworkFacts:
    """
    Facts of a host with this mynetworks.
    """
    return NetworkFacts(
        (NetworkList(("main.cf",), value, parse_networks(value, {})),), explicit, (), style
    )


@pytest.mark.parametrize(
    ("value", "trusted", "verdict"),
    [
        ("127.0.0.0/8", ("127.0.0.0/8",), Verdict.PASS),
        ("127.0.0.0/8 10.0.0.0/8", ("127.0.0.0/8",), Verdict.FAIL),
        ("127.0.0.0/8 ldap:/x", ("127.0.0.0/8",), Verdict.UNVERIFIED),
        ("127.0.0.0/8", (), Verdict.UNVERIFIED),
        ("0.0.0.0/0", (), Verdict.FAIL),
    ],
)
def test_mynetworks_narrow(
    load_check: Load, value: str, trusted: tuple[str, ...], verdict: Verdict
) -> None:
    """
    Without a declaration only the absurd can be called too wide.
    """
    expect = Expectations(relay=ExpectRelay(trusted_networks=trusted))
    check = load_check("relay", "test_trust", "test_mynetworks_narrow")
    assert check(networks(value), make_target(expect=expect)).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [("192.0.2.0/24", Verdict.PASS), ("192.0.2.1/24", Verdict.FAIL)]
)
def test_mynetworks_syntax(load_check: Load, value: str, verdict: Verdict) -> None:
    """
    Host bits are found.
    """
    check = load_check("relay", "test_trust", "test_mynetworks_syntax")
    assert check(networks(value)).verdict is verdict


@pytest.mark.parametrize(
    ("explicit", "style", "verdict"),
    [
        (True, "", Verdict.PASS),
        (True, "subnet", Verdict.PASS),
        (False, "host", Verdict.PASS),
        (False, "subnet", Verdict.FAIL),
        (False, "", Verdict.FAIL),
    ],
)
def test_mynetworks_explicit(
    load_check: Load, explicit: bool, style: str, verdict: Verdict
) -> None:
    """
    A guessed value fails although it may be right today; the host's own addresses are no guess.
    """
    check = load_check("relay", "test_trust", "test_mynetworks_explicit")
    facts = networks("127.0.0.0/8", explicit=explicit, style=style)
    assert check(facts).verdict is verdict


def smtpd(relay_list: str, destinations: tuple[tuple[str, str], ...] = ()) -> SmtpdFacts:
    """
    One service with this list.
    """
    lists = (("smtpd_relay_restrictions", restrictions(relay_list, {})),)
    service = SmtpdService("smtp/inet", lists, True, True, "may", False)
    return SmtpdFacts((service,), (), destinations, ())


USUAL = "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (smtpd(USUAL), Verdict.PASS),
        (smtpd("permit_mynetworks"), Verdict.FAIL),
        (smtpd(USUAL, (("relay_domains", "static:all"),)), Verdict.FAIL),
        (smtpd("check_policy_service unix:x reject_unauth_destination"), Verdict.UNVERIFIED),
        (SmtpdFacts((), (), (), ()), Verdict.FAIL),
    ],
)
def test_relay_control_configured(load_check: Load, facts: SmtpdFacts, verdict: Verdict) -> None:
    """
    What cannot be read is not called closed.
    """
    check = load_check("relay", "test_trust", "test_relay_control_configured")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (smtpd(USUAL), Verdict.PASS),
        (smtpd("permit_mynetworks reject_unauth_destination"), Verdict.FAIL),
        (SmtpdFacts((), (), (), ()), Verdict.FAIL),
    ],
)
def test_login_permits_relaying(load_check: Load, facts: SmtpdFacts, verdict: Verdict) -> None:
    """
    The order of the list matters.
    """
    check = load_check("relay", "test_trust", "test_login_permits_relaying")
    assert check(facts).verdict is verdict
