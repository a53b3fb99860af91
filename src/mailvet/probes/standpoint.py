"""
Finds out from where the target can be probed, and how far it trusts each of these places.
"""

import asyncio
import contextlib
import dataclasses
import socket
from dataclasses import dataclass

from mailvet.acts import Act, Acts, Commands, Scope, VantageCommands, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.networks import NetworkFacts
from mailvet.facts.relay import is_relay_denial
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import (
    DIRECT,
    Standpoint,
    StandpointFacts,
    contained,
    peer_addresses,
    source_of_route,
)
from mailvet.model import Cause, Endpoint, Protocol, Security, Shell, Target
from mailvet.probes import shell
from mailvet.probes.dialogue import Smtp
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, Wire, dial
from mailvet.transcript import Transcript

_SSH_CLIENT = r"""
process=$$
while [ "$process" -gt 1 ]; do
    found=$(tr '\0' '\n' 2>/dev/null <"/proc/$process/environ" | sed -n 's/^SSH_CONNECTION=//p')
    if [ -n "$found" ]; then echo "$found"; break; fi
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
done"""
"""Prints $SSH_CONNECTION, which sudo removes from its own environment but not from its parents'."""


async def outside(context: ProbeContext) -> Standpoint:
    """
    The best place that the target certainly does not trust, the direct one if it is such a place.

    Raises:
        ProbeError: VANTAGE if there is none.
    """
    return await _chosen(context, certain=True)


async def elsewhere(context: ProbeContext) -> Standpoint:
    """
    The best place that is neither the target itself nor known to be trusted.

    For services that know nothing of mynetworks: what Dovecot refuses there it refuses everywhere.

    Raises:
        ProbeError: VANTAGE if there is none.
    """
    return await _chosen(context, certain=False)


async def inside(context: ProbeContext) -> Standpoint:
    """
    The best place on another host whose clients the target must let relay.

    Raises:
        ProbeError: VANTAGE if there is none.
    """
    facts: StandpointFacts = await context.fact("standpoints")
    usable = [each for each in facts.standpoints if not each.failure and not each.on_host]
    found = next((each for each in usable if each.trusted), None)
    if found is None:
        seen = "; ".join(f"{each}" for each in facts.standpoints)
        detail = (
            f"no place inside the trusted networks to probe from, but {seen}: add "
            f"[hosts.{context.target.key}.vantages.inside]"
        )
        raise ProbeError(Cause.VANTAGE, detail)
    return found


async def _chosen(context: ProbeContext, *, certain: bool) -> Standpoint:
    facts: StandpointFacts = await context.fact("standpoints")
    found = facts.best_outside(certain=certain)
    if found is not None:
        return found
    if all(each.failure for each in facts.standpoints):
        detail = "; ".join(each.why_not_outside() for each in facts.standpoints)
        raise ProbeError(Cause.UNREACHABLE, detail, facts.transcript)
    undeclared = not context.target.expect.relay.trusted_networks
    declare = "declare expect.relay.trusted_networks, or " if undeclared else ""
    detail = (
        f"{facts.why_none_outside()}; {declare}add [hosts.{context.target.key}.vantages.outside]"
    )
    raise ProbeError(Cause.VANTAGE, detail, facts.transcript)


@dataclass(frozen=True, slots=True)
class _Place:
    """
    A place before anything is known about it.
    """

    name: str
    through: Shell | None


async def probe_standpoints(context: ProbeContext) -> StandpointFacts:
    """
    Every place that the inventory names, with the address that the target sees of it.
    """
    places = [_Place(DIRECT, None)]
    places += [_Place(name.value, each) for name, each in context.target.vantages.items()]
    networks = await _networks(context)
    log = Transcript()
    found = await asyncio.gather(*(_explore(context, each, networks, log) for each in places))
    return StandpointFacts(tuple(found), log.freeze())


async def _networks(context: ProbeContext) -> NetworkFacts | None:
    if "postfix" not in context.target.roles and not context.target.discover:
        return None
    try:
        facts: NetworkFacts = await context.fact("networks")
    except ProbeError:
        return None
    return facts


async def _explore(
    context: ProbeContext, place: _Place, networks: NetworkFacts | None, log: Transcript
) -> Standpoint:
    own = await own_addresses(context)
    failures: list[str] = []
    for endpoint in _doors(context.target):
        try:
            async with dial(context, port=endpoint.port, through=place.through) as wire:
                await _knock(context, endpoint, wire)
                address = await _seen_address(context, place, wire, endpoint.port)
        except ProbeError as exc:
            failures.append(exc.detail)
            continue
        log.add("*", f"{place.name}: the target sees {address or 'an unknown address'}")
        return await _judged(context, _placed(context, place, address, own, networks))
    reason = failures[0] if failures else "the profile declares no service to connect to"
    log.add("*", f"{place.name}: {reason}")
    return Standpoint(place.name, place.through, "", failure=reason)


