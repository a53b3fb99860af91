"""
Goes on with sessions of TLS 1.2, and changes its mind about Extended Master Secret between.
"""

import asyncio
import dataclasses

from mailvet.acts import talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.facts.offers import TLS12
from mailvet.facts.resumption import ResumptionFacts
from mailvet.facts.tls import Handshake
from mailvet.model import Cause
from mailvet.probes.handshake import Session, TlsOffer, session_home
from mailvet.probes.tls import before_handshake, require_tls, speaks_tls12
from mailvet.transcript import Line

CONNECTIONS = 5
"""Two that begin a session, and three that want to go on with one."""

_Said = tuple[Handshake, tuple[Line, ...]]


async def probe_resumption(context: ProbeContext) -> ResumptionFacts:
    """
    A session with Extended Master Secret and one without, and what the server goes on with.

    Raises:
        ProbeError: The server turns us away, or TLS 1.2 does not come about with our own library.
    """
    await require_tls(context)
    if not await speaks_tls12(context):
        reason = "the server accepts TLS 1.3 only, which binds every session by itself"
        return ResumptionFacts(None, None, None, None, reason, ())
    usual = TlsOffer(minimum=TLS12, maximum=TLS12)
    usual = dataclasses.replace(usual, home=session_home(usual))
    plain = dataclasses.replace(usual, ems=False)
    begun = await asyncio.gather(_begin(context, usual), _begin(context, plain))
    (bound, first), (unbound, second) = begun
    if bound is None:
        reason = "no session of TLS 1.2 has Extended Master Secret"
        return ResumptionFacts(second[0], None, None, None, reason, (*first[1], *second[1]))
    said = await asyncio.gather(
        _in_turn(
            context,
            dataclasses.replace(usual, session=bound),
            dataclasses.replace(plain, session=bound),
        ),
        _in_turn(context, *([dataclasses.replace(usual, session=unbound)] if unbound else [])),
    )
    (alike, dropped), *gained = said[0], *said[1]
    lines = (line for _, some in (first, second, alike, dropped, *gained) for line in some)
    return ResumptionFacts(
        second[0], alike[0], dropped[0], gained[0][0] if gained else None, "", tuple(lines)
    )


async def _in_turn(context: ProbeContext, *offers: TlsOffer) -> list[_Said]:
    """
    One after the other: OpenSSL offers a session no more that a server has refused.
    """
    return [await _go_on(context, each) for each in offers]


async def _begin(context: ProbeContext, offer: TlsOffer) -> tuple[Session | None, _Said]:
    """
    A session to go on with, if it has, or has not, Extended Master Secret as we want it.
    """
    async with before_handshake(context) as wire:
        wire.transcript.add("*", f"a session of TLS 1.2 {_words(offer)}")
        handshake = await wire.start_tls(offer, context.target.name)
        if offer.ems and not handshake.completed:
            raise wire.error(Cause.BLOCKED, str(handshake))
        wanted = handshake.completed and handshake.offered_ems == offer.ems == handshake.ems
        session = await wire.end_tls() if wanted else None
        return session, (handshake, wire.transcript.freeze())


async def _go_on(context: ProbeContext, offer: TlsOffer) -> _Said:
    async with before_handshake(context) as wire:
        wire.transcript.add("*", f"wants to go on with a session, {_words(offer)}")
        handshake = await wire.start_tls(offer, context.target.name)
        wire.transcript.add("*", "the session goes on" if handshake.resumed else "it does not")
        if handshake.completed:
            await wire.end_tls()
        return handshake, wire.transcript.freeze()


def _words(offer: TlsOffer) -> str:
    return f"{'with' if offer.ems else 'without'} Extended Master Secret"


FACTS = (
    FactSpec(
        "resumption",
        probe_resumption,
        ResumptionFacts,
        acts=lambda scope: (talks(scope.service, CONNECTIONS),),
        needs=("session", "versions"),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
)
