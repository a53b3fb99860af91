"""
Lists the host's listening sockets.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.listeners import ListenerFacts, parse_addresses, parse_listeners
from mailvet.model import Cause
from mailvet.probes.shell import run


async def probe_listeners(context: ProbeContext) -> ListenerFacts:
    """
    Who listens where.

    Raises:
        ProbeError: TOOL if ss is missing or prints nothing.
    """
    sockets = await run(context, "ss -Htlnpe", title="ss -Htlnpe")
    if sockets.status != 0 or not sockets.stdout.strip():
        reason = sockets.complaints[-1] if sockets.complaints else "it lists no socket"
        raise ProbeError(Cause.TOOL, f"ss -Htlnpe: {reason}")
    addresses = await run(context, "ip -o addr", title="ip -o addr")
    return ListenerFacts(
        parse_listeners(sockets.stdout),
        tuple(address for _, address in parse_addresses(addresses.stdout)),
        (sockets.evidence(), addresses.evidence()),
    )


FACTS = (
    FactSpec(
        "listeners",
        probe_listeners,
        ListenerFacts,
        acts=reads("listening sockets, addresses", most=2),
    ),
)
