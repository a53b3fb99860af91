"""
Asks a server for what needs a login without one, and for more memory than a login takes.

Nothing of it does harm to a server that is right: no octet of the announced literal is sent, and
the long line ends with the connection, at the latest after one mebibyte.
"""

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.attempt import Attempt
from mailvet.facts.before_login import LINE_OCTETS, BeforeLogin, Entry, LoginMemory
from mailvet.facts.login import LoginFacts
from mailvet.facts.replies import Reply
from mailvet.model import Protocol
from mailvet.probes.attempt import HARMLESS, as_clients_do, ask, attempted
from mailvet.probes.connection import Wire
from mailvet.probes.dialogue import text_of
from mailvet.transcript import Line

PATIENCE = 2.0
"""Seconds after which a server that has got that line wants to have more of it."""

_CHUNK = 64 * 1024

_GLANCE = 0.01
"""Seconds between two parts of that line, for the server to say that it is enough."""

_COMMANDS = {
    Protocol.IMAP: ("SELECT INBOX", 'LIST "" *'),
    Protocol.POP3: ("STAT", "LIST"),
    Protocol.SIEVE: ("LISTSCRIPTS", 'HAVESPACE "mailvet" 1'),
}

_LITERAL = "LOGIN {2000000000}"
"""The server has to say whether it wants the octets, so that no silence has to be interpreted."""

_NESTED = "NOOP (())"
"""Servers without the fix count the parentheses for as long as they come, and remember each."""


async def probe_before_login(context: ProbeContext) -> BeforeLogin:
    """
    One connection for each command, inside TLS where the service has it: who was thrown out for one
    command was not refused the next one.

    Raises:
        ProbeError: The server does not talk.
    """
    protocol = context.service.protocol
    lines: tuple[Line, ...] = ()
    attempts: list[Attempt] = []
    for command in _all_commands(protocol):
        async with as_clients_do(context) as speaker:
            attempts.append(await ask(speaker, command))
            lines += speaker.wire.transcript.freeze()
    nested = attempts.pop() if protocol is Protocol.IMAP else None
    return BeforeLogin(tuple(attempts), await _entry(context), nested, lines)


async def _entry(context: ProbeContext) -> Entry:
    try:
        login: LoginFacts = await context.fact("login", context.service)
    except ProbeError as exc:
        return Entry(False, exc.detail, exc.cause)
    return Entry(login.open, login.opened)


def _all_commands(protocol: Protocol) -> tuple[str, ...]:
    return (*_COMMANDS[protocol], *((_NESTED,) if protocol is Protocol.IMAP else ()))


async def probe_login_memory(context: ProbeContext) -> LoginMemory:
    """
    One connection for a long line, and one for a literal where the protocol has them.

    Raises:
        ProbeError: The server does not talk.
    """
    imap = context.service.protocol is Protocol.IMAP
    literal: Attempt | None = None
    lines: tuple[Line, ...] = ()
    if imap:
        async with as_clients_do(context) as speaker:
            literal = await ask(speaker, _LITERAL)
            lines += speaker.wire.transcript.freeze()
    async with as_clients_do(context) as speaker:
        line, taken = await _talk_on(speaker.wire, "m0 NOOP " if imap else "NOOP ")
        lines += speaker.wire.transcript.freeze()
    return LoginMemory(literal, line, taken, lines)


async def _talk_on(wire: Wire, beginning: str) -> tuple[Attempt, int]:
    """
    A line that goes on until the server has had enough of it, and how many octets that took.
    """
    sent = 0

    async def talk() -> Reply:
        nonlocal sent
        data, answer = beginning.encode(), b""
        while sent < LINE_OCTETS and not answer:
            data = data.ljust(_CHUNK, b"A")
            await wire.send(data, shown=f"({len(data)} octets of a line)")
            sent += len(data)
            data = b""
            answer = await wire.read_available(within=_GLANCE)
        if answer:
            wire.transcript.add("<", answer)
        return _unasked(answer or await wire.line(timeout=PATIENCE))

    found = await attempted("a line without an end", talk())
    return found, sent


def _unasked(octets: bytes) -> Reply:
    """
    What the server says before a command has ended: ``* BYE``, ``-ERR`` or ``BYE``.
    """
    line = text_of(octets.partition(b"\n")[0])
    first, _, rest = line.removeprefix("* ").partition(" ")
    return Reply(first.upper(), rest, (line,))


def _acts(scope: Scope) -> Acts:
    protocol = scope.service.protocol
    if protocol not in _COMMANDS:
        return ()
    commands = _all_commands(protocol)
    verbs = (each.split(maxsplit=1)[0] for each in commands)
    return (talks(scope.service, len(commands), HARMLESS[protocol], *verbs),)


def _memory_acts(scope: Scope) -> Acts:
    protocol = scope.service.protocol
    if protocol not in _COMMANDS:
        return ()
    imap = protocol is Protocol.IMAP
    verbs = ("LOGIN",) if imap else ()
    return (talks(scope.service, 1 + imap, HARMLESS[protocol], "NOOP", *verbs),)


FACTS = (
    FactSpec(
        "before_login",
        probe_before_login,
        BeforeLogin,
        acts=_acts,
        needs=("session", "login"),
        per_endpoint=True,
    ),
    FactSpec(
        "login_memory",
        probe_login_memory,
        LoginMemory,
        acts=_memory_acts,
        needs=("session",),
        per_endpoint=True,
    ),
)
