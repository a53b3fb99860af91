"""
Which addresses a lab uses: a /26 out of the ranges that RFC 5737 keeps for documentation, or RFC
2544 for tests between machines.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network

from lab.errors import LabError

_RANGES = (
    IPv4Network("203.0.113.0/24"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("198.18.0.0/24"),
)


def free_networks(in_use: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """
    Yield the networks that a lab may take, those overlapping *in_use* left out.
    """
    taken = tuple(in_use)
    for wide in _RANGES:
        for candidate in wide.subnets(new_prefix=26):
            if not any(candidate.overlaps(other) for other in taken):
                yield candidate


def routed_networks(routes: str) -> tuple[IPv4Network, ...]:
    """
    Read the networks that the machine itself reaches from the output of ``ip -4 route``.
    """
    found = []
    for line in routes.splitlines():
        words = line.split()
        if words and words[0] in {"unreachable", "blackhole", "prohibit", "local", "broadcast"}:
            words = words[1:]
        if words and words[0] != "default":
            found.append(_network(words[0]))
    return tuple(found)


def host_address(network: IPv4Network, number: int) -> IPv4Address:
    """
    Return the address of the host with this *number* in *network*.
    """
    return network.network_address + number


def hardware_address(address: IPv4Address) -> str:
    """
    Derive the MAC address, so that a host that is made anew keeps its own.

    With a changed one, neighbours go on talking to the old one for up to half a minute.
    """
    return ":".join(f"{octet:02x}" for octet in b"\x02\x00" + address.packed)


def _network(text: str) -> IPv4Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise LabError(f"cannot read the route to {text!r} in `ip -4 route`") from None
    if not isinstance(network, IPv4Network):
        raise LabError(f"`ip -4 route` lists {text!r}, which is not an IPv4 network")
    return network
