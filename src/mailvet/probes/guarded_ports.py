"""
Knocks at ports that only some hosts may use, from everywhere that the inventory gives.
"""

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address

from mailvet.acts import Acts, Connections, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.guarded_ports import GuardedPort, Knock
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Target
from mailvet.probes.exposure import AT_ONCE, knock
from mailvet.probes.reach import addresses, at
from mailvet.transcript import Transcript


async def probe_replication_port(context: ProbeContext) -> GuardedPort:
    """
    The port on which the partner comes.

    Raises:
        ProbeError: BLOCKED if neither profile nor inventory says who the partner is.
    """
    expect = context.target.expect.replication
    declared = expect.partner_addresses or _address(context.target.partner)
    hint = f"add partner to [hosts.{context.target.key}]"
    return await _guarded(context, expect.port, declared, hint)


async def probe_lmtp_port(context: ProbeContext) -> GuardedPort:
    """
    The port on which SMTP servers deliver.

    Raises:
        ProbeError: BLOCKED if neither profile nor inventory says who they are.
    """
    expect = context.target.expect.lmtp
    declared = expect.client_addresses or _address(context.target.mta)
    hint = f"add mta to [hosts.{context.target.key}], or expect.lmtp.client_addresses"
    return await _guarded(context, expect.port, declared, hint)


def _address(neighbour: Target | None) -> tuple[str, ...]:
    return (neighbour.address,) if neighbour else ()


async def _guarded(
    context: ProbeContext, port: int, declared: Iterable[str], hint: str
) -> GuardedPort:
    admitted: list[str] = []
    for name in declared:
        admitted += await addresses(at(context, name))
    if not admitted:
        raise ProbeError(Cause.BLOCKED, f"nobody says who may connect to port {port}: {hint}")
    facts: StandpointFacts = await context.fact("standpoints")
    log = Transcript()
    places = [each for each in facts.standpoints if not each.on_host]
    limit = asyncio.Semaphore(AT_ONCE)
    knocks = await asyncio.gather(
        *(_knock(context, each, port, admitted, limit, log) for each in places)
    )
    return GuardedPort(port, tuple(dict.fromkeys(admitted)), tuple(knocks), log.freeze())


async def _knock(
    context: ProbeContext,
    place: Standpoint,
    port: int,
    admitted: list[str],
    limit: asyncio.Semaphore,
    log: Transcript,
) -> Knock:
    if place.failure or not place.address:
        # That another service answers there shows that silence is about this port.
        failure = place.failure or "the target does not say which address it sees"
        return Knock(f"{place}", admitted=False, state=None, failure=failure)
    welcome = ip_address(place.address) in {ip_address(each) for each in admitted}
    try:
        state = await knock(context, place, port, limit, log)
    except ProbeError as exc:
        return Knock(f"{place}", welcome, None, exc.detail)
    return Knock(f"{place}", welcome, state)


def _acts_of_replication(scope: Scope) -> Acts:
    return _acts(scope, scope.target.expect.replication.port)


def _acts_of_lmtp(scope: Scope) -> Acts:
    return _acts(scope, scope.target.expect.lmtp.port)


def _acts(scope: Scope, port: int) -> Acts:
    return (Connections(port, 1 + len(scope.target.vantages), anywhere=True),)


FACTS = (
    FactSpec(
        "replication_port",
        probe_replication_port,
        GuardedPort,
        acts=_acts_of_replication,
        needs=("standpoints",),
    ),
    FactSpec(
        "lmtp_port",
        probe_lmtp_port,
        GuardedPort,
        acts=_acts_of_lmtp,
        needs=("standpoints",),
    ),
)
