"""
Which network a lab takes.
"""

from ipaddress import IPv4Address, IPv4Network

import pytest

from lab.addresses import free_networks, hardware_address, host_address, routed_networks
from lab.errors import LabError
from lab.surroundings import nameservers

ROUTES = """\
default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2
198.51.100.7 via 192.0.2.1 dev eth0
unreachable 203.0.113.64/26
"""


def test_first_network_is_the_lowest_documentation_network() -> None:
    """
    A machine that uses no documentation network gives the first one.
    """
    assert next(iter(free_networks(()))) == IPv4Network("203.0.113.0/26")


def test_networks_in_use_are_left_out() -> None:
    """
    A network that overlaps one in use, wholly or by one address, is not taken.
    """
    used = [IPv4Network("203.0.113.0/25"), IPv4Network("203.0.113.200/32")]

    assert next(iter(free_networks(used))) == IPv4Network("203.0.113.128/26")
    assert IPv4Network("203.0.113.192/26") not in free_networks(used)


def test_second_range_follows_when_the_first_is_taken() -> None:
    """
    The other documentation range is used when nothing is left of the first.
    """
    used = [IPv4Network("203.0.113.0/24")]

    assert next(iter(free_networks(used))) == IPv4Network("198.51.100.0/26")


def test_nothing_is_left_when_both_ranges_are_taken() -> None:
    """
    A lab never takes an address that is not for documentation.
    """
    assert not list(free_networks([IPv4Network("0.0.0.0/0")]))


def test_routes_are_read_with_and_without_mask() -> None:
    """
    Networks, single hosts and unreachable routes count, the default route does not.
    """
    assert routed_networks(ROUTES) == (
        IPv4Network("192.0.2.0/24"),
        IPv4Network("198.51.100.7/32"),
        IPv4Network("203.0.113.64/26"),
    )


def test_unreadable_route_is_an_error() -> None:
    """
    A route that cannot be read stops the lab instead of being overlooked.
    """
    with pytest.raises(LabError, match="cannot read the route to 'nonsense'"):
        routed_networks("nonsense dev eth0")


def test_hardware_address_follows_from_the_address() -> None:
    """
    A host that is made anew has the hardware address that its neighbours remember.
    """
    address = host_address(IPv4Network("203.0.113.0/26"), 10)

    assert address == IPv4Address("203.0.113.10")
    assert hardware_address(address) == "02:00:cb:00:71:0a"


def test_name_servers_are_read_from_the_resolver_configuration() -> None:
    """
    Name servers count as in use; other lines are skipped.
    """
    assert nameservers("search x\nnameserver 198.51.100.53\n\nnameserver ::1\n") == (
        "198.51.100.53",
        "::1",
    )
