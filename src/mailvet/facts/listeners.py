"""
Which processes listen on which TCP ports of the host.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from mailvet.facts.host import CommandOutput

ANY = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104

_PROCESS = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=')
_CGROUP = re.compile(r"\bcgroup:(\S+)")


@dataclass(frozen=True, slots=True)
class ListeningSocket:
    """
    A TCP socket that accepts connections.

    Attributes:
        address: Address without brackets; ``0.0.0.0``, ``::`` or ``*`` for every one.
        port: TCP port.
        processes: Names of the processes that hold it; the kernel may hide them in containers.
        unit: systemd unit that opened it; empty if that is not known.
    """

    address: str
    port: int
    processes: tuple[str, ...]
    unit: str = ""

    @property
    def holder(self) -> str:
        """
        ``dovecot``, ``postfix``, another program or unit, or ``unknown``.
        """
        service = self.unit.partition(".")[0].partition("@")[0]
        if "dovecot" in self.processes or service == "dovecot":
            return "dovecot"
        if service == "postfix" or ("master" in self.processes and not _a_service(self.unit)):
            return "postfix"
        return ", ".join(self.processes) or self.unit or "unknown"

    @property
    def loopback(self) -> bool:
        """
        Whether only the host itself can reach it.
        """
        return self.address not in ANY and ip_address(self.address).is_loopback

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{shown}:{self.port} ({self.holder})"


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """
    All TCP sockets of the host that accept connections.

    Attributes:
        sockets: The sockets.
        addresses: The host's own addresses.
        commands: What was run.
    """

    sockets: tuple[ListeningSocket, ...]
    addresses: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def held_by(self, holder: str) -> tuple[ListeningSocket, ...]:
        """
        The sockets of ``dovecot`` or ``postfix``.
        """
        return tuple(each for each in self.sockets if each.holder == holder)

    def on(self, port: int) -> tuple[ListeningSocket, ...]:
        """
        The sockets on one port.
        """
        return tuple(each for each in self.sockets if each.port == port)

    def ports(self, holder: str, *, loopback: bool) -> frozenset[int]:
        """
        The ports that *holder* serves, with or without those that only the host itself can reach.
        """
        return frozenset(
            each.port for each in self.held_by(holder) if loopback or not each.loopback
        )

    @property
    def nameless(self) -> tuple[ListeningSocket, ...]:
        """
        Sockets of which nobody says who holds them.
        """
        return tuple(each for each in self.sockets if each.holder == "unknown")


def parse_listeners(output: str) -> tuple[ListeningSocket, ...]:
    """
    The output of ``ss -Htlnpe``.
    """
    found = []
    for line in output.splitlines():
        words = line.split(None, 5)
        if len(words) < 5 or words[0] != "LISTEN":
            continue
        address, _, port = words[3].rpartition(":")
        rest = words[5] if len(words) > 5 else ""
        group = _CGROUP.search(rest)
        found.append(
            ListeningSocket(
                address.partition("%")[0].strip("[]").removeprefix("::ffff:"),
                int(port),
                tuple(dict.fromkeys(_PROCESS.findall(rest))),
                group[1].rpartition("/")[2] if group else "",
            )
        )
    return tuple(found)


def parse_addresses(output: str) -> tuple[tuple[str, str], ...]:
    """
    Interface and address from each line of ``ip -o addr``.
    """
    rows = (line.split() for line in output.splitlines())
    return tuple(
        (row[1], row[3].partition("/")[0])
        for row in rows
        if len(row) > 3 and row[2] in {"inet", "inet6"}
    )


def _a_service(unit: str) -> bool:
    return unit.endswith((".service", ".socket"))
