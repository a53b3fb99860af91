"""
Whom Postfix trusts: the networks that mynetworks stands for, and whom they contain.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailvet.facts.host import CommandOutput

Network = IPv4Network | IPv6Network

WIDEST = {4: 8, 6: 7}
"""Shortest prefix by IP version that can still be somebody's own network: 10.0.0.0/8, fc00::/7."""


@dataclass(frozen=True, slots=True)
class NetworkElement:
    """
    One element of mynetworks.

    Attributes:
        text: As it was written.
        negated: Whether ``!`` takes it out.
        networks: Networks that it stands for, in CIDR notation, host bits cleared.
        problem: What is wrong with it; empty if nothing is.
        opaque: Whether it is a table whose content could not be listed.
    """

    text: str
    negated: bool = False
    networks: tuple[str, ...] = ()
    problem: str = ""
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class NetworkList:
    """
    The value of mynetworks that one or more services use.

    Attributes:
        services: Services for which it holds: ``main.cf``, or names from master.cf.
        value: As Postfix shows it.
        elements: What it consists of, files and tables resolved.
    """

    services: tuple[str, ...]
    value: str
    elements: tuple[NetworkElement, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What is wrong with its elements.
        """
        return tuple(f"{each.text}: {each.problem}" for each in self.elements if each.problem)

    @property
    def opaque(self) -> tuple[str, ...]:
        """
        Elements whose content is not known.
        """
        return tuple(each.text for each in self.elements if each.opaque)

    def beyond(self, declared: tuple[str, ...]) -> tuple[str, ...]:
        """
        Networks in it that no declared network contains, and elements that are no networks.
        """
        found: list[str] = []
        for element in self.elements:
            if element.negated:
                continue
            found += outside_of(element.networks, declared)
            if element.problem and not element.networks:
                found.append(element.text)
        return tuple(dict.fromkeys(found))

    @property
    def absurd(self) -> tuple[str, ...]:
        """
        Networks in it that are too wide to be anybody's own.
        """
        return tuple(
            each
            for element in self.elements
            if not element.negated
            for each in element.networks
            if _absurd(ip_network(each))
        )

    def contains(self, address: str) -> bool | None:
        """
        Whether it trusts *address*, absurdly wide networks left aside; None if that is not known.
        """
        ip = ip_address(address)
        unknown = False
        for element in self.elements:
            unknown = unknown or element.opaque
            networks = (ip_network(each) for each in element.networks)
            if any(ip in each for each in networks if element.negated or not _absurd(each)):
                return None if unknown else not element.negated
        return None if unknown else False


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """
    Whom the host's Postfix trusts.

    Attributes:
        lists: The distinct values of mynetworks, that of main.cf first.
        explicit: Whether main.cf sets it.
        commands: What was run on the host to know.
        style: mynetworks_style, if main.cf sets that.
    """

    lists: tuple[NetworkList, ...]
    explicit: bool
    commands: tuple[CommandOutput, ...]
    style: str = ""

    @property
    def chosen(self) -> bool:
        """
        Whether main.cf decides who is trusted, and not the network that the host is in.

        The style ``host`` names the host's own addresses only (postconf(5) mynetworks_style).
        """
        return self.explicit or self.style == "host"

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What is wrong with the elements of all lists.
        """
        return tuple(dict.fromkeys(found for each in self.lists for found in each.problems))

    @property
    def opaque(self) -> tuple[str, ...]:
        """
        Elements of all lists whose content is not known.
        """
        return tuple(dict.fromkeys(found for each in self.lists for found in each.opaque))

    def beyond(self, declared: tuple[str, ...]) -> tuple[str, ...]:
        """
        Networks that no declared network contains; without a declaration, absurdly wide ones.
        """
        return tuple(
            dict.fromkeys(
                found
                for each in self.lists
                for found in (each.beyond(declared) if declared else each.absurd)
            )
        )

    def shown(self) -> str:
        """
        All lists in words.
        """
        return "; ".join(
            f"mynetworks = {each.value}"
            + ("" if each.services[0] == "main.cf" else f" ({', '.join(each.services)})")
            for each in self.lists
        )

    def contains(self, address: str) -> bool | None:
        """
        Whether any service trusts *address*; None if that is not known.
        """
        if not address:
            return None
        answers = {each.contains(address) for each in self.lists}
        if True in answers:
            return True
        return None if None in answers else False


def _absurd(network: Network) -> bool:
    return network.prefixlen < WIDEST[network.version]


def outside_of(networks: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    """
    Those of *networks* that no declared one contains; what is no network is in none.
    """
    allowed = [ip_network(each, strict=False) for each in declared]
    return tuple(each for each in networks if not _within(_parsed(each), allowed))


def _parsed(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _within(network: Network | None, allowed: list[Network]) -> bool:
    return network is not None and any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in allowed
    )
