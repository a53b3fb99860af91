"""
Holds a mail host against benchmarks that were not made for mail hosts; asks nothing of its own.
"""

from collections.abc import Iterable

from mailvet.acts import nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts import benchmarks
from mailvet.facts.benchmarks import BenchmarkFacts, Case, Measurement
from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.packages import PackageFacts
from mailvet.facts.ports import DOVECOT_PROTOCOLS, of_dovecot, of_postfix
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.reach import ReachabilityFacts
from mailvet.facts.relay import RelayFacts, SubmissionRelayFacts
from mailvet.facts.units import UnitFacts
from mailvet.model import Benchmark, Endpoint, Protocol


async def probe_benchmarks(context: ProbeContext) -> BenchmarkFacts:
    """
    Each rule that concerns one of the target's roles.

    Raises:
        ProbeError: The configuration, or what listens, could not be read.
    """
    found: list[Benchmark] = []
    if "postfix" in context.target.roles:
        found += [*await _clients(context), await _local(context)]
    if "dovecot" in context.target.roles:
        found.append(await _access(context))
    return BenchmarkFacts(tuple(sorted(found, key=lambda each: each.control)))


async def _clients(context: ProbeContext) -> list[Benchmark]:
    """
    The rule about clients, unless nobody but the host itself can be one.
    """
    listeners: ListenerFacts = await context.fact("listeners")
    senders = _senders(context)
    if not senders and not listeners.nameless and not listeners.ports("postfix", loopback=False):
        return []
    postfix: PostfixConfig = await context.fact("postfix")
    value = postfix.setting("smtpd_client_restrictions")
    case = Case(
        benchmarks.CLIENTS,
        context.target.key,
        _role(context, senders, "takes mail"),
        benchmarks.client_setting(value),
        benchmarks.literal(value),
    )
    return [case.settled(await _relaying(context))]


async def _local(context: ProbeContext) -> Benchmark:
    interfaces: InterfaceFacts = await context.fact("interfaces")
    setting, local = benchmarks.local_setting(interfaces)
    senders = _senders(context)
    role = _role(context, senders, "takes mail")
    case = Case(benchmarks.LOCAL, context.target.key, role, setting, local)
    if local:
        return case.settled(await _closed(context, senders))
    listeners: ListenerFacts = await context.fact("listeners")
    # Further listeners that are declared need not be open to the network.
    wanted = {each.port for each in senders} - listeners.ports("dovecot", loopback=False)
    allowed = of_postfix(context.target)
    only = benchmarks.listening_measured(listeners, "postfix", frozenset(wanted), allowed)
    return case.settled(benchmarks.together((only, await _relaying(context))))


async def _access(context: ProbeContext) -> Benchmark:
    units: UnitFacts = await context.fact("units")
    packages: PackageFacts = await context.fact("packages")
    setting, absent = benchmarks.access_setting(units, packages)
    readers = [each for each in context.target.endpoints if each.protocol in DOVECOT_PROTOCOLS]
    role = _role(context, readers, "lets users read mail")
    # Dovecot may be there for Postfix alone, which asks it for passwords or hands it mail.
    role = role or "the host is declared to use Dovecot"
    case = Case(benchmarks.ACCESS, context.target.key, role, setting, absent)
    if absent:
        return case.settled(await _closed(context, readers))
    listeners: ListenerFacts = await context.fact("listeners")
    wanted = frozenset(each.port for each in readers)
    allowed = of_dovecot(context.target) | {each.port for each in _senders(context)}
    return case.settled(benchmarks.listening_measured(listeners, "dovecot", wanted, allowed))


def _senders(context: ProbeContext) -> list[Endpoint]:
    return [each for each in context.target.endpoints if each.protocol not in DOVECOT_PROTOCOLS]


def _role(context: ProbeContext, services: list[Endpoint], does: str) -> str:
    """
    What the host is there for; empty if it is declared to have none of *services*.
    """
    ports = ", ".join(str(each.port) for each in services)
    domain = context.target.expect.mail.domain
    whose = f" of {domain}" if domain else ""
    return f"the host is declared to be a mail server{whose} and {does} on {ports}" if ports else ""


async def _closed(context: ProbeContext, services: Iterable[Endpoint]) -> Measurement:
    try:
        facts: ReachabilityFacts = await context.fact("reachability")
    except ProbeError as exc:
        return Measurement((), ((exc.cause, exc.detail),))
    return benchmarks.closed_measured(services, facts.services)


async def _relaying(context: ProbeContext) -> Measurement:
    return benchmarks.together([await _relay_at(context, each) for each in _senders(context)])


async def _relay_at(context: ProbeContext, endpoint: Endpoint) -> Measurement:
    try:
        if endpoint.protocol is Protocol.SMTP:
            relay: RelayFacts = await context.fact("relay", endpoint)
            return benchmarks.relay_measured(endpoint, relay)
        facts: SubmissionRelayFacts = await context.fact("submission_relay", endpoint)
    except ProbeError as exc:
        return Measurement((), ((exc.cause, f"port {endpoint.port}: {exc.detail}"),))
    return benchmarks.submission_measured(endpoint, facts)


FACTS = (
    FactSpec(
        "benchmarks",
        probe_benchmarks,
        BenchmarkFacts,
        acts=nothing,
        needs=(
            "postfix",
            "interfaces",
            "listeners",
            "units",
            "packages",
            "reachability",
            "relay",
            "submission_relay",
        ),
    ),
)
