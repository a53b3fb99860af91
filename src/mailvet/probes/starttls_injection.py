"""
Sends a command in clear text in one segment with STARTTLS, and looks for its reply inside TLS.

Whoever sits between client and server can write such octets before TLS begins. A server that keeps
them in its buffer carries them out as if the client had sent them inside (CVE-2011-0411,
CVE-2021-33515). The command does nothing, and its reply cannot be mistaken for another one.
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
from mailvet.model import Cause, Protocol
from mailvet.probes.dialogue import MAX_REPLY_LINES, Dialogue, Smtp, dialogue, text_of
from mailvet.probes.lmtp_session import lmtp_client_place, talks_lmtp
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, Wire, dial

TRIALS = 3

_TAG = "s1"

# The last line of a reply: of SMTP, POP3, ManageSieve, or IMAP with our tag.
_ENDS = re.compile(rf"(?:{_TAG} )?(\d\d\d(?!-)|\+OK|-ERR|OK|NO|BAD|BYE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Words:
    """
    What is said in one protocol.

    Attributes:
        starttls: The command that asks for TLS.
        injected: The command behind it; it has *mark* in it, which is in its reply.
        sync: The command inside TLS.
        betrays: Whether a line inside TLS, and the one after it, belong to the injected command.
        unasked: Whether the server speaks first inside TLS.
    """

    starttls: str
    injected: str
    sync: str
    betrays: Callable[[str], bool]
    unasked: bool = False


def _words(protocol: Protocol, mark: str) -> _Words:
    match protocol:
        case Protocol.IMAP:
            return _Words(f"{_TAG} STARTTLS", f"{mark} NOOP", "s2 NOOP", lambda line: mark in line)
        case Protocol.POP3:
            # An unknown command is refused, CAPA is not.
            return _Words("STLS", "NOOP", "CAPA", lambda line: not line.startswith("+OK"))
        case Protocol.SIEVE:
            said = f'NOOP "{mark}"'
            return _Words("STARTTLS", said, 'NOOP "s2"', lambda line: mark in line, unasked=True)
        case _:
            return _smtp_words(mark, "EHLO")


def _smtp_words(mark: str, hello: str) -> _Words:
    # The reply to EHLO and LHLO has several lines, the one to NOOP has one.
    greeting = f"{hello} {mark}.invalid"
    return _Words("STARTTLS", greeting, "NOOP", lambda line: line[3:4] == "-")


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
        _smtp_words(_mark(context), "LHLO"),
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
            await speaker.greeting()
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
    if not reply.positive:
        return reply, Fate.REFUSED, reply.text
    early = text_of(wire.pending.partition(b"\n")[0])
    if early:
        return reply, Fate.ANSWERED_IN_CLEAR, early
    handshake = await wire.start_tls(TlsOffer(), context.target.name)
    if not handshake.completed:
        early = handshake.clear_text
        return reply, Fate.ANSWERED_IN_CLEAR if early else Fate.CLOSED, early or handshake.failure
    try:
        return reply, *await _listen(wire, words)
    except PeerClosedError as exc:
        return reply, Fate.CLOSED, exc.detail


async def _listen(wire: Wire, words: _Words) -> tuple[Fate, str]:
    """
    Whose the first reply inside TLS is.
    """
    if words.unasked:
        await _first_reply(wire)
    await wire.send(f"{words.sync}\r\n".encode())
    line = text_of(await wire.line())
    return (Fate.EXECUTED, line) if words.betrays(line) else (Fate.DISCARDED, "")


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
    return (talks_lmtp(scope, TRIALS, "NOOP"),)


FACTS = (
    FactSpec(
        "starttls_injection",
        probe_starttls_injection,
        InjectionFacts,
        acts=lambda scope: (talks(scope.service, TRIALS, "NOOP", "EHLO", "CAPA", "CAPABILITY"),),
        needs=("session",),
        per_endpoint=True,
    ),
    FactSpec(
        "lmtp_injection",
        probe_lmtp_injection,
        InjectionFacts,
        acts=_lmtp_acts,
        needs=("lmtp_session", "standpoints"),
    ),
)
