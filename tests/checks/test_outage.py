"""
The checks of area outage, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.backend_outage import BackendOutageFacts, Delivery
from mailvet.facts.login import Login
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.model import Judgement, Protocol, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED
ALICE, NOBODY = "alice@example.com", "nobody@example.com"


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "outage", "test_backend")


def login(text: str) -> Login:
    """An answer of IMAP; an empty one means that none came."""
    status, _, rest = text.partition(" ")
    said = Reply(status, rest, (text,)) if text else None
    return Login(Protocol.IMAP, "alice", "PLAIN", said, "the server closed the connection", 0.1)


def rcpt(address: str, text: str = "", silence: str = "") -> Delivery:
    """An answer of LMTP, or none."""
    reply = Reply(text[:3], text[4:], (text,)) if text else None
    return Delivery(RecipientReply(address, address, reply), silence)


LATER = "NO [UNAVAILABLE] Temporary authentication failure."
WRONG = "NO [AUTHENTICATIONFAILED] Authentication failed."
BUSY = "451 4.3.0 Temporary internal error"
GONE = "550 5.1.1 User doesn't exist"
FINE = "250 2.1.5 OK"


def outage(**changes: Any) -> BackendOutageFacts:  # noqa: ANN401
    """A good server without its backend for two seconds, but for *changes*."""
    good = BackendOutageFacts(
        servers=("198.51.100.12 port 3306",),
        refused=3,
        seconds=2.1,
        login=login(LATER),
        known=rcpt(ALICE, BUSY),
        unknown=rcpt(NOBODY, BUSY),
        recovery=1.2,
        later=login("OK Logged in"),
        later_known=rcpt(ALICE, FINE),
        transcript=(),
        commands=(),
    )
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (outage(), PASS),
        (outage(login=login("OK Logged in")), PASS),
        (outage(login=login(WRONG)), FAIL),
        (outage(login=login("")), OPEN),
        (outage(refused=0), OPEN),
        (outage(login=login(WRONG), refused=0), OPEN),
        (outage(seconds=25.0), OPEN),
    ],
)
def test_logins(check: Load, facts: BackendOutageFacts, verdict: Verdict) -> None:
    """A right password is not called wrong; where nobody asked, nothing is known."""
    assert check("test_logins_fail_for_a_while_only")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (rcpt(ALICE, BUSY), PASS),
        (rcpt(ALICE, FINE), PASS),
        (rcpt(ALICE, GONE), FAIL),
        (rcpt(ALICE, silence="no answer within 4 s"), PASS),
        (rcpt(ALICE), OPEN),
        (None, OPEN),
    ],
)
def test_known_users(check: Load, known: Delivery | None, verdict: Verdict) -> None:
    """Mail waits."""
    judged = check("test_known_users_get_their_mail_later")(outage(known=known))
    assert judged.verdict is verdict


@pytest.mark.parametrize(
    ("unknown", "verdict"),
    [
        (rcpt(NOBODY, BUSY), PASS),
        (rcpt(NOBODY, GONE), PASS),
        (rcpt(NOBODY, FINE), FAIL),
        (rcpt(NOBODY, silence="no answer within 4 s"), PASS),
        (rcpt(NOBODY), OPEN),
        (None, OPEN),
    ],
)
def test_unknown_users(check: Load, unknown: Delivery | None, verdict: Verdict) -> None:
    """No mail for nobody."""
    judged = check("test_unknown_users_get_no_mail")(outage(unknown=unknown))
    assert judged.verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"known": None, "unknown": None, "later_known": None}, PASS),
        ({"recovery": None, "later": login(LATER)}, FAIL),
        ({"later_known": rcpt(ALICE, BUSY)}, FAIL),
        ({"later_known": rcpt(ALICE, silence="no answer within 4 s")}, FAIL),
        ({"refused": 0}, OPEN),
    ],
)
def test_recovery(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Logins and delivery work again."""
    judged = check("test_dovecot_recovers")(outage(**changes), make_target())
    assert judged.verdict is verdict
