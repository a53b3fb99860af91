"""
A server that speaks its protocol and answers each kind of command as its script says.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailvet.model import Protocol, Security
from tests.fakes.certificates import malformed_tls
from tests.fakes.grammar import Command, Kind
from tests.fakes.stubs import Visit


class Answer(StrEnum):
    """
    What a command comes to.
    """

    YES = "yes"
    NO = "no"
    DENIED = "denied"
    LATER = "later"
    MORE = "more"
    SILENCE = "silence"
    HANG_UP = "hang-up"
    ECHO = "echo"
    ENDLESS = "endless"
    HUGE = "huge"


class Tls(StrEnum):
    """
    What a ClientHello comes to.
    """

    REAL = "real"
    MALFORMED = "malformed"
    CLEAR_TEXT = "clear-text"
    GARBAGE = "garbage"
    ALERT = "alert"
    SILENCE = "silence"
    HANG_UP = "hang-up"


@dataclass(frozen=True, slots=True)
class Script:
    """
    A server that speaks its protocol and answers each kind of command in one way.

    Attributes:
        words: What its greeting says.
        starttls: Whether it announces STARTTLS.
        auth: Whether it announces authentication, before TLS as well.
        tls: What a ClientHello comes to.
        answers: What a command comes to, by kind.
        otherwise: What every other command comes to.
        inside: What commands inside TLS come to; empty means the same.
    """

    words: str = "ready"
    starttls: bool = True
    auth: bool = True
    tls: Tls = Tls.REAL
    answers: Mapping[Kind, Answer] | None = None
    otherwise: Answer = Answer.YES
    inside: Answer | None = None

    async def __call__(self, visit: Visit) -> None:
        """Plays it."""
        if visit.endpoint.security is Security.IMPLICIT_TLS and not await self._shake(visit):
            return
        await self._greet(visit)
        while True:
            command = await visit.command()
            chosen = (self.answers or {}).get(command.kind, self.otherwise)
            if visit.secured and self.inside:
                chosen = self.inside
            if not await self._answer(visit, command, chosen):
                return

    async def _greet(self, visit: Visit) -> None:
        if visit.endpoint.protocol is Protocol.SIEVE:
            await self._announce(visit, "")
        else:
            await visit.send(visit.grammar.greeting.format(words=self.words))

    async def _announce(self, visit: Visit, tag: str) -> None:
        offered = self.starttls and not visit.secured
        await visit.send(
            visit.grammar.capabilities(tag, starttls=offered, auth=self.auth, words=self.words)
        )

    async def _answer(self, visit: Visit, command: Command, chosen: Answer) -> bool:
        """Answers *command*; false when the conversation is over."""
        phrases = {
            Answer.NO: visit.grammar.no,
            Answer.DENIED: visit.grammar.denied,
            Answer.LATER: visit.grammar.later,
            Answer.MORE: visit.grammar.more,
            Answer.ECHO: f"{command.tag} {command.verb} {command.rest}\r\n".lstrip(),
        }
        if chosen is Answer.YES:
            return await self._comply(visit, command)
        if chosen in phrases:
            await visit.send(phrases[chosen].replace("{tag}", command.tag))
        elif chosen in {Answer.ENDLESS, Answer.HUGE}:
            await visit.flood(visit.grammar.filler * 100, 4000 if chosen is Answer.ENDLESS else 30)
            await visit.send(visit.grammar.success(command))
        elif chosen is Answer.SILENCE:
            await visit.ignore()
        return chosen not in {Answer.SILENCE, Answer.HANG_UP}

    async def _comply(self, visit: Visit, command: Command) -> bool:
        if command.kind is Kind.HELLO:
            await self._announce(visit, command.tag)
            return True
        await visit.send(visit.grammar.success(command))
        if command.kind is Kind.STARTTLS:
            return await self._start(visit)
        if command.kind is Kind.CONTENT:
            await visit.message()
            await visit.send("250 2.0.0 Ok: queued as 4711\r\n")
        return command.kind is not Kind.QUIT

    async def _start(self, visit: Visit) -> bool:
        if not await self._shake(visit):
            return False
        if visit.secured and visit.endpoint.protocol is Protocol.SIEVE:
            await self._announce(visit, "")
        return True

    async def _shake(self, visit: Visit) -> bool:
        """Meets a ClientHello; false when the conversation is over."""
        if self.tls is Tls.REAL:
            await visit.start_tls()
        elif self.tls is Tls.MALFORMED:
            await visit.start_tls(malformed_tls())
        elif self.tls is Tls.SILENCE:
            await visit.ignore()
        elif self.tls in {Tls.GARBAGE, Tls.ALERT}:
            await visit.receive()
            # A fatal alert, handshake_failure (RFC 8446 §6.2).
            await visit.send(b"\x15\x03\x01\x00\x02\x02\x28" if self.tls is Tls.ALERT else noise())
        return self.tls in {Tls.REAL, Tls.MALFORMED, Tls.CLEAR_TEXT}


def noise() -> bytes:
    """
    Random octets, some of them line ends.
    """
    # The same octets each time: a failure must come back when it is looked for.
    dice = random.Random(20260)  # noqa: S311
    return b"".join(dice.randbytes(dice.randrange(200)) + b"\0\xff\r\n" for _ in range(20))
