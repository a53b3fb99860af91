"""
Sends a command in clear text in one segment with STARTTLS, and looks for its reply inside TLS.

Whoever sits between client and server can write such octets before TLS begins. A server that keeps
them in its buffer carries them out as if the client had sent them inside (CVE-2011-0411,
CVE-2021-33515). No server knows the command, so its reply cannot be mistaken for another one; in
IMAP, which has tags, it does nothing.
"""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.lmtp_session import LmtpSession
from mailvet.facts.replies import Reply
from mailvet.facts.session import SessionFacts
from mailvet.facts.starttls_injection import Fate, Injection, InjectionFacts
from mailvet.facts.tls import Ending, Handshake
from mailvet.model import Cause, Protocol
from mailvet.probes.dialogue import MAX_REPLY_LINES, Dialogue, Smtp, dialogue, text_of
from mailvet.probes.lmtp_session import lmtp_client_place, talks_lmtp
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, Wire, dial

TRIALS = 3

UNKNOWN = "XMAILVET"
"""A command that no server knows."""

_TAG = "s1"

# The last line of a reply: of SMTP, POP3, ManageSieve, or IMAP with our tag.
_ENDS = re.compile(rf"(?:{_TAG} )?(\d\d\d(?!-)|\+OK|-ERR|OK|NO|BAD|BYE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Words:
    """
    What is said in one protocol.

    Attributes:
        starttls: The command that asks for TLS.
        injected: The command behind it.
        sync: The command inside TLS.
        answers: Whether a line inside TLS is the first of the reply to *sync*.
        betrays: Whether a line inside TLS belongs to the reply to *injected*.
        unasked: Whether the server speaks first inside TLS.
    """

    starttls: str
    injected: str
    sync: str
    answers: Callable[[str], bool]
    betrays: Callable[[str], bool]
    unasked: bool = False


def _words(protocol: Protocol, mark: str) -> _Words:
    """
    A command that nobody knows, so that its reply is not that of a command which everybody knows.
    """
    unknown = f"{UNKNOWN} {mark}"
    match protocol:
        case Protocol.IMAP:
            return _Words(
                f"{_TAG} STARTTLS",
                f"{mark} NOOP",
                "s2 NOOP",
                lambda line: line.startswith("s2 "),
                lambda line: mark in line,
            )
        case Protocol.POP3:
            return _Words(
                "STLS",
                unknown,
                "CAPA",
                lambda line: line.startswith("+OK"),
                lambda line: line.startswith("-ERR"),
            )
        case Protocol.SIEVE:
            return _Words(
                "STARTTLS",
                unknown,
                "CAPABILITY",
                lambda line: line.startswith('"'),
                lambda line: line.upper().startswith(("NO", "BYE", "OK")),
                unasked=True,
            )
        case _:
            return _Words(
                "STARTTLS",
                unknown,
                "NOOP",
                lambda line: line.startswith("2"),
                lambda line: line[:1] in {"4", "5"},
            )


async def probe_starttls_injection(context: ProbeContext) -> InjectionFacts:
    """
    Several trials, until one does harm.

    Raises:
        ProbeError: TLS does not come about without a trial either, or the server does not talk.
    """
    session: SessionFacts = await context.fact("session", context.service)
    if not session.secured:
        raise ProbeError(Cause.BLOCKED, "TLS does not come about, so nothing could get into it")
    protocol = context.service.protocol
    return await _repeat(
        context,
        lambda: dial(context),
        lambda wire: dialogue(wire, protocol, client_name(context)),
        _words(protocol, _mark(context)),
    )


async def probe_lmtp_injection(context: ProbeContext) -> InjectionFacts:
    """
    The same with LMTP over TCP, from where an SMTP server talks to it.

    Raises:
        ProbeError: VANTAGE without a place to which the port must be open, or TLS does not come
            about without a trial either.
    """
    seen: LmtpSession = await context.fact("lmtp_session")
    if seen.inside is None:
        detail = f"TLS does not come about, so nothing could get into it: {seen.failure}"
        raise ProbeError(Cause.BLOCKED, detail.rstrip(": "), seen.transcript)
    place = await lmtp_client_place(context)
    return await _repeat(
        context,
        lambda: dial(context, port=seen.port, through=place.through),
        lambda wire: Smtp(wire, client_name=client_name(context), hello="LHLO"),
        _words(Protocol.SMTP, _mark(context)),
    )


def _mark(context: ProbeContext) -> str:
    return "inj" + "".join(each for each in context.nonce if each.isalnum())


async def _repeat(
    context: ProbeContext,
    reach: Callable[[], contextlib.AbstractAsyncContextManager[Wire]],
    speak: Callable[[Wire], Dialogue],
    words: _Words,
) -> InjectionFacts:
    trials: list[Injection] = []
    while len(trials) < TRIALS and not any(each.harmful for each in trials):
        async with reach() as wire:
            speaker = speak(wire)
            greeting = await speaker.greeting()
            if not greeting.positive and greeting.status != "PREAUTH":
                raise wire.error(Cause.BLOCKED, f"the server turns us away: {greeting}")
            await speaker.capabilities()
            reply, fate, said = await _inject(context, wire, words)
            trials.append(Injection(words.injected, reply, fate, said, wire.transcript.freeze()))
    return InjectionFacts(tuple(trials))


async def _inject(
    context: ProbeContext, wire: Wire, words: _Words
) -> tuple[Reply | None, Fate, str]:
    await wire.send(f"{words.starttls}\r\n{words.injected}\r\n".encode())
    try:
        reply = await _first_reply(wire)
    except PeerClosedError:
        return None, Fate.CLOSED, ""
    if reply.status.startswith("4"):
        # It would be so without the command behind it.
        raise wire.error(Cause.BLOCKED, f"the server does not start TLS now: {reply.text}")
    if not reply.positive:
        return reply, Fate.REFUSED, reply.text
    early = text_of(wire.pending.partition(b"\n")[0])
    if early:
        return reply, Fate.ANSWERED_IN_CLEAR, early
    handshake = await wire.start_tls(TlsOffer(), context.target.name)
    if not handshake.completed:
        return reply, *_without_tls(wire, handshake)
    try:
        return reply, *await _listen(wire, words)
    except PeerClosedError as exc:
        return reply, Fate.CLOSED, exc.detail


def _without_tls(wire: Wire, handshake: Handshake) -> tuple[Fate, str]:
    """
    What it says that the handshake did not complete, if the server was the one to end it.
    """
    if handshake.clear_text:
        return Fate.ANSWERED_IN_CLEAR, handshake.clear_text
    if handshake.ending is Ending.SERVER:
        return Fate.CLOSED, handshake.failure
    cause = Cause.TIMEOUT if handshake.ending is Ending.TIME else Cause.CLIENT_LIMIT
    raise wire.error(cause, str(handshake))


async def _listen(wire: Wire, words: _Words) -> tuple[Fate, str]:
    """
    Whose the first reply inside TLS is.
    """
    if words.unasked:
        greeting = await _first_reply(wire)
        if greeting.status != "OK":
            return Fate.EXECUTED, greeting.text
    await wire.send(f"{words.sync}\r\n".encode())
    for _ in range(MAX_REPLY_LINES):
        line = text_of(await wire.line())
        if words.betrays(line):
            return Fate.EXECUTED, line
        if words.answers(line):
            return Fate.DISCARDED, ""
    raise wire.error(Cause.BLOCKED, f"no reply to {words.sync}")


async def _first_reply(wire: Wire) -> Reply:
    """
    The first line that ends a reply, in any of the protocols.
    """
    lines: list[str] = []
    while len(lines) <= MAX_REPLY_LINES:
        line = text_of(await wire.line())
        lines.append(line)
        found = _ENDS.match(line)
        if found:
            return Reply(found[1].upper(), line, tuple(lines))
    raise wire.error(Cause.BLOCKED, "a reply without an end")


def _lmtp_acts(scope: Scope) -> Acts:
    expect = scope.target.expect.lmtp
    if "lmtp-inet" not in scope.target.roles or expect.implicit_tls:
        return ()
    return (talks_lmtp(scope, TRIALS, UNKNOWN, "NOOP"),)


FACTS = (
    FactSpec(
        "starttls_injection",
        probe_starttls_injection,
        InjectionFacts,
        acts=lambda scope: (talks(scope.service, TRIALS, UNKNOWN, "NOOP", "CAPA", "CAPABILITY"),),
        needs=("session",),
        per_endpoint=True,
    ),
    FactSpec(
        "lmtp_injection",
        probe_lmtp_injection,
        InjectionFacts,
        acts=_lmtp_acts,
        needs=("lmtp_session", "lmtp_port", "standpoints"),
    ),
)
