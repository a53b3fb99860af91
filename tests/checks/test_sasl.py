"""
The checks on SASL, on facts made by hand.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailvet.facts.anonymous import AnonymousFacts, AnonymousLogin
from mailvet.facts.auth_exposure import AuthExposureFacts, AuthPlace
from mailvet.facts.files import DirectoryStat, FileStat
from mailvet.facts.reach import PortState
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.sasl_service import SaslFacts, SaslService, SaslSocket
from mailvet.facts.session import SessionFacts
from mailvet.facts.socket_talk import SocketTalk, parse_talk
from mailvet.facts.standpoint import Standpoint
from mailvet.model import (
    Cause,
    Endpoint,
    Expectations,
    ExpectLogin,
    Judgement,
    Protocol,
    Security,
    Target,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

PATH = "/var/spool/postfix/private/auth"
SERVICE = SaslService(
    "submission/inet",
    "dovecot",
    "private/auth",
    PATH,
    ("noanonymous", "noplaintext"),
    ("noanonymous",),
    True,
    True,
    True,
)
HEARD = parse_talk("postfix", PATH, "* opened\n< VERSION 1 2\n< MECH PLAIN plaintext\n< DONE\n")
SHUT = SocketTalk("postfix", PATH, False, "permission denied", True, ())
UNTOLD = SocketTalk("postfix", PATH, False, "no interpreter", False, ())
KEPT_OUT = SocketTalk("nobody", PATH, False, "permission denied", True, ())
LET_IN = SocketTalk("nobody", PATH, True, "", False, ())
VANISHED = SocketTalk("nobody", PATH, False, "connection refused", False, ())

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
SUBMISSION = Endpoint("submission", Protocol.SUBMISSION, 587, Security.STARTTLS)
SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)


def place(
    mta: SocketTalk = HEARD, stranger: SocketTalk = KEPT_OUT, mode: int = 0o660, path: str = PATH
) -> SaslSocket:
    """
    A socket, or a TCP port.
    """
    if path.startswith("inet:"):
        return SaslSocket(path, False, None, mta, ())
    parents = (DirectoryStat("/var/spool/postfix/private", 0o700, "postfix", "root"),)
    stat = FileStat(path, path, "socket", mode, "postfix", "postfix", parents)
    return SaslSocket(path, True, stat, mta, (stranger,))


def sasl(
    socket: SaslSocket | None = None, *services: SaslService, dovecot: str = "2.3.16"
) -> SaslFacts:
    """
    A host as the guide wants it, but for the arguments.
    """
    sockets = (socket or place(),)
    return SaslFacts(services or (SERVICE,), ("cyrus", "dovecot"), dovecot, "postfix", sockets, ())


NONE = replace(sasl(), services=(), sockets=())
CYRUS = replace(SERVICE, kind="cyrus", path="smtpd")
TCP = replace(SERVICE, path="inet:192.0.2.10:12346", seen="inet:192.0.2.10:12346")
BLANKS = replace(SERVICE, path="inet: 192.0.2.10 : 12346", seen="inet: 192.0.2.10 : 12346")


def target(**login: object) -> Target:
    """
    A target whose profile says this about logins.
    """
    return make_target(expect=Expectations(login=ExpectLogin(**login)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (sasl(), Verdict.PASS),
        (sasl(place(path=TCP.path), TCP, dovecot=""), Verdict.PASS),
        (sasl(place(SHUT, path=TCP.path), TCP, dovecot=""), Verdict.FAIL),
        (sasl(dovecot=""), Verdict.FAIL),
        (sasl(None, SERVICE, CYRUS), Verdict.FAIL),
        (replace(sasl(), supported=("cyrus",)), Verdict.FAIL),
        (NONE, Verdict.NOT_APPLICABLE),
    ],
)
def test_dovecot_is_asked(load_check: Load, facts: SaslFacts, verdict: Verdict) -> None:
    """
    By every service, by a Postfix that can, and there is one.
    """
    check = load_check("sasl", "test_service", "test_dovecot_is_asked")
    assert check(facts, target()).verdict is verdict
    assert check(facts, target(sasl="cyrus")).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (sasl(), Verdict.PASS),
        (sasl(place(path=TCP.path), TCP), Verdict.PASS),
        (sasl(place(SHUT)), Verdict.FAIL),
        (sasl(place(LET_IN)), Verdict.FAIL),
        (sasl(place(), SERVICE, BLANKS), Verdict.FAIL),
        (sasl(place(UNTOLD)), Verdict.UNVERIFIED),
        (sasl(place(), SERVICE, TCP), Verdict.UNVERIFIED),
        (sasl(None, CYRUS), Verdict.NOT_APPLICABLE),
    ],
)
def test_path(load_check: Load, facts: SaslFacts, verdict: Verdict) -> None:
    """
    What counts is that Dovecot answers Postfix's account.
    """
    check = load_check("sasl", "test_service", "test_path_leads_to_dovecot")
    assert check(facts, target()).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (sasl(), Verdict.PASS),
        (sasl(place(mode=0o600)), Verdict.PASS),
        (sasl(place(mode=0o666)), Verdict.FAIL),
        (sasl(replace(place(SHUT), stat=None)), Verdict.FAIL),
        (sasl(place(path=TCP.path), TCP), Verdict.NOT_APPLICABLE),
    ],
)
def test_socket_mode(load_check: Load, facts: SaslFacts, verdict: Verdict) -> None:
    """
    A mode that is too wide is a deviation even where a directory keeps others out, and it says so.
    """
    found = load_check("sasl", "test_service", "test_socket_mode")(facts, target())
    assert found.verdict is verdict
    assert verdict is not Verdict.FAIL or "666" not in found.observed or "private" in found.observed


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (sasl(), Verdict.PASS),
        (sasl(place(mode=0o666)), Verdict.PASS),
        (sasl(place(stranger=LET_IN)), Verdict.FAIL),
        (sasl(place(SHUT, LET_IN)), Verdict.FAIL),
        (sasl(place(SHUT)), Verdict.UNVERIFIED),
        (sasl(place(stranger=VANISHED)), Verdict.UNVERIFIED),
        (sasl(place(path=TCP.path), TCP), Verdict.NOT_APPLICABLE),
    ],
)
def test_strangers(load_check: Load, facts: SaslFacts, verdict: Verdict) -> None:
    """
    What counts is who gets in; a socket that refuses Postfix as well has refused nobody.
    """
    check = load_check("sasl", "test_service", "test_socket_closed_to_strangers")
    assert check(facts, target()).verdict is verdict


CLOSED = PortState(12346, False, "connection refused")
OPEN = PortState(12346, True, "says VERSION")
LISTENS = ("* port 12346",)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (AuthExposureFacts((), (), (), ()), Verdict.NOT_APPLICABLE),
        (AuthExposureFacts(("127.0.0.1 port 12346",), (), (), ()), Verdict.PASS),
        (
            AuthExposureFacts(LISTENS, (12346,), (AuthPlace("x", True, (CLOSED,)),), ()),
            Verdict.PASS,
        ),
        (AuthExposureFacts(LISTENS, (12346,), (AuthPlace("x", True, (OPEN,)),), ()), Verdict.FAIL),
        (
            AuthExposureFacts(LISTENS, (12346,), (AuthPlace("x", False, (CLOSED,)),), ()),
            Verdict.UNVERIFIED,
        ),
        (AuthExposureFacts(LISTENS, (12346,), (), ()), Verdict.UNVERIFIED),
    ],
)
def test_tcp_listener(load_check: Load, facts: AuthExposureFacts, verdict: Verdict) -> None:
    """
    Silence counts only where other ports answer.
    """
    assert load_check("sasl", "test_service", "test_tcp_listener_closed")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("service", "before", "inside"),
    [
        (SERVICE, Verdict.PASS, Verdict.PASS),
        (replace(SERVICE, plain=()), Verdict.FAIL, Verdict.PASS),
        (
            replace(SERVICE, plain=("noanonymous",), auth_needs_tls=False),
            Verdict.FAIL,
            Verdict.PASS,
        ),
        (replace(SERVICE, tls=()), Verdict.PASS, Verdict.FAIL),
        (replace(SERVICE, tls=("noanonymous", "noplaintext")), Verdict.PASS, Verdict.FAIL),
        (replace(SERVICE, clear_text=False, plain=()), Verdict.NOT_APPLICABLE, Verdict.PASS),
        (replace(SERVICE, has_tls=False), Verdict.PASS, Verdict.NOT_APPLICABLE),
    ],
)
def test_options(load_check: Load, service: SaslService, before: Verdict, inside: Verdict) -> None:
    """
    One service that differs is enough.
    """
    facts = sasl(None, service)
    assert load_check("sasl", "test_mechanisms", "test_options_before_tls")(facts).verdict is before
    assert load_check("sasl", "test_mechanisms", "test_options_inside_tls")(facts).verdict is inside


def login(
    status: str,
    offered: tuple[str, ...] = ("PLAIN",),
    *,
    before: bool = True,
    after: bool | None = True,
) -> AnonymousLogin:
    """
    AUTH ANONYMOUS that is answered so.
    """
    reply = Reply(status, "words", ()) if status else None
    return AnonymousLogin(True, offered, reply, before, after, "" if status else "hung up")


@pytest.mark.parametrize(
    ("logins", "endpoint", "verdict"),
    [
        ((login("535"), login("503", ())), SUBMISSION, Verdict.PASS),
        ((login("503", ()),), SMTP, Verdict.PASS),
        ((login("503", ()),), SUBMISSION, Verdict.UNVERIFIED),
        ((login("504", after=None),), SUBMISSION, Verdict.PASS),
        ((login("235"),), SUBMISSION, Verdict.FAIL),
        ((login("334", ()),), SMTP, Verdict.FAIL),
        ((login("535", ("PLAIN", "ANONYMOUS")),), SUBMISSION, Verdict.FAIL),
        ((login("535"), login("421")), SUBMISSION, Verdict.UNVERIFIED),
        ((login("454"),), SUBMISSION, Verdict.UNVERIFIED),
        ((login("535", before=False),), SUBMISSION, Verdict.UNVERIFIED),
        ((login("535", after=False),), SUBMISSION, Verdict.UNVERIFIED),
        ((login(""),), SUBMISSION, Verdict.UNVERIFIED),
        ((), SUBMISSION, Verdict.UNVERIFIED),
    ],
)
def test_anonymous(
    load_check: Load, logins: tuple[AnonymousLogin, ...], endpoint: Endpoint, verdict: Verdict
) -> None:
    """
    A refusal counts beside commands that succeed, and where there is another way to log in.
    """
    facts = AnonymousFacts(OUTSIDE, logins, ())
    found = load_check("sasl", "test_mechanisms", "test_anonymous_refused")(facts, endpoint)
    assert found.verdict is verdict


def session(*items: tuple[str, tuple[str, ...]], secured: bool = True) -> SessionFacts:
    """
    A session in which this is announced inside TLS.
    """
    after = Capabilities(items) if secured else None
    return SessionFacts(None, None, None, "", None, after, "", ())


@pytest.mark.parametrize(
    ("facts", "verdict", "cause"),
    [
        (session(("AUTH", ("PLAIN",)), ("AUTH=PLAIN", ())), Verdict.PASS, None),
        (session(("AUTH", ("PLAIN",))), Verdict.FAIL, None),
        (session(), Verdict.FAIL, None),
        (session(secured=False), Verdict.UNVERIFIED, Cause.BLOCKED),
    ],
)
def test_broken_clients(
    load_check: Load, facts: SessionFacts, verdict: Verdict, cause: Cause | None
) -> None:
    """
    Only profiles with such clients ask for it.
    """
    check = load_check("sasl", "test_mechanisms", "test_broken_clients_served")
    found = check(facts, target(broken_clients=True))
    assert (found.verdict, found.cause) == (verdict, cause)
    assert check(facts, target()).verdict is Verdict.NOT_APPLICABLE
