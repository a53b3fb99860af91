"""
The characters of hostile, broken and unlucky servers, one behaviour for every protocol.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from mailvet.model import Protocol, Security
from tests.fakes.grammar import GRAMMARS, Command, Kind
from tests.fakes.script import Answer, Script, Tls, noise
from tests.fakes.stubs import Play, Visit

MEGABYTE = 1 << 20
TERMINAL_ESCAPES = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x08\u202e<script>alert(1)</script>&lt;]]>\r'\"`$(id)"
)


@dataclass(frozen=True, slots=True)
class Personality:
    """
    A way to behave on all services of a host.

    Attributes:
        name: What tests call it.
        play: What it does with a connection; None if its ports are closed.
        tls: Whether handshakes complete, so that what is seen of TLS itself is true.
        dead: Whether no session ever stands, so that nothing at all can be found right.
        takes_mail: Whether what comes to port 25 is taken as mail that ends where it should.
    """

    name: str
    play: Play | None
    tls: bool = False
    dead: bool = False
    takes_mail: bool = False


async def silent(visit: Visit) -> None:
    """
    Accepts connections and says nothing.
    """
    await visit.ignore()


async def drip(visit: Visit) -> None:
    """
    Sends its greeting one byte a second.
    """
    for octet in _greeting(visit).encode():
        await visit.send(bytes((octet,)))
        await asyncio.sleep(1)


async def reset(visit: Visit) -> None:
    """
    Ends every connection with a TCP reset at once.
    """
    visit.reset()


async def reset_after_greeting(visit: Visit) -> None:
    """
    Greets, waits for the first command, and resets.
    """
    await visit.send(_greeting(visit))
    await visit.receive()
    visit.reset()


async def unavailable(visit: Visit) -> None:
    """
    Says that it is going away, and goes.
    """
    await _shaken(visit)
    await visit.send(visit.grammar.unavailable)


async def no_service(visit: Visit) -> None:
    """
    Greets with a refusal, stays, and refuses everything.
    """
    await _shaken(visit)
    await visit.send(visit.grammar.no_service)
    while True:
        await visit.send(visit.grammar.denied.format(tag=(await visit.command()).tag))


async def garbage(visit: Visit) -> None:
    """
    Sends random octets, some of them line ends, then waits.
    """
    await visit.send(noise())
    await visit.ignore()


async def endless_line(visit: Visit) -> None:
    """
    Sends a line of megabytes without an end.
    """
    head = _greeting(visit).rstrip("\r\n").encode()
    await visit.send(head + b" ")
    await visit.flood(b"x" * (MEGABYTE // 8), 64)


async def slow_close(visit: Visit) -> None:
    """
    Greets, ends its direction in the middle of the next line, and hangs up much later.
    """
    await visit.send(_greeting(visit))
    await visit.send("2")
    visit.half_close()
    await visit.ignore()
    await asyncio.sleep(30)


async def one_segment(visit: Visit) -> None:
    """
    Sends, before it is asked, every reply that a friendly session could need, in one segment.
    """
    everything = _greeting(visit)
    for number, line in enumerate(_FRIENDLY[visit.endpoint.protocol], start=1):
        command = visit.grammar.parse(line.format(tag=f"m{number}"))
        everything += _friendly_reply(visit, command)
    await visit.send(everything)
    await visit.ignore()


async def early_talker(visit: Visit) -> None:
    """
    Puts a line of success behind every reply.
    """
    await visit.send(_greeting(visit) * 2)
    while True:
        command = await visit.command()
        unasked = visit.grammar.yes.format(tag=command.tag, words="and more")
        await visit.send(_friendly_reply(visit, command) + unasked)


def wrong_protocol(visit_as: Mapping[Protocol, Protocol]) -> Play:
    """
    A server that speaks another protocol than its port promises.
    """

    async def play(visit: Visit) -> None:
        visit.grammar = GRAMMARS[visit_as[visit.endpoint.protocol]]
        await Script(tls=Tls.REAL)(visit)

    return play


async def web_server(visit: Visit) -> None:
    """
    Answers everything as a web server does.
    """
    await visit.receive()
    await visit.send(
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<h1>Bad request</h1>\r\n"
    )


async def _shaken(visit: Visit) -> None:
    if visit.endpoint.security is Security.IMPLICIT_TLS:
        await visit.start_tls()


def _greeting(visit: Visit) -> str:
    return visit.grammar.greeting.format(words="ready")


def _friendly_reply(visit: Visit, command: Command) -> str:
    if command.kind is Kind.HELLO:
        return visit.grammar.capabilities(command.tag, starttls=True, auth=True)
    return visit.grammar.success(command)


_FRIENDLY = {
    Protocol.SMTP: ("EHLO x", "STARTTLS", "EHLO x", "MAIL FROM:<>", "RCPT TO:<>", "RCPT TO:<>"),
    Protocol.SUBMISSION: ("EHLO x", "STARTTLS", "EHLO x", "AUTH PLAIN", "MAIL FROM:<>"),
    Protocol.IMAP: ("{tag} CAPABILITY", "{tag} STARTTLS", "{tag} CAPABILITY", "{tag} LOGIN a b"),
    Protocol.POP3: ("CAPA", "STLS", "CAPA", "USER a", "PASS b"),
    Protocol.SIEVE: ("STARTTLS", "CAPABILITY", "AUTHENTICATE x"),
}

_SHIFTED = {
    Protocol.SMTP: Protocol.IMAP,
    Protocol.SUBMISSION: Protocol.POP3,
    Protocol.IMAP: Protocol.SMTP,
    Protocol.POP3: Protocol.SIEVE,
    Protocol.SIEVE: Protocol.SMTP,
}


def _only(answer: Answer, *kinds: Kind) -> dict[Kind, Answer]:
    return dict.fromkeys(kinds, answer)


_TALK = _only(Answer.YES, Kind.HELLO, Kind.STARTTLS, Kind.QUIT)
_HELLO = _only(Answer.YES, Kind.HELLO)


def _all() -> tuple[Personality, ...]:
    return (
        Personality("closed", None, dead=True),
        Personality("silent", silent, dead=True),
        Personality("drip", drip, dead=True),
        Personality("reset", reset, dead=True),
        Personality("reset after greeting", reset_after_greeting),
        Personality("421", unavailable, tls=True),
        Personality("554 banner", no_service, tls=True),
        Personality(
            "451 to every RCPT",
            Script(answers=_only(Answer.LATER, Kind.RECIPIENT, Kind.AUTH)),
            tls=True,
        ),
        Personality("451 after hello", Script(answers=_TALK, otherwise=Answer.LATER), tls=True),
        Personality("451 to everything", Script(otherwise=Answer.LATER), tls=True),
        Personality("530 to everything", Script(otherwise=Answer.NO), tls=True),
        Personality("530 after hello", Script(answers=_HELLO, otherwise=Answer.NO), tls=True),
        Personality(
            "530 after hello, no AUTH",
            Script(auth=False, answers=_HELLO, otherwise=Answer.NO),
            tls=True,
        ),
        Personality("530 inside TLS", Script(inside=Answer.NO), tls=True),
        Personality("550 after hello", Script(answers=_TALK, otherwise=Answer.DENIED), tls=True),
        Personality("accepts everything", Script(), tls=True, takes_mail=True),
        Personality("accepts everything in clear text", Script(tls=Tls.CLEAR_TEXT)),
        Personality("accepts everything without TLS", Script(starttls=False, tls=Tls.HANG_UP)),
        Personality("garbage", garbage, dead=True),
        Personality("endless line", endless_line, dead=True),
        Personality("endless reply", Script(otherwise=Answer.ENDLESS), tls=True),
        Personality("huge multi-line reply", Script(otherwise=Answer.HUGE), tls=True),
        Personality("slow close", slow_close),
        Personality(
            "hangs up after hello", Script(answers=_TALK, otherwise=Answer.HANG_UP), tls=True
        ),
        Personality(
            "silent after hello", Script(answers=_TALK, otherwise=Answer.SILENCE), tls=True
        ),
        Personality("silent inside TLS", Script(inside=Answer.SILENCE), tls=True),
        Personality("asks for more", Script(answers=_TALK, otherwise=Answer.MORE), tls=True),
        Personality("echo", Script(otherwise=Answer.ECHO), tls=True),
        Personality("one segment", one_segment),
        Personality("early talker", early_talker),
        Personality("wrong protocol", wrong_protocol(_SHIFTED), tls=True),
        Personality("web server", web_server, dead=True),
        Personality("TLS garbage", Script(tls=Tls.GARBAGE)),
        Personality("TLS alert", Script(tls=Tls.ALERT)),
        Personality("TLS silence", Script(tls=Tls.SILENCE)),
        Personality("TLS hang-up", Script(tls=Tls.HANG_UP)),
        Personality("malformed certificate", Script(tls=Tls.MALFORMED), tls=True, takes_mail=True),
        Personality("terminal escapes", Script(words=TERMINAL_ESCAPES), tls=True, takes_mail=True),
    )


PERSONALITIES: dict[str, Personality] = {each.name: each for each in _all()}
