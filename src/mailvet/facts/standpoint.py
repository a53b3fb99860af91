"""
The places from which the target is probed, and how far it trusts each of them.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import pairwise

from mailvet.facts.replies import Reply
from mailvet.model import Shell, Vantage
from mailvet.transcript import Line

NEIGHBOURS = frozenset({Vantage.PARTNER.value, Vantage.MTA.value})
"""Places to which ports are open that are closed to everybody else."""

DIRECT = "direct"
"""Name of the place where the suite itself runs."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """
    A place from which the target can be probed.

    Attributes:
        name: ``direct``, or the name of the vantage in the inventory.
        through: The vantage to connect through; None for a direct connection.
        address: Its source address as the target sees it; empty if that is not known.
        on_host: Whether that is an address of the target itself, which Dovecot takes for secured.
        declared_trusted: Whether the profile's trusted networks contain it.
        declared: Whether the profile declares trusted networks at all.
        in_mynetworks: Whether the host's own mynetworks contain it, ranges as wide as the Internet
            left aside; None if that cannot be known.
        relay_reply: The reply to an attempt to relay from there, made only where nothing else
            tells whether the place is trusted.
        relay_denied: Whether that reply refuses relaying; None if no attempt was made, or if the
            reply was about something else.
        failure: Why the target cannot be reached from there; empty if it can.
    """

    name: str
    through: Shell | None
    address: str
    on_host: bool = False
    declared_trusted: bool = False
    declared: bool = False
    in_mynetworks: bool | None = None
    relay_reply: Reply | None = None
    relay_denied: bool | None = None
    failure: str = ""

    @property
    def outside(self) -> bool | None:
        """
        Whether a refusal seen from there says what a stranger sees; None if that is not known.

        The declaration decides: a place that it does not trust is outside, however wide the
        host's own mynetworks are. Without one the host's mynetworks decide, and without these the
        server's answer: who is refused relaying is not trusted.
        """
        if self.on_host:
            return False
        if self.declared and self.address:
            return not self.declared_trusted
        if self.in_mynetworks is not None:
            return not self.in_mynetworks
        return True if self.relay_denied else None

    @property
    def trusted(self) -> bool | None:
        """
        Whether it is a place whose clients may relay without a password; None if not known.
        """
        if self.declared and self.address:
            return self.declared_trusted
        return self.in_mynetworks

    def __str__(self) -> str:
        return f"{self.name} ({self.address or 'source address unknown'})"

    def why_not_outside(self) -> str:
        """
        Why a refusal seen from there proves nothing, in words for the administrator.
        """
        if self.failure:
            return f"{self.name}: {self.failure}"
        if self.on_host:
            return f"{self}: is the target itself"
        if self.outside is False:
            by = "the profile" if self.declared_trusted else "the host's mynetworks"
            return f"{self}: is in a network that {by} trusts"
        if self.relay_reply is not None and self.relay_reply.positive:
            return f"{self}: may relay, so the server is open to all or trusts this place"
        reply = f" ({self.relay_reply})" if self.relay_reply else ""
        return f"{self}: neither the profile nor the server says whether it is trusted{reply}"


@dataclass(frozen=True, slots=True)
class StandpointFacts:
    """
    All places from which the target can be probed, the direct one first.
    """

    standpoints: tuple[Standpoint, ...]
    transcript: tuple[Line, ...]

    def best_outside(self, *, certain: bool) -> Standpoint | None:
        """
        The first place that is outside; unless it has to be *certain*, else the first that may be.
        """
        usable = [
            each for each in self.standpoints if not each.failure and each.name not in NEIGHBOURS
        ]
        known = next((each for each in usable if each.outside), None)
        if known or certain:
            return known
        return next((each for each in usable if each.outside is None), None)

    def why_none_outside(self) -> str:
        """
        Why there is no place outside.
        """
        reasons = "; ".join(each.why_not_outside() for each in self.standpoints)
        return f"no place outside the trusted networks to probe from: {reasons}"


def contained(address: str, networks: tuple[str, ...]) -> bool:
    """
    Whether one of *networks*, in CIDR notation, contains *address*.
    """
    if not address:
        return False
    ip = ip_address(address)
    return any(ip in ip_network(each, strict=False) for each in networks)


def source_of_route(output: str) -> str:
    """
    The source address in the output of ``ip -o route get ADDRESS``; empty if it names none.
    """
    words = output.split()
    return next((after for word, after in pairwise(words) if word == "src"), "")


def peer_addresses(output: str) -> frozenset[str]:
    """
    The remote addresses in the output of ``ss -Htn``.
    """
    peers = set()
    for line in output.splitlines():
        words = line.split()
        if len(words) >= 4:
            host = words[-1].rpartition(":")[0].strip("[]").partition("%")[0]
            peers.add(host.removeprefix("::ffff:"))
    return frozenset(peers)
