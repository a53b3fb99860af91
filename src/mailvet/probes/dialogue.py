"""
The text protocols as question and answer over a wire, and how each of them starts TLS.
"""

import itertools
import re
from collections.abc import Callable
from typing import Protocol as TypingProtocol

from mailvet.facts.replies import (
    Capabilities,
    Reply,
    parse_ehlo,
    parse_imap_capability,
    parse_pop3_capa,
    parse_sieve_capability,
)
from mailvet.facts.sieve import quoted
from mailvet.model import Cause, Protocol
from mailvet.probes.wire import MAX_LINE, Wire
from mailvet.transcript import readable

MAX_REPLY_LINES = 500
"""Lines of one reply before the server is taken for hostile."""


class Dialogue(TypingProtocol):
    """
    What the protocols have in common.
    """

    wire: Wire

    async def greeting(self) -> Reply:
        """The greeting; its status is not positive if the server turns clients away."""

    async def capabilities(self) -> Capabilities:
        """What the server announces now."""

    async def request_tls(self) -> Reply:
        """Asks for STARTTLS; after a positive reply the handshake comes."""

    async def command(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends one command and reads its reply."""

    async def answer(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends the answer to a continuation and reads the reply of the command."""

    async def quit(self) -> None:
        """Says good-bye; that the server does not answer is no matter."""


def text_of(line: bytes) -> str:
    """
    A line as text, safe to show.
    """
    return readable(line)


async def _ask(wire: Wire, text: str, shown: str | None) -> None:
    # Where replies carry no tag, one that came too early would pass for the reply to this command.
    if wire.pending:
        early = text_of(wire.pending.partition(b"\n")[0])
        raise wire.error(Cause.BLOCKED, f"the server talks out of turn: {early[:80]!r}")
    await wire.send(text.encode() + b"\r\n", shown=shown)


class Smtp:
    """
    SMTP, submission and LMTP (RFC 5321, 6409, 2033).
    """

    def __init__(self, wire: Wire, *, client_name: str, hello: str = "EHLO") -> None:
        self.wire = wire
        self.ehlo_reply: Reply | None = None
        self._hello = f"{hello} {client_name}"

    async def greeting(self) -> Reply:
        """The greeting."""
        return await self.reply()

    async def capabilities(self) -> Capabilities:
        """The keywords of an EHLO reply; none if the server refuses EHLO."""
        self.ehlo_reply = await self.command(self._hello)
        return parse_ehlo(self.ehlo_reply) if self.ehlo_reply.positive else Capabilities(())

    async def request_tls(self) -> Reply:
        """STARTTLS of RFC 3207."""
        return await self.command("STARTTLS")

    async def command(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends one command and reads its reply."""
        await _ask(self.wire, text, shown)
        return await self.reply(timeout=timeout)

    answer = command

    async def reply(self, *, timeout: float | None = None) -> Reply:
        """
        Reads one reply of one or more lines (RFC 5321 §4.2.1).

        Raises:
            ProbeError: BLOCKED if what comes is not SMTP.
        """
        lines: list[str] = []
        while True:
            raw = await self.wire.line(timeout=timeout)
            line = text_of(raw)
            if not re.match(r"[2-5]\d\d(?:[ -]|$)", line):
                raise self.wire.error(Cause.BLOCKED, f"this is not an SMTP reply: {line[:80]!r}")
            lines.append(line)
            if line[3:4] != "-":
                return Reply(line[:3], line[4:], tuple(lines))
            if len(lines) > MAX_REPLY_LINES:
                raise self.wire.error(Cause.BLOCKED, "an SMTP reply without an end")

    async def quit(self) -> None:
        """Sends QUIT without waiting for the reply."""
        await self.wire.send(b"QUIT\r\n")


class Imap:
    """
    IMAP before and around login (RFC 9051); IMAPClient does what comes after it.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._tags = (f"m{number}" for number in itertools.count(1))
        self._tag = ""
        self._greeting: tuple[str, ...] = ()

    async def greeting(self) -> Reply:
        """The greeting: ``* OK``, ``* PREAUTH`` or ``* BYE``."""
        line = text_of(await self.wire.line())
        found = re.match(r"\* (OK|PREAUTH|BYE)\b ?(.*)", line, re.IGNORECASE)
        if not found:
            raise self.wire.error(Cause.BLOCKED, f"this is not an IMAP greeting: {line[:80]!r}")
        return Reply(found[1].upper(), found[2], (line,))

    async def capabilities(self) -> Capabilities:
        """The answer to CAPABILITY; none if it is refused."""
        reply = await self.command("CAPABILITY")
        return parse_imap_capability(reply.lines)

    async def request_tls(self) -> Reply:
        """STARTTLS of RFC 9051 §6.2.1."""
        return await self.command("STARTTLS")

    async def command(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends one tagged command and reads up to its tagged reply, or to a continuation."""
        self._tag = next(self._tags)
        shown = None if shown is None else f"{self._tag} {shown}"
        await self.wire.send(f"{self._tag} {text}\r\n".encode(), shown=shown)
        return await self._reply(timeout)

    async def answer(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Answers a continuation."""
        await self.wire.send(text.encode() + b"\r\n", shown=shown)
        return await self._reply(timeout)

    async def _reply(self, timeout: float | None) -> Reply:
        lines: list[str] = []
        while len(lines) <= MAX_REPLY_LINES:
            line = text_of(await self.wire.line(timeout=timeout))
            lines.append(line)
            if line.startswith("+"):
                return Reply("+", line[2:], tuple(lines))
            found = re.match(rf"{self._tag} (OK|NO|BAD)\b ?(.*)", line, re.IGNORECASE)
            if found:
                return Reply(found[1].upper(), found[2], tuple(lines))
            if re.match(r"\* BYE\b", line, re.IGNORECASE):
                return Reply("BYE", line[6:], tuple(lines))
            if not line.startswith("* "):
                raise self.wire.error(Cause.BLOCKED, f"this is not an IMAP reply: {line[:80]!r}")
        raise self.wire.error(Cause.BLOCKED, "an IMAP reply without an end")

    async def quit(self) -> None:
        """Sends LOGOUT without waiting for the reply."""
        await self.wire.send(f"{next(self._tags)} LOGOUT\r\n".encode())


class Pop3:
    """
    POP3 (RFC 1939, 2449, 2595).
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def greeting(self) -> Reply:
        """The greeting."""
        return await self.reply()

    async def capabilities(self) -> Capabilities:
        """The answer to CAPA; none if it is refused."""
        reply = await self.multiline("CAPA")
        return parse_pop3_capa(reply.lines) if reply.positive else Capabilities(())

    async def request_tls(self) -> Reply:
        """STLS of RFC 2595 §4."""
        return await self.command("STLS")

    async def command(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends one command and reads its single line of reply."""
        await _ask(self.wire, text, shown)
        return await self.reply(timeout=timeout)

    answer = command

    async def multiline(self, text: str) -> Reply:
        """Sends a command whose positive reply goes on until a line with a single dot."""
        status = await self.command(text)
        lines = list(status.lines)
        while status.positive:
            line = text_of(await self.wire.line())
            if line == ".":
                break
            lines.append(line.removeprefix(".") if line.startswith("..") else line)
            if len(lines) > MAX_REPLY_LINES:
                raise self.wire.error(Cause.BLOCKED, "a POP3 reply without an end")
        return Reply(status.status, status.text, tuple(lines))

    async def reply(self, *, timeout: float | None = None) -> Reply:
        """
        Reads one line of reply.

        Raises:
            ProbeError: BLOCKED if what comes is not POP3.
        """
        line = text_of(await self.wire.line(timeout=timeout))
        found = re.match(r"(\+OK|-ERR|\+)(?: (.*)|$)", line)
        if not found:
            raise self.wire.error(Cause.BLOCKED, f"this is not a POP3 reply: {line[:80]!r}")
        return Reply(found[1], found[2] or "", (line,))

    async def quit(self) -> None:
        """Sends QUIT without waiting for the reply."""
        await self.wire.send(b"QUIT\r\n")


class Sieve:
    """
    ManageSieve (RFC 5804).
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._announced: Capabilities | None = None

    async def greeting(self) -> Reply:
        """The capabilities that the server sends unasked, up to their OK."""
        reply = await self.reply()
        self._announced = parse_sieve_capability(reply.lines)
        return reply

    async def capabilities(self) -> Capabilities:
        """
        What the greeting announced, or after TLS what the server re-issues by itself (§2.2).
        """
        if self._announced is None:
            self._announced = parse_sieve_capability((await self.reply()).lines)
        return self._announced

    async def request_tls(self) -> Reply:
        """STARTTLS of RFC 5804 §2.2."""
        reply = await self.command("STARTTLS")
        self._announced = None
        return reply

    async def command(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Sends one command and reads up to its OK, NO or BYE, or to a SASL challenge."""
        await _ask(self.wire, text, shown)
        return await self.reply(timeout=timeout, sasl=text.upper().startswith("AUTHENTICATE "))

    async def answer(
        self, text: str, *, shown: str | None = None, timeout: float | None = None
    ) -> Reply:
        """Answers a SASL challenge."""
        await _ask(self.wire, text, shown)
        return await self.reply(timeout=timeout, sasl=True)

    async def reply(self, *, timeout: float | None = None, sasl: bool = False) -> Reply:
        """
        Reads up to the next OK, NO or BYE; in a SASL exchange also to a challenge.

        A challenge is a lone string, but so is a capability without a value like ``"STARTTLS"``.

        Raises:
            ProbeError: BLOCKED if what comes is not ManageSieve.
        """
        lines: list[str] = []
        while len(lines) <= MAX_REPLY_LINES:
            line = await self._logical_line(timeout)
            lines.append(line)
            found = re.match(r"(OK|NO|BYE)\b ?(.*)", line, re.IGNORECASE | re.DOTALL)
            if found:
                return Reply(found[1].upper(), " ".join(found[2].split()), tuple(lines))
            if sasl and re.match(r'"[A-Za-z0-9+/=]*"$', line):
                return Reply("+", line, tuple(lines))
            if not line.startswith('"'):
                raise self.wire.error(Cause.BLOCKED, f"this is not ManageSieve: {line[:80]!r}")
        raise self.wire.error(Cause.BLOCKED, "a ManageSieve reply without an end")

    async def _logical_line(self, timeout: float | None) -> str:
        """
        The next line; literals (§4) in it are written as quoted strings, line ends included.
        """
        whole = ""
        while True:
            line = text_of(await self.wire.line(timeout=timeout))
            found = re.search(r"\{(\d{1,9})\+?\}$", line)
            if not found:
                return whole + line
            octets = await self.wire.exactly(int(found[1]), timeout=timeout)
            whole += line[: found.start()] + quoted("\n".join(map(text_of, octets.splitlines())))
            if len(whole) > MAX_LINE:
                raise self.wire.error(Cause.BLOCKED, "a ManageSieve line without an end")

    async def quit(self) -> None:
        """Sends LOGOUT without waiting for the reply."""
        await self.wire.send(b"LOGOUT\r\n")


def dialogue(wire: Wire, protocol: Protocol, client_name: str) -> Dialogue:
    """
    The dialogue of *protocol* over *wire*.
    """
    makers: dict[Protocol, Callable[[Wire], Dialogue]] = {
        Protocol.SMTP: lambda w: Smtp(w, client_name=client_name),
        Protocol.SUBMISSION: lambda w: Smtp(w, client_name=client_name),
        Protocol.IMAP: Imap,
        Protocol.POP3: Pop3,
        Protocol.SIEVE: Sieve,
    }
    return makers[protocol](wire)
