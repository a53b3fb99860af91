"""
The checks of area outage, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.backend_outage import BackendOutageFacts, Delivery, WaitingMail
from mailvet.facts.cut import MOST_SECONDS, Cut
from mailvet.facts.login import Login
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.model import Judgement, Protocol, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE
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


UNNOTICED = Cut(("198.51.100.12 port 3306",), 0)
LATER = "NO [UNAVAILABLE] Temporary authentication failure."
WRONG = "NO [AUTHENTICATIONFAILED] Authentication failed."
BUSY = "451 4.3.0 Temporary internal error"
GONE = "550 5.1.1 User doesn't exist"
FINE = "250 2.1.5 OK"
DEFERRED = "host mail1.example.com[private/dovecot-lmtp] said: 451 4.3.0 Temporary internal error"
SILENT = "no answer within 4 s"


def outage(**changes: Any) -> BackendOutageFacts:  # noqa: ANN401
    """A good server without its backend for two seconds, but for *changes*."""
    good = BackendOutageFacts(
        cut=Cut(("198.51.100.12 port 3306",), 3),
        seconds=2.1,
        login=login(LATER),
        wrong=login(LATER),
        known=rcpt(ALICE, BUSY),
        unknown=rcpt(NOBODY, BUSY),
        recovery=1.2,
        later=login("OK Logged in"),
        later_known=rcpt(ALICE, FINE),
        waiting=WaitingMail("", DEFERRED, 0.7),
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
        (outage(wrong=login(WRONG)), PASS),
        (outage(wrong=login("OK Logged in")), FAIL),
        (outage(wrong=login("")), OPEN),
        (outage(login=login(""), wrong=login("OK Logged in")), FAIL),
        (outage(cut=UNNOTICED), OPEN),
        (outage(login=login(WRONG), cut=UNNOTICED), OPEN),
        (outage(seconds=MOST_SECONDS + 1.0), OPEN),
    ],
)
def test_logins(check: Load, facts: BackendOutageFacts, verdict: Verdict) -> None:
    """A right password is not called wrong; where nobody asked, nothing is known."""
    assert check("test_passwords")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("known", "unknown", "verdict"),
    [
        (rcpt(ALICE, BUSY), rcpt(NOBODY, BUSY), PASS),
        (rcpt(ALICE, FINE), rcpt(NOBODY, GONE), PASS),
        (rcpt(ALICE, silence=SILENT), rcpt(NOBODY, silence=SILENT), PASS),
        (rcpt(ALICE, GONE), rcpt(NOBODY, BUSY), FAIL),
        (rcpt(ALICE, BUSY), rcpt(NOBODY, FINE), FAIL),
        (rcpt(ALICE, FINE), rcpt(NOBODY, FINE), FAIL),
        (rcpt(ALICE), rcpt(NOBODY, BUSY), OPEN),
        (rcpt(ALICE, BUSY), rcpt(NOBODY), OPEN),
        (None, None, NA),
    ],
)
def test_mail(
    check: Load, known: Delivery | None, unknown: Delivery | None, verdict: Verdict
) -> None:
    """It waits, and nobody gets none."""
    assert check("test_mail")(outage(known=known, unknown=unknown)).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (outage(), PASS),
        (outage(waiting=WaitingMail("", "", 0.2)), PASS),
        (outage(waiting=WaitingMail("", "", None)), FAIL),
        (outage(waiting=WaitingMail("", DEFERRED, None)), FAIL),
        (outage(waiting=WaitingMail("fatal: queue file write error", "", None)), FAIL),
        (outage(waiting=WaitingMail("", DEFERRED, None), recovery=None), OPEN),
        (outage(cut=UNNOTICED), OPEN),
        (outage(waiting=None), NA),
    ],
)
def test_waiting_mail(check: Load, facts: BackendOutageFacts, verdict: Verdict) -> None:
    """What was handed in meanwhile must arrive; without a recovery nobody can look."""
    assert check("test_waiting_mail")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"known": None, "unknown": None, "later_known": None}, PASS),
        ({"recovery": None, "later": login(LATER)}, FAIL),
        ({"later_known": rcpt(ALICE, BUSY)}, FAIL),
        ({"later_known": rcpt(ALICE, silence=SILENT)}, FAIL),
        ({"cut": UNNOTICED}, OPEN),
    ],
)
def test_recovery(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Logins and delivery work again."""
    judged = check("test_recovery")(outage(**changes), make_target())
    assert judged.verdict is verdict
