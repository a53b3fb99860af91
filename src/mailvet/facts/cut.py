"""
A way over the network that a host closed for a while.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

MOST_SECONDS = 100
"""Seconds after which the host lets everything through again, whatever becomes of the audit."""

_PACKETS = re.compile(r"packets (\d+)")


@dataclass(frozen=True, slots=True)
class Cut:
    """
    What was cut off, and whether anybody missed it.

    Attributes:
        ways: Addresses and ports.
        refused: Packets that the host refused meanwhile.
    """

    ways: tuple[str, ...]
    refused: int

    def __str__(self) -> str:
        return ", ".join(self.ways)


def parse_ways(output: CommandOutput) -> tuple[str, ...]:
    """
    Addresses and ports to which the script in ``probes.cut`` closed the way.
    """
    rows = (line.split() for line in sections(output.stdout).get("cut", "").splitlines())
    return tuple(f"{row[0]} port {row[1]}" for row in rows if len(row) == 2)


def parse_refused(output: CommandOutput) -> int:
    """
    Packets that were refused, as nftables counted them.
    """
    found = _PACKETS.search(sections(output.stdout).get("counter", ""))
    return int(found[1]) if found else 0