async def _knock(context: ProbeContext, endpoint: Endpoint, wire: Wire) -> None:
    """
    Waits for the server to speak: only then is a connection through a vantage known to stand.
    """
    if endpoint.security is not Security.IMPLICIT_TLS:
        await wire.line()
        return
    handshake = await wire.start_tls(TlsOffer(), context.target.name)
    if not handshake.completed:
        raise wire.error(Cause.BLOCKED, f"port {endpoint.port}: {handshake.failure}")


def _doors(target: Target) -> list[Endpoint]:
    smtp_first = sorted(target.endpoints, key=lambda each: each.protocol != Protocol.SMTP)
    return smtp_first[:3]


def _placed(
    context: ProbeContext,
    place: _Place,
    address: str,
    own: frozenset[str],
    networks: NetworkFacts | None,
) -> Standpoint:
    trusted = context.target.expect.relay.trusted_networks
    return Standpoint(
        place.name,
        place.through,
        address,
        on_host=address in own,
        declared_trusted=contained(address, trusted),
        declared=bool(trusted),
        in_mynetworks=networks.contains(address) if networks else None,
    )


def _smtp(target: Target) -> list[Endpoint]:
    return [each for each in target.endpoints if each.protocol is Protocol.SMTP][:1]


async def _judged(context: ProbeContext, place: Standpoint) -> Standpoint:
    """
    Asks the server where neither the profile nor the host's configuration tells.
    """
    smtp = _smtp(context.target)
    if place.outside is not None or not smtp:
        return place
    try:
        reply = await _try_to_relay(context, place, smtp[0])
    except ProbeError:
        return place
    denied = is_relay_denial(reply)
    return dataclasses.replace(
        place, relay_reply=reply, relay_denied=denied if denied or reply.positive else None
    )


async def _try_to_relay(context: ProbeContext, place: Standpoint, smtp: Endpoint) -> Reply:
    sender, recipient = context.target.expect.relay.foreign_domains[:2]
    async with dial(context, port=smtp.port, through=place.through) as wire:
        speaker = Smtp(wire, client_name=client_name(context))
        await speaker.greeting()
        await speaker.capabilities()
        await speaker.command(f"MAIL FROM:<probe@{sender}>")
        reply = await speaker.command(f"RCPT TO:<probe@{recipient}>")
        await speaker.quit()
        return reply


async def own_addresses(context: ProbeContext) -> frozenset[str]:
    """
    The addresses under which the target is known.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(context.target.address, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset({context.target.address})
    return frozenset(str(each[4][0]) for each in found)


async def literal_address(context: ProbeContext) -> str:
    """
    An address of the target as an address literal (RFC 5321 §4.1.3), IPv4 if it has one.
    """
    address = min(await own_addresses(context), key=lambda each: ":" in each)
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


async def _seen_address(context: ProbeContext, place: _Place, wire: Wire, port: int) -> str:
    """
    The source address of *wire* as the target sees it.

    What we believe counts only if the target lists it among the peers of that port while the
    connection is open: there may be address translation or a jump host in between.
    """
    candidates = [await _vantage_address(context, place) if place.through else wire.local_address]
    try:
        script = f"ss -Htn state established '( sport = :{port} )'; echo @@ssh{_SSH_CLIENT}"
        seen = await shell.run(context, script, title="ss -Htn; echo $SSH_CONNECTION")
    except ProbeError:
        return candidates[0]
    if place.through is None:
        candidates += seen.part("ssh", "").stdout.split()[:1]
    peers = peer_addresses(seen.stdout.partition("@@ssh")[0])
    if not peers:
        # Without a list nothing can be confirmed; the SSH client's address is the better guess.
        return candidates[-1]
    confirmed = [each for each in candidates if each in peers]
    return confirmed[0] if confirmed else ""


async def _vantage_address(context: ProbeContext, place: _Place) -> str:
    """
    The source address that the vantage's routes choose; empty if it does not tell.
    """
    assert place.through is not None  # noqa: S101
    context.permit.vantage_command("ip route get")
    address = min(await own_addresses(context), key=lambda each: ":" in each)
    host = place.through.connection.partition("?")[0]
    config = ("-F", place.through.ssh_config) if place.through.ssh_config else ()
    options = ("-o", "BatchMode=yes", "-o", f"ConnectTimeout={context.connect_timeout:.0f}")
    process = await asyncio.create_subprocess_exec(
        "ssh", *config, *options, "--", host, f"ip -o route get {shell.quote(address)}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(2 * context.connect_timeout):
            output, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    return source_of_route(output.decode(errors="replace"))


def _acts(scope: Scope) -> Acts:
    vantages = len(scope.target.vantages)
    found: list[Act] = []
    for endpoint in _doors(scope.target):
        found += [talks(endpoint, 1), talks(endpoint, vantages, anywhere=True)]
    for endpoint in _smtp(scope.target):
        found += [
            talks(endpoint, 1, "MAIL", "RCPT"),
            talks(endpoint, vantages, "MAIL", "RCPT", anywhere=True),
        ]
    found.append(Commands("connections of the mail services, to see our own address", 1 + vantages))
    return (*found, VantageCommands("the route to the target"))


FACTS = (
    FactSpec("standpoints", probe_standpoints, StandpointFacts, acts=_acts, needs=("networks",)),
)
