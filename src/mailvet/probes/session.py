"""
Connects, reads what is announced, starts TLS, reads again, and leaves.
"""

import contextlib
from collections.abc import AsyncIterator

from mailvet.acts import talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.session import SessionFacts
from mailvet.facts.tls import Handshake
from mailvet.model import Cause, Security, Shell
from mailvet.probes.dialogue import Dialogue, Smtp, dialogue
from mailvet.probes.wire import TlsOffer, Wire, dial
from mailvet.transcript import readable


def client_name(context: ProbeContext) -> str:
    """
    What we call ourselves in EHLO: a name that cannot exist (RFC 2606), with the run's nonce.
    """
    return f"{context.nonce}.invalid"


async def probe_session(context: ProbeContext) -> SessionFacts:
    """
    The endpoint as a client sees it before logging in.

    Raises:
        ProbeError: The endpoint cannot be connected to, is silent, or speaks another protocol.
    """
    if context.service.security is Security.IMPLICIT_TLS:
        return await _implicit(context)
    async with dial(context) as wire:
        speaker = dialogue(wire, context.service.protocol, client_name(context))
        greeting = await speaker.greeting()
        before = await speaker.capabilities() if _welcome(greeting) else Capabilities(())
        starttls: Reply | None = None
        handshake: Handshake | None = None
        after: Capabilities | None = None
        injected = ""
        if "STARTTLS" in before or "STLS" in before:
            starttls = await speaker.request_tls()
            injected = readable(wire.pending)
            if starttls.positive:
                handshake = await wire.start_tls(TlsOffer(), context.target.name)
                after = await _inside(speaker, handshake)
        hello = _own_name(speaker)
        return SessionFacts(
            greeting, before, starttls, injected, handshake, after, hello, wire.transcript.freeze()
        )


async def _implicit(context: ProbeContext) -> SessionFacts:
    async with dial(context) as wire:
        handshake = await wire.start_tls(TlsOffer(), context.target.name)
        greeting: Reply | None = None
        after: Capabilities | None = None
        hello = ""
        if handshake.completed:
            speaker = dialogue(wire, context.service.protocol, client_name(context))
            greeting = await speaker.greeting()
            after = await _inside(speaker, handshake) if _welcome(greeting) else None
            hello = _own_name(speaker)
        return SessionFacts(
            greeting, None, None, "", handshake, after, hello, wire.transcript.freeze()
        )


async def _inside(speaker: Dialogue, handshake: Handshake) -> Capabilities | None:
    if not handshake.completed:
        return None
    try:
        return await speaker.capabilities()
    except ProbeError:
        # A server that dies inside TLS is an observation; the transcript shows it.
        return None


def _own_name(speaker: Dialogue) -> str:
    reply = speaker.ehlo_reply if isinstance(speaker, Smtp) else None
    return reply.lines[0][4:] if reply else ""


def _welcome(greeting: Reply) -> bool:
    return greeting.positive or greeting.status == "PREAUTH"


@contextlib.asynccontextmanager
async def secured(
    context: ProbeContext, *, offer: TlsOffer | None = None, through: Shell | None = None
) -> AsyncIterator[tuple[Dialogue, Capabilities]]:
    """
    A dialogue inside TLS, with what was announced there: the place where a client logs in.

    Raises:
        ProbeError: BLOCKED if the server offers no TLS or the handshake fails.
    """
    service = context.service
    async with dial(context, through=through) as wire:
        speaker = dialogue(wire, service.protocol, client_name(context))
        if service.security is Security.IMPLICIT_TLS:
            await _shake(context, wire, offer)
            await _greeted(speaker, wire)
        else:
            await _greeted(speaker, wire)
            await speaker.capabilities()
            reply = await speaker.request_tls()
            if not reply.positive:
                raise wire.error(Cause.BLOCKED, f"the server refuses to start TLS: {reply}")
            await _shake(context, wire, offer)
        yield speaker, await speaker.capabilities()


@contextlib.asynccontextmanager
async def in_clear(
    context: ProbeContext, *, through: Shell | None = None
) -> AsyncIterator[tuple[Dialogue, Capabilities]]:
    """
    A dialogue before TLS, with what was announced there.

    Raises:
        ProbeError: BLOCKED if the server turns us away.
    """
    async with dial(context, through=through) as wire:
        speaker = dialogue(wire, context.service.protocol, client_name(context))
        await _greeted(speaker, wire)
        yield speaker, await speaker.capabilities()


async def _greeted(speaker: Dialogue, wire: Wire) -> None:
    greeting = await speaker.greeting()
    if not _welcome(greeting):
        raise wire.error(Cause.BLOCKED, f"the server turns us away: {greeting}")


async def _shake(context: ProbeContext, wire: Wire, offer: TlsOffer | None) -> None:
    handshake = await wire.start_tls(offer or TlsOffer(), context.target.name)
    if not handshake.completed:
        raise wire.error(Cause.BLOCKED, f"the TLS handshake fails: {handshake.failure}")


FACTS = (
    FactSpec(
        "session",
        probe_session,
        SessionFacts,
        acts=lambda scope: (talks(scope.service, 1),),
        per_endpoint=True,
    ),
)
