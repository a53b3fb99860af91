"""
What strangers may say before they log in, to servers that go along with it and to others.
"""

import asyncio
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.before_login import LINE_OCTETS, BeforeLogin, Entry, LoginMemory
from mailvet.facts.login import Login, LoginFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes import before_login
from mailvet.probes.before_login import probe_before_login, probe_login_memory
from mailvet.probes.session import probe_session
from tests.fakes.context import make_context
from tests.fakes.stubs import Play, Visit, serving

GREETINGS = {
    Protocol.IMAP: "* OK ready\r\n",
    Protocol.POP3: "+OK ready\r\n",
    Protocol.SIEVE: '"SIEVE" "fileinto"\r\nOK "ready"\r\n',
}
ANYBODYS = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n",
    "NOOP": "",
    "CAPA": "+OK\r\nUSER\r\n.\r\n",
}
LONGEST = 8192


def said(protocol: Protocol, line: str, *, yes: bool) -> str:
    """
    A reply in the words of *protocol*.
    """
    match protocol:
        case Protocol.IMAP:
            return f"{line.split(maxsplit=1)[0]} {'OK' if yes else 'BAD'} done\r\n"
        case Protocol.POP3:
            return "+OK\r\n" if yes else "-ERR\r\n"
        case _:
            return "OK\r\n" if yes else "NO\r\n"


def server(*, careless: str = "", ends: bool = False, deaf: bool = False) -> Play:
    """
    A server that refuses what needs a login, but for commands that begin with *careless*.

    Args:
        careless: What it grants; "{" grants any literal.
        ends: Whether it hangs up after the first command.
        deaf: Whether lines may be as long as they like.
    """

    async def play(visit: Visit) -> None:
        protocol = visit.endpoint.protocol
        await visit.send(GREETINGS[protocol])
        while True:
            if len(await visit.peek(LONGEST)) >= LONGEST:
                await (visit.ignore() if deaf else visit.send("* BYE Input buffer full\r\n"))
                return
            line = await visit.line()
            words = line.split(maxsplit=1)[-1] if protocol is Protocol.IMAP else line
            if words in ANYBODYS:
                everybody = (
                    ANYBODYS[words] if protocol is not Protocol.SIEVE else GREETINGS[protocol]
                )
                await visit.send(everybody)
                if protocol is Protocol.IMAP:
                    await visit.send(said(protocol, line, yes=True))
                if ends:
                    return
            elif careless == "{" and words.endswith("}"):
                await visit.send("+ go on\r\n")
            else:
                granted = bool(careless) and words.startswith(careless)
                await visit.send(said(protocol, line, yes=granted))

    return play


def logged_in(*, mailbox: bool = True) -> LoginFacts:
    """
    A login that went well, and a mailbox that opens or does not.
    """
    plain = Login(Protocol.IMAP, "alice", "PLAIN", Reply("OK", "Logged in", ()), "", 0.1)
    opened = Reply("OK", "opened", ()) if mailbox else Reply("NO", "Try again later", ())
    return LoginFacts(("PLAIN",), plain, None, "SELECT INBOX", opened, Capabilities(()), ())


def observe(
    protocol: Protocol, play: Play, login: LoginFacts | None = None
) -> tuple[BeforeLogin, LoginMemory]:
    """
    What the probes make of a server where a test account logs in as *login* says.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if name == "session":
            return await probe_session(context)
        if login is None:
            raise ProbeError(Cause.CREDENTIALS, "there is no account")
        return login

    kind = (protocol, Security.CLEARTEXT)
    with serving(play, (("stub", *kind),)) as host:
        context = make_context(host.endpoints["stub"].port, *kind, recall=recall, timeout=2.0)
        return asyncio.run(probe_before_login(context)), asyncio.run(probe_login_memory(context))


@pytest.mark.parametrize("protocol", GREETINGS)
def test_a_server_that_is_right_refuses_everything(protocol: Protocol) -> None:
    """
    Commands, the literal, nested parentheses, and a long line early.
    """
    facts, memory = observe(protocol, server())

    assert all(each.refused for each in facts.requests)
    assert memory.line.refused
    assert memory.taken < LINE_OCTETS
    assert not memory.unbounded
    assert (facts.nested is not None) is (protocol is Protocol.IMAP)
    assert facts.nested is None or facts.nested.refused


@pytest.mark.parametrize(
    ("login", "entry"),
    [
        (logged_in(), (True, "alice is logged in; SELECT INBOX: OK opened", Cause.BLOCKED)),
        (
            logged_in(mailbox=False),
            (False, "alice is logged in; SELECT INBOX: NO Try again later", Cause.BLOCKED),
        ),
        (None, (False, "there is no account", Cause.CREDENTIALS)),
    ],
)
def test_what_users_get_is_the_control(
    login: LoginFacts | None, entry: tuple[bool, str, Cause]
) -> None:
    """
    A server that refuses everybody is known by the users that it refuses, too.
    """
    facts, _ = observe(Protocol.IMAP, server(), login)
    assert facts.entry == Entry(*entry)


@pytest.mark.parametrize(
    ("protocol", "careless"),
    [
        (Protocol.IMAP, "SELECT"),
        (Protocol.POP3, "STAT"),
        (Protocol.SIEVE, "LISTSCRIPTS"),
    ],
)
def test_a_command_that_is_granted_shows(protocol: Protocol, careless: str) -> None:
    """
    One of them is enough.
    """
    facts, _ = observe(protocol, server(careless=careless))
    assert [each.refused for each in facts.requests] == [False, True]


def test_nested_parentheses_that_are_taken_show() -> None:
    """
    CVE-2026-27857.
    """
    facts, _ = observe(Protocol.IMAP, server(careless="NOOP ("))
    assert facts.nested is not None
    assert not facts.nested.refused


def test_a_literal_that_is_asked_for_is_without_bounds() -> None:
    """
    No octet of it is sent.
    """
    _, memory = observe(Protocol.IMAP, server(careless="{"))
    assert memory.unbounded


def test_a_line_that_may_go_on_is_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The server took a mebibyte of it and is still listening.
    """
    monkeypatch.setattr(before_login, "PATIENCE", 0.2)
    _, memory = observe(Protocol.POP3, server(deaf=True))
    assert memory.line.silent
    assert memory.taken >= LINE_OCTETS
    assert memory.unbounded


def test_a_server_that_ends_every_session_proves_nothing() -> None:
    """
    Its refusals would be taken for the right answer.
    """
    with pytest.raises(ProbeError) as caught:
        observe(Protocol.IMAP, server(ends=True))
    assert caught.value.cause is Cause.BLOCKED
