"""
Knocks at mail ports that nobody declared, from a place that the target does not trust.
"""

import asyncio
import contextlib
import os

from mailvet.acts import OTHER_PORTS, Acts, Connections, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.ports import undeclared
from mailvet.facts.reach import ExposureFacts, PortState
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause
from mailvet.probes.standpoint import elsewhere
from mailvet.probes.wire import MAX_LINE, TlsOffer, Wire, dial
from mailvet.transcript import Transcript, readable

SILENCE = 3.0
"""Seconds for a word from a server behind a vantage, which does not tell when it is connected."""

AT_ONCE = 16
"""Connections tried at once; to closed ports they cost the server nothing."""

MAX_OTHERS = 50
"""Ports that are tried only because the servers hold them."""


async def probe_exposure(context: ProbeContext) -> ExposureFacts:
    """
    Which undeclared mail ports accept connections.

    Raises:
        ProbeError: VANTAGE without a place outside; BLOCKED if no declared port answers from
            there either, for then silence says nothing about the others.
    """
    place = await elsewhere(context)
    log = Transcript()
    limit = asyncio.Semaphore(AT_ONCE)
    wanted = undeclared(context.target, await _listening(context))
    declared = tuple(dict.fromkeys(each.port for each in context.target.endpoints))
    controls, states = await asyncio.gather(
        asyncio.gather(*(knock(context, place, port, limit, log) for port in declared)),
        asyncio.gather(*(knock(context, place, port, limit, log) for port in wanted)),
    )
    answering = tuple(each.port for each in controls if each.open)
    if not answering:
        detail = f"no declared port answers from {place}, so silence proves nothing"
        raise ProbeError(Cause.BLOCKED, detail, log.freeze())
    return ExposureFacts(str(place), answering, tuple(states), log.freeze())


async def _listening(context: ProbeContext) -> ListenerFacts | None:
    try:
        facts: ListenerFacts = await context.fact("listeners")
    except ProbeError:
        return None
    return facts


async def knock(
    context: ProbeContext, place: Standpoint, port: int, limit: asyncio.Semaphore, log: Transcript
) -> PortState:
    """
    Whether something accepts a connection to *port* from *place*.
    """
    async with limit:
        knocking = _through(context, place, port) if place.through else _direct(context, port)
        state = await knocking
    log.add("*", f"{'open' if state.open else 'closed'} {port}: {state.detail}")
    return state


async def _direct(context: ProbeContext, port: int) -> PortState:
    context.permit.connection(port)
    try:
        async with asyncio.timeout(context.connect_timeout):
            reader, writer = await asyncio.open_connection(
                context.target.address, port, limit=MAX_LINE
            )
    except TimeoutError:
        return PortState(port, False, f"no answer within {context.connect_timeout:g} s")
    except OSError as exc:
        return PortState(port, False, os.strerror(exc.errno).lower() if exc.errno else str(exc))
    said = b""
    try:
        with contextlib.suppress(TimeoutError, OSError, ValueError):
            async with asyncio.timeout(SILENCE):
                said = await reader.readline()
    finally:
        writer.transport.abort()
    return PortState(port, True, f"accepts connections, says {readable(said)[:120]!r}")


async def _through(context: ProbeContext, place: Standpoint, port: int) -> PortState:
    """
    Provokes an answer, because an SSH vantage shows no difference between silent and filtered.
    """
    try:
        async with dial(context, port=port, through=place.through) as wire:
            return await _provoke(wire, port)
    except PeerClosedError as exc:
        return PortState(port, True, f"accepts connections: {exc.detail}")
    except ProbeError as exc:
        if exc.cause is Cause.VANTAGE:
            raise
        return PortState(port, False, exc.detail)


async def _provoke(wire: Wire, port: int) -> PortState:
    try:
        line = await wire.line(timeout=SILENCE)
    except ProbeError as exc:
        if exc.cause is not Cause.TIMEOUT:
            raise
    else:
        return PortState(port, True, f"says {readable(line)[:120]!r}")
    handshake = await wire.start_tls(TlsOffer(), "")
    if handshake.completed:
        return PortState(port, True, f"speaks TLS ({handshake.version})")
    await wire.line(timeout=SILENCE)
    return PortState(port, True, "answers a TLS hello")


def _acts(scope: Scope) -> Acts:
    customary = undeclared(scope.target)
    return (
        *(talks(each, 1, anywhere=True) for each in scope.target.endpoints),
        *(Connections(port, 1, anywhere=True) for port in customary),
        Connections(OTHER_PORTS, MAX_OTHERS, anywhere=True),
    )


FACTS = (
    FactSpec(
        "exposure", probe_exposure, ExposureFacts, acts=_acts, needs=("standpoints", "listeners")
    ),
)
