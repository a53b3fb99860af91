"""
Knocks at the TCP ports of Dovecot's authentication service, where it has any.
"""

import asyncio

from mailvet.acts import OTHER_PORTS, Acts, Connections, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.auth_exposure import (
    AuthExposureFacts,
    AuthPlace,
    auth_listeners,
    on_loopback,
)
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.probes.exposure import knock
from mailvet.probes.standpoint import elsewhere
from mailvet.transcript import Transcript

MAX_PORTS = 5
"""Authentication ports that are tried."""

MAX_CONTROLS = 2
"""Declared ports that are tried, to see that anything answers."""


async def probe_auth_exposure(context: ProbeContext) -> AuthExposureFacts:
    """
    From outside, and from a trusted network if there is a way there: both are not Postfix's host.

    Raises:
        ProbeError: There is no root shell on the target, no Dovecot, or no place to knock from.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    found = auth_listeners(dovecot)
    words = tuple(f"{each.address or '*'} port {each.port}" for each in found)
    ports = tuple(dict.fromkeys(each.port for each in found if not on_loopback(each)))[:MAX_PORTS]
    if not ports:
        return AuthExposureFacts(words, (), (), ())
    log = Transcript()
    places = await asyncio.gather(
        *(_seen_from(context, each, ports, log) for each in await _places(context))
    )
    return AuthExposureFacts(words, ports, tuple(places), log.freeze())


async def _places(context: ProbeContext) -> tuple[Standpoint, ...]:
    best = await elsewhere(context)
    facts: StandpointFacts = await context.fact("standpoints")
    usable = [each for each in facts.standpoints if not each.failure and not each.on_host]
    inner = [each for each in usable if each.trusted and each.name != "mta" and each != best]
    return (best, *inner[:1])


async def _seen_from(
    context: ProbeContext, place: Standpoint, ports: tuple[int, ...], log: Transcript
) -> AuthPlace:
    limit = asyncio.Semaphore(MAX_PORTS)
    declared = tuple(dict.fromkeys(each.port for each in context.target.endpoints))[:MAX_CONTROLS]
    states = await asyncio.gather(
        *(knock(context, place, port, limit, log) for port in (*declared, *ports))
    )
    controls, tried = states[: len(declared)], states[len(declared) :]
    return AuthPlace(f"{place}", any(each.open for each in controls), tuple(tried))


def _acts(scope: Scope) -> Acts:
    return (
        *(talks(each, 2, anywhere=True) for each in scope.target.endpoints[:MAX_CONTROLS]),
        Connections(OTHER_PORTS, 2 * MAX_PORTS, anywhere=True),
    )


FACTS = (
    FactSpec(
        "auth_exposure",
        probe_auth_exposure,
        AuthExposureFacts,
        acts=_acts,
        needs=("dovecot", "standpoints"),
    ),
)
