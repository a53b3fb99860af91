"""
The checks on logins and mail flow, each with facts that pass and facts that fail.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.certificate import Certificate, CertificateFacts
from mailvet.facts.delivery import DeliveriesFacts, DeliveryFacts, Sent
from mailvet.facts.disclosure import DisclosureFacts, Question
from mailvet.facts.login import FailingLoginsFacts, Login, LoginFacts, RefusedLoginFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.sender_rights import SenderRightsFacts
from mailvet.facts.standpoint import Standpoint
from mailvet.facts.stored_message import Reading, StoredMessageFacts
from mailvet.model import (
    Cause,
    Expectations,
    ExpectLogin,
    ExpectMail,
    Judgement,
    Protocol,
    Verdict,
)
from tests.fakes.context import HOST_NAME, make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
UNVERIFIED, NOT_APPLICABLE = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

OK = Reply("OK", "Logged in", ())
ACCEPTED = Reply("235", "2.7.0 Authentication successful", ())
REFUSED = Reply("NO", "[AUTHENTICATIONFAILED] Authentication failed.", ())
LATER = Reply("NO", "[UNAVAILABLE] Temporary authentication failure.", ())
DENIED = Reply("554", "5.7.1 Relay access denied", ())
TAKEN = Reply("250", "2.1.5 Ok", ())


def login(reply: Reply | None, user: str = "alice", protocol: Protocol = Protocol.IMAP) -> Login:
    """
    A login that was answered so.
    """
    return Login(protocol, user, "PLAIN", reply, "" if reply else "the server hung up", 0.1)


def logged_in(plain: Reply, mailbox: Reply | None = OK, other: Reply | None = None) -> LoginFacts:
    """
    A login with PLAIN, the mailbox behind it, and a login with LOGIN.
    """
    second = login(other, protocol=Protocol.SUBMISSION) if other else None
    return LoginFacts(
        ("PLAIN",), login(plain), second, "SELECT INBOX", mailbox, Capabilities(()), ()
    )


def certificate(name: str = HOST_NAME, *, trusted: bool | None = True) -> CertificateFacts:
    """
    A certificate for *name*.
    """
    leaf = Certificate("00", dns_names=(name,), not_after=1e10)
    return CertificateFacts((leaf,), "roots", trusted, "" if trusted else "unknown root", 1.0, ())


@pytest.mark.parametrize(
    ("facts", "shown", "verdict"),
    [
        (logged_in(OK), certificate(), PASS),
        (logged_in(OK), certificate("other.example.com"), FAIL),
        (logged_in(OK), certificate(trusted=False), FAIL),
        (logged_in(OK), certificate(trusted=None), UNVERIFIED),
        (logged_in(REFUSED), certificate(), FAIL),
        (logged_in(OK, Reply("NO", "[SERVERBUG]", ())), certificate(), FAIL),
        (logged_in(OK, None), certificate(), FAIL),
    ],
)
def test_login_01(
    load_check: Load, facts: LoginFacts, shown: CertificateFacts, verdict: Verdict
) -> None:
    """
    Password, mailbox and certificate all have to be right.
    """
    check = load_check("mailflow", "test_login", "test_login_opens_the_mailbox")
    assert check(facts, shown, make_target()).verdict is verdict


@pytest.mark.parametrize(("reply", "verdict"), [(OK, PASS), (REFUSED, FAIL), (LATER, FAIL)])
def test_login_02(load_check: Load, reply: Reply, verdict: Verdict) -> None:
    """
    Users who cannot log in are the failure, whatever the server calls it.
    """
    check = load_check("mailflow", "test_login", "test_auth_plain")
    assert check(logged_in(reply)).verdict is verdict


@pytest.mark.parametrize(
    ("other", "wanted", "verdict"),
    [
        (ACCEPTED, ("PLAIN", "LOGIN"), PASS),
        (Reply("535", "5.7.8 failed", ()), ("PLAIN", "LOGIN"), FAIL),
        (None, ("PLAIN", "LOGIN"), FAIL),
        (None, ("PLAIN",), NOT_APPLICABLE),
    ],
)
def test_login_03(
    load_check: Load, other: Reply | None, wanted: tuple[str, ...], verdict: Verdict
) -> None:
    """
    The profile says whether LOGIN is wanted; where it is offered, it has to work.
    """
    check = load_check("mailflow", "test_login", "test_auth_login")
    target = make_target(expect=Expectations(login=ExpectLogin(mechanisms=wanted)))
    assert check(logged_in(OK, other=other), target).verdict is verdict


def refused(
    wrong: Reply | None = REFUSED,
    unknown: Reply | None = REFUSED,
    control: Reply = OK,
    *,
    empty: Reply | None = None,
) -> RefusedLoginFacts:
    """
    Logins that were answered so.
    """
    last = login(empty) if empty else None
    return RefusedLoginFacts(login(wrong), login(unknown, "nobody"), last, login(control), None, ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (refused(), PASS),
        (refused(wrong=OK), FAIL),
        (refused(wrong=LATER), UNVERIFIED),
        (refused(wrong=None), UNVERIFIED),
        (refused(wrong=Reply("BYE", "Too many connections", ())), UNVERIFIED),
        (refused(control=REFUSED), UNVERIFIED),
    ],
)
def test_login_04(load_check: Load, facts: RefusedLoginFacts, verdict: Verdict) -> None:
    """
    A refusal counts where the right password works, and trouble is no refusal.
    """
    check = load_check("mailflow", "test_refused_login", "test_wrong_password")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("relay", "verdict", "cause"),
    [
        (DENIED, PASS, None),
        (TAKEN, FAIL, None),
        (Reply("451", "4.3.0 Temporary lookup failure", ()), UNVERIFIED, Cause.BLOCKED),
        (None, UNVERIFIED, Cause.VANTAGE),
    ],
)
def test_login_04_on_submission(
    load_check: Load, relay: Reply | None, verdict: Verdict, cause: Cause | None
) -> None:
    """
    A wrong password must not open the way to relay either, seen from outside.
    """
    wrong = login(Reply("535", "5.7.8 failed", ()), protocol=Protocol.SUBMISSION)
    right = login(ACCEPTED, protocol=Protocol.SUBMISSION)
    facts = RefusedLoginFacts(wrong, wrong, None, right, relay, ())
    judgement = load_check("mailflow", "test_refused_login", "test_wrong_password")(facts)
    assert (judgement.verdict, judgement.cause) == (verdict, cause)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (refused(), PASS),
        (refused(unknown=Reply("NO", "[AUTHENTICATIONFAILED] No such user nobody.", ())), FAIL),
        (refused(unknown=OK), FAIL),
        (refused(unknown=None), UNVERIFIED),
        (refused(control=LATER), UNVERIFIED),
    ],
)
def test_login_05(load_check: Load, facts: RefusedLoginFacts, verdict: Verdict) -> None:
    """
    Same code and same text, the name of the account aside.
    """
    check = load_check("mailflow", "test_refused_login", "test_unknown_account")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((("imaps", refused(empty=REFUSED)),), PASS),
        ((("imaps", refused(empty=OK)),), FAIL),
        ((("imaps", refused(empty=LATER)),), UNVERIFIED),
        ((("imaps", refused()),), UNVERIFIED),
        ((), UNVERIFIED),
    ],
)
def test_login_06(
    load_check: Load, results: tuple[tuple[str, RefusedLoginFacts], ...], verdict: Verdict
) -> None:
    """
    It is judged where it was tried.
    """
    check = load_check("mailflow", "test_refused_login", "test_empty_password")
    assert check(FailingLoginsFacts(results, (), 4.0)).verdict is verdict


def delivery(
    step: str = "DATA",
    reply: Reply = TAKEN,
    *,
    arrived: bool = True,
    protocol: str = "ESMTPSA",
    left: tuple[str, ...] = (),
) -> DeliveryFacts:
    """
    A message and its fate.
    """
    sent = Sent(step, reply, ())
    return DeliveryFacts(
        endpoint="submission", message_id="<a@b>", sender="", recipient="bob@example.com",
        standpoint="direct", accepted=sent.accepted, step=step, reply=reply,
        personal=sent.personal, queue_id="", arrived=arrived, mailbox="INBOX", copies=1,
        seconds=0.2, received=("by a with LMTP id 1", f"from b by a with {protocol} id 2"),
        left=left, transcript=(),
    )  # fmt: skip


NOT_OWNED = Reply("553", "5.7.1 <b@x>: Sender address rejected: not owned by user alice", ())

CASES = [
    (delivery("RCPT", NOT_OWNED, arrived=False), FAIL, UNVERIFIED),
    (delivery(), PASS, FAIL),
    (delivery(protocol="ESMTPS"), FAIL, PASS),
    (delivery(arrived=False), FAIL, FAIL),
    (delivery("RCPT", Reply("550", "5.1.1 User unknown", ()), arrived=False), FAIL, FAIL),
    (delivery("RCPT", Reply("451", "4.3.0 Lookup failure", ()), arrived=False), FAIL, FAIL),
    (delivery("RCPT", Reply("554", "5.7.1 Relay access denied", ()), arrived=False), FAIL, FAIL),
    (
        delivery("RCPT", Reply("450", "4.2.0 Greylisted", ()), arrived=False),
        UNVERIFIED,
        UNVERIFIED,
    ),
]


@pytest.mark.parametrize(("facts", "submitted", "strange"), CASES)
def test_flow_01_and_02(
    load_check: Load, facts: DeliveryFacts, submitted: Verdict, strange: Verdict
) -> None:
    """
    Arrived, with the trace that belongs to the service; greylisting says nothing about the host.
    """
    flow_01 = load_check("mailflow", "test_flow", "test_submitted_message_arrives")
    flow_02 = load_check("mailflow", "test_flow", "test_strangers_message_arrives")
    assert flow_01(facts, make_target()).verdict is submitted
    assert flow_02(facts, make_target()).verdict is strange


@pytest.mark.parametrize(
    ("append", "readings", "verdict"),
    [
        (OK, (Reading("IMAP", True, True), Reading("pop3", True, True)), PASS),
        (OK, (Reading("IMAP", True, True), Reading("pop3", False, False)), FAIL),
        (OK, (Reading("IMAP", True, True), Reading("pop3", False, False, "silent")), UNVERIFIED),
        (Reply("NO", "[OVERQUOTA]", ()), (), FAIL),
    ],
)
def test_flow_03(
    load_check: Load, append: Reply, readings: tuple[Reading, ...], verdict: Verdict
) -> None:
    """
    Missing or changed fails; a service that could not be asked leaves it open.
    """
    check = load_check("mailflow", "test_flow", "test_stored_message_reads_alike")
    assert check(StoredMessageFacts(append, readings, ())).verdict is verdict


@pytest.mark.parametrize(
    ("own", "other", "verdict"),
    [
        (TAKEN, NOT_OWNED, PASS),
        (TAKEN, TAKEN, FAIL),
        (NOT_OWNED, NOT_OWNED, FAIL),
        (TAKEN, Reply("451", "4.3.0 Temporary lookup failure", ()), UNVERIFIED),
        (Reply("450", "4.1.2 Domain not found", ()), NOT_OWNED, UNVERIFIED),
    ],
)
def test_flow_04(load_check: Load, own: Reply, other: Reply, verdict: Verdict) -> None:
    """
    Another's address refused proves something only where the own one is accepted.
    """
    check = load_check("mailflow", "test_flow", "test_senders_are_restricted")
    facts = SenderRightsFacts("alice", "a@x", own, "b@x", other, ())
    target = make_target(expect=Expectations(mail=ExpectMail(sender_restricted=True)))
    assert check(facts, target).verdict is verdict
    assert check(facts, make_target()).verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (delivery(), PASS),
        (delivery(left=("INBOX",)), FAIL),
        (delivery(arrived=False), UNVERIFIED),
    ],
)
def test_flow_06(load_check: Load, facts: DeliveryFacts, verdict: Verdict) -> None:
    """
    What never arrived could not be deleted.
    """
    check = load_check("mailflow", "test_flow", "test_deleted_messages_are_gone")
    assert check(DeliveriesFacts((facts,), ())).verdict is verdict


NOT_VERIFIED = Reply("252", "2.0.0 alice@example.com", ())
OF_NOBODY = Reply("252", "2.0.0 nobody@example.com", ())
SWITCHED_OFF = Reply("502", "5.5.1 VRFY command is disabled", ())
NO_SUCH_USER = Reply("550", "5.1.1 <nobody@example.com>: User unknown", ())
PUT_OFF = Reply("450", "4.7.1 Greylisted", ())


@pytest.mark.parametrize(
    ("known", "unknown", "awake", "verdict"),
    [
        (NOT_VERIFIED, OF_NOBODY, TAKEN, PASS),
        (SWITCHED_OFF, SWITCHED_OFF, TAKEN, PASS),
        (NOT_VERIFIED, NO_SUCH_USER, TAKEN, FAIL),
        (NOT_VERIFIED, SWITCHED_OFF, TAKEN, FAIL),
        (PUT_OFF, PUT_OFF, TAKEN, UNVERIFIED),
        (NOT_VERIFIED, PUT_OFF, TAKEN, UNVERIFIED),
        (SWITCHED_OFF, SWITCHED_OFF, SWITCHED_OFF, UNVERIFIED),
        (TAKEN, TAKEN, TAKEN, UNVERIFIED),
    ],
)
def test_login_07(
    load_check: Load, known: Reply, unknown: Reply, awake: Reply, verdict: Verdict
) -> None:
    """
    Only final replies count, and only of a server that also does as it is told.
    """
    question = Question("VRFY", "alice@example.com", known, "nobody@example.com", unknown)
    facts = DisclosureFacts(Standpoint("direct", None, "192.0.2.1"), (question,), awake, ())

    check = load_check("mailflow", "test_disclosure", "test_verification_tells_nothing")
    assert check(facts).verdict is verdict
