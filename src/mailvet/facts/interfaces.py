"""
Postfix's inet_interfaces, and what master really listens on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.listeners import ANY, ListenerFacts

WORDS = frozenset({"all", "loopback-only"})


@dataclass(frozen=True, slots=True)
class Interface:
    """
    One element of inet_interfaces.

    Attributes:
        text: As it is written.
        addresses: What it stands for; nothing for ``all`` and ``loopback-only``.
        problem: What is wrong with it; empty if nothing is.
    """

    text: str
    addresses: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class InetService:
    """
    A service of master.cf that listens on TCP.

    Attributes:
        name: As master.cf has it: ``smtp``, ``127.0.0.1:10025``.
        port: TCP port; 0 if its name is not known.
        addresses: Addresses it is to listen on.
    """

    name: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """
    Where Postfix is to listen.

    Attributes:
        value: inet_interfaces, expanded.
        elements: What it consists of.
        services: The services, each with the addresses that follow for it.
        commands: What was run.
    """

    value: str
    elements: tuple[Interface, ...]
    services: tuple[InetService, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What is wrong with inet_interfaces.
        """
        found = tuple(f"{each.text}: {each.problem}" for each in self.elements if each.problem)
        return found if self.elements else ("inet_interfaces is empty",)

    def mismatches(self, listeners: ListenerFacts) -> tuple[str, ...]:
        """
        Ports on which master listens elsewhere than configured.
        """
        found = []
        for port in sorted({each.port for each in self.services if each.port}):
            wanted = {
                address for each in self.services if each.port == port for address in each.addresses
            }
            sockets = [each for each in listeners.on(port) if each.holder == "postfix"]
            actual = {address for each in sockets for address in _both(each.address)}
            if wanted != actual:
                found.append(f"{port}: configured {_words(wanted)}, listening {_words(actual)}")
        return tuple(found)


def parse_interface(text: str, own: frozenset[str], resolved: Iterable[str]) -> Interface:
    """
    One element; *own* are the host's addresses, *resolved* what it says that a name stands for.
    """
    bare = text.strip("[]")
    if text in WORDS:
        return Interface(text)
    if "/" in text:
        return Interface(text, (), "no network and no table is allowed here, only addresses")
    literal = re.fullmatch(r"[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*", bare)
    addresses = tuple(dict.fromkeys((bare,) if literal else resolved))
    if not addresses:
        return Interface(text, (), "does not resolve on the host")
    foreign = [each for each in addresses if each not in own | ANY and not each.startswith("127.")]
    problem = f"is no address of this host ({', '.join(foreign)})" if foreign else ""
    return Interface(text, addresses, problem)


def expand(
    elements: Iterable[Interface], own: frozenset[str], protocols: frozenset[str]
) -> tuple[str, ...]:
    """
    The addresses that inet_interfaces and inet_protocols make a service listen on.
    """
    families = {"ipv4", "ipv6"} if "all" in protocols else protocols
    found: list[str] = []
    for element in elements:
        if element.text == "all":
            found += ["0.0.0.0"]  # noqa: S104
            found += ["::"] if any(":" in each for each in own) else []
        elif element.text == "loopback-only":
            found += [each for each in own if each == "::1" or each.startswith("127.")]
        else:
            found += element.addresses
    return tuple(
        dict.fromkeys(each for each in found if ("ipv6" if ":" in each else "ipv4") in families)
    )


def _both(address: str) -> tuple[str, ...]:
    return ("0.0.0.0", "::") if address == "*" else (address,)  # noqa: S104


def _words(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses)) or "nowhere"
