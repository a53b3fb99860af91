"""
Which IPv4 networks the machine uses already, so that a lab takes none of them away.

A lab's network hides what is really at its addresses. Documentation ranges ought to be free, but
some closed networks put their package mirror there.
"""

import os
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from lab.addresses import routed_networks
from lab.commands import attempt, run
from lab.podman import container_networks

_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
_RESOLVER_CONFIGURATION = Path("/etc/resolv.conf")


def networks_in_use() -> tuple[IPv4Network, ...]:
    """
    Return the networks that are routed, given to containers, or hold a server that is needed.
    """
    routed = routed_networks(run(["ip", "-4", "route"]))
    return (*routed, *container_networks(), *_single(_needed_addresses()))


def nameservers(configuration: str) -> tuple[str, ...]:
    """
    Read the name servers from the text of resolv.conf.
    """
    words = (line.split() for line in configuration.splitlines())
    return tuple(word[1] for word in words if len(word) > 1 and word[0] == "nameserver")


def _needed_addresses() -> Iterable[str]:
    if _RESOLVER_CONFIGURATION.exists():
        yield from nameservers(_RESOLVER_CONFIGURATION.read_text())
    for name in _mirrors() | _proxies():
        # A machine without network may answer late or never, and then has nothing to lose.
        found = attempt(["timeout", "3", "getent", "ahostsv4", name])
        yield from (line.split()[0] for line in found.stdout.decode().splitlines())


def _mirrors() -> set[str]:
    listed = attempt(["apt-get", "indextargets", "--format", "$(SITE)"]).stdout.decode()
    return {host for line in listed.splitlines() if (host := urlsplit(line).hostname)}


def _proxies() -> set[str]:
    values = (os.environ.get(name, "") for name in _PROXIES)
    return {host for value in values if (host := urlsplit(value).hostname)}


def _single(addresses: Iterable[str]) -> Iterable[IPv4Network]:
    for address in addresses:
        try:
            yield IPv4Network(IPv4Address(address))
        except AddressValueError:
            continue
