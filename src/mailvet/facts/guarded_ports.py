"""
Ports that must be open to some hosts and closed to all others, seen from several places.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.reach import PortState
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Knock:
    """
    A guarded port, seen from one place.

    Attributes:
        place: Name of the place, with its address.
        admitted: Whether the port must be open to that address.
        state: What was seen; None if the place is of no use.
        failure: Why not: the target is not reached from there at all, or its address is not known.
    """

    place: str
    admitted: bool
    state: PortState | None
    failure: str = ""

    def __str__(self) -> str:
        if self.state is None:
            return f"{self.place}: {self.failure}"
        return f"{self.place}: {'open' if self.state.open else 'closed'} ({self.state.detail})"


@dataclass(frozen=True, slots=True)
class GuardedPort:
    """
    A port that only some hosts may use.

    Attributes:
        port: TCP port.
        addresses: Those that must be admitted, and nobody else.
        knocks: The port from each place.
        transcript: What was seen.
    """

    port: int
    addresses: tuple[str, ...]
    knocks: tuple[Knock, ...]
    transcript: tuple[Line, ...]

    @property
    def shut_out(self) -> tuple[Knock, ...]:
        """
        What was seen from places that must not be admitted.
        """
        return tuple(each for each in self.knocks if not each.admitted and each.state)

    @property
    def intruders(self) -> tuple[Knock, ...]:
        """
        Places that must not be admitted and are.
        """
        return tuple(each for each in self.shut_out if each.state and each.state.open)

    @property
    def guests(self) -> tuple[Knock, ...]:
        """
        What was seen from places that must be admitted.
        """
        return tuple(each for each in self.knocks if each.admitted and each.state)

    @property
    def useless(self) -> str:
        """
        Places that tell nothing, and why.
        """
        return "; ".join(f"{each}" for each in self.knocks if each.state is None)

    def strangers(self, sources: Iterable[str]) -> tuple[str, ...]:
        """
        Those of a firewall's *sources* that admit more than the declared addresses.
        """
        wanted = {ip_network(each) for each in self.addresses}
        return tuple(each for each in sources if _network(each) not in wanted)

    def missing(self, sources: Iterable[str]) -> tuple[str, ...]:
        """
        Declared addresses that none of a firewall's *sources* admits.
        """
        admitted = [each for source in sources if (each := _network(source)) is not None]
        return tuple(
            each
            for each in self.addresses
            if not any(ip_address(each) in network for network in admitted)
        )


def admission_faults(firewall: FirewallFacts, guarded: GuardedPort) -> tuple[str, ...]:
    """
    What firewalld admits to a guarded port beyond its declared addresses, and which of these not.
    """
    found: list[str] = []
    for permanent, when in ((False, "at run time"), (True, "permanently")):
        sources = firewall.sources(guarded.port, permanent=permanent)
        found += [f"admits {each} {when}" for each in guarded.strangers(sources)]
        found += [f"does not admit {each} {when}" for each in guarded.missing(sources)]
    return tuple(found)


def admitted_only(firewall: FirewallFacts, guarded: GuardedPort) -> Judgement:
    """
    Whether firewalld admits the declared addresses to a port, now and permanently, and no others.
    """
    wanted = ", ".join(guarded.addresses)
    expected = f"port {guarded.port} admitted for {wanted} and nobody else"
    if not firewall.running:
        return judge(False, observed="firewalld does not run", expected=expected)
    found = admission_faults(firewall, guarded)
    sources = ", ".join(firewall.sources(guarded.port, permanent=True))
    return judge(not found, observed="; ".join(found) or sources, expected=expected)


def open_to_guests(guarded: GuardedPort, guests: str) -> Judgement:
    """
    Whether a port takes connections from those who may use it, called *guests*.
    """
    expected = f"port {guarded.port} takes connections from {guests}"
    if not guarded.guests:
        observed = guarded.useless or f"no place to probe from is that of {guests}"
        return unverified(Cause.VANTAGE, observed=observed, expected=expected)
    seen = "; ".join(f"{each}" for each in guarded.guests)
    taken = all(each.state and each.state.open for each in guarded.guests)
    return judge(taken, observed=seen, expected=expected)


def closed_to_others(guarded: GuardedPort, guests: str) -> Judgement:
    """
    Whether a port takes no connection from anybody else than *guests*, seen from such places.
    """
    expected = f"port {guarded.port} takes no connection from anybody but {guests}"
    if guarded.intruders:
        observed = "; ".join(f"{each}" for each in guarded.intruders)
        return judge(False, observed=observed, expected=expected)
    if not guarded.shut_out:
        observed = guarded.useless or f"every place to probe from is that of {guests}"
        return unverified(Cause.VANTAGE, observed=observed, expected=expected)
    observed = "; ".join(f"{each}" for each in guarded.shut_out)
    return judge(True, observed=observed, expected=expected)


def _network(source: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(source)
    except ValueError:
        return None
