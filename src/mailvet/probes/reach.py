"""
Knocks at the declared services; that one does not answer is an observation here, not an error.
"""

import asyncio
import dataclasses
import errno
import socket

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, Lane, ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.reach import CONNECTED, Attempt, Outcome, ReachabilityFacts, ReachFacts, speaks
from mailvet.model import Cause, Endpoint, Security, Shell, Vantage
from mailvet.probes.dialogue import dialogue
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, Wire, dial
from mailvet.transcript import Transcript

OUR_SIDE = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES})
"""Errors that tell of our own network and nothing of the target."""


async def probe_reach(context: ProbeContext) -> ReachFacts:
    """
    One connection to each address of the target, up to the greeting.

    What does not answer a direct connection is tried from outside as well: networks in between
    block port 25 more often than mail hosts do.

    Raises:
        ProbeError: UNREACHABLE if the name does not resolve or we have no way to any address.
    """
    log = Transcript()
    attempts: list[Attempt] = []
    failures: list[ProbeError] = []
    for address in await addresses(context):
        try:
            attempts += await _knock_at(context, address, log)
        except ProbeError as exc:
            failures.append(exc)
    if not attempts:
        raise failures[0]
    return ReachFacts(tuple(attempts), log.freeze())


async def probe_reachability(context: ProbeContext) -> ReachabilityFacts:
    """
    Whether each of the declared services accepts connections.

    Knocks beside the lane of the other probes: services that accept and then hang fill that, and
    this is the answer that the administrator needs first.

    Raises:
        ProbeError: UNREACHABLE if the name does not resolve or we have no way to any address.
    """
    log = Transcript()
    beside = dataclasses.replace(context, lane=Lane())
    found = await asyncio.gather(
        *(_accepts(beside, each, log) for each in context.target.endpoints)
    )
    return ReachabilityFacts(tuple(found), log.freeze())


async def _accepts(
    context: ProbeContext, service: Endpoint, log: Transcript
) -> tuple[str, int, bool]:
    vantage = context.target.vantages.get(Vantage.OUTSIDE)
    try:
        async with dial(context, port=service.port, transcript=log):
            return service.name, service.port, True
    except ProbeError as exc:
        if vantage is None and _ours(exc):
            raise
    if vantage is None:
        return service.name, service.port, False
    try:
        async with dial(context, port=service.port, through=vantage, transcript=log) as wire:
            await _speak_up(wire, service, context.target.name)
    except PeerClosedError:
        return service.name, service.port, True
    except ProbeError:
        return service.name, service.port, False
    return service.name, service.port, True


async def _speak_up(wire: Wire, service: Endpoint, name: str) -> None:
    """
    Makes the server say something: through a vantage nothing else shows that it is connected.
    """
    if service.security is Security.IMPLICIT_TLS:
        handshake = await wire.start_tls(TlsOffer(), name)
        if not handshake.completed:
            raise wire.error(Cause.BLOCKED, handshake.failure)
    else:
        await wire.line()


async def addresses(context: ProbeContext) -> tuple[str, ...]:
    """
    The addresses of the target.

    Raises:
        ProbeError: UNREACHABLE if its name does not resolve.
    """
    name = context.target.address
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as exc:
        raise ProbeError(Cause.UNREACHABLE, f"{name} does not resolve: {exc.strerror}") from exc
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def at(context: ProbeContext, address: str) -> ProbeContext:
    """
    The same context, but the target is reached at *address*.
    """
    return dataclasses.replace(context, target=dataclasses.replace(context.target, address=address))


async def _knock_at(context: ProbeContext, address: str, log: Transcript) -> list[Attempt]:
    direct = await _attempt(at(context, address), "direct", None, log)
    vantage = context.target.vantages.get(Vantage.OUTSIDE)
    if direct.outcome in CONNECTED or vantage is None:
        return [direct]
    try:
        outside = await _attempt(at(context, address), Vantage.OUTSIDE.value, vantage, log)
    except ProbeError:
        return [direct]
    return [direct, outside]


async def _attempt(
    context: ProbeContext, place: str, through: Shell | None, log: Transcript
) -> Attempt:
    address = context.target.address
    try:
        async with dial(context, through=through, transcript=log) as wire:
            return await _greeted(context, place, wire)
    except PeerClosedError as exc:
        return Attempt(place, address, Outcome.ELSE, exc.detail)
    except ProbeError as exc:
        if exc.cause is Cause.VANTAGE or _ours(exc):
            raise
        # A vantage says the same for "refused" and "filtered"; both mean that nobody answers.
        timed_out = exc.cause is Cause.TIMEOUT
        outcome = Outcome.UNANSWERED if timed_out else Outcome.REFUSED
        return Attempt(place, address, outcome, exc.detail)


async def _greeted(context: ProbeContext, place: str, wire: Wire) -> Attempt:
    service = context.service
    address = context.target.address
    try:
        if service.security is Security.IMPLICIT_TLS:
            handshake = await wire.start_tls(TlsOffer(), context.target.name)
            if not handshake.completed:
                return Attempt(place, address, Outcome.NO_TLS, f"no TLS: {handshake.failure}")
        greeting = await dialogue(wire, service.protocol, client_name(context)).greeting()
    except PeerClosedError:
        raise
    except ProbeError as exc:
        silent = exc.cause is Cause.TIMEOUT
        return Attempt(place, address, Outcome.SILENT if silent else Outcome.ELSE, exc.detail)
    good = speaks(service.protocol, greeting)
    return Attempt(
        place, address, Outcome.GREETED if good else Outcome.ELSE, str(greeting)[:200], greeting
    )


def _ours(exc: ProbeError) -> bool:
    reason = exc.__cause__
    return isinstance(reason, socket.gaierror) or (
        isinstance(reason, OSError) and reason.errno in OUR_SIDE
    )


def _knocks(endpoint: Endpoint) -> Acts:
    return (talks(endpoint, 1), talks(endpoint, 1, anywhere=True))


def _acts(scope: Scope) -> Acts:
    return tuple(act for each in scope.target.endpoints for act in _knocks(each))


FACTS = (
    FactSpec(
        "reach",
        probe_reach,
        ReachFacts,
        acts=lambda scope: _knocks(scope.service),
        per_endpoint=True,
    ),
    FactSpec("reachability", probe_reachability, ReachabilityFacts, acts=_acts),
)
