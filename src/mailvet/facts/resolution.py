"""
Where Postfix's own resolver would send an address, asked on the host without sending anything.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.recipient_forms import RecipientForm

_ROUTED = 2
_ERROR = 4
_FAIL = 8
_OWN = 256 | 512 | 1024
"""The domain classes local, virtual alias and virtual mailbox."""

_RELAY = 2048
_DEFAULT = 4096

REWRITING = ("canonical_maps", "recipient_canonical_maps", "virtual_alias_maps")
"""Tables that give a recipient another address once its mail is accepted."""


class Destination(StrEnum):
    """
    Where an accepted address leads.
    """

    OWN = "stays here"
    ELSEWHERE = "is sent elsewhere"
    UNKNOWN = "is not known"


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    What Postfix's resolver and tables say about one address.

    Attributes:
        address: The address.
        transport: The delivery agent.
        nexthop: Where that would take it.
        flags: Domain class and complaints, as trivial-rewrite(8) numbers them; 0 if unanswered.
        rewritten: What the tables make of the address.
        error: Why something is not known; empty if all is.
    """

    address: str
    transport: str
    nexthop: str
    flags: int
    rewritten: tuple[str, ...]
    error: str = ""

    def destination(self, foreign: str) -> Destination:
        """
        Whether mail to it stays on the host, as far as the domain *foreign* is concerned.

        What goes to a host of a relay domain leaves the matter to that host, unless the address
        holds a route: passing that on is what makes an open relay of two closed hosts.
        """
        if any(foreign.lower() in each.lower() for each in self.rewritten):
            return Destination.ELSEWHERE
        if self.error or not self.flags or self.flags & _FAIL:
            return Destination.UNKNOWN
        if self.flags & _ERROR or self.transport == "error":
            return Destination.OWN
        if self.flags & _DEFAULT or (self.flags & _RELAY and self.flags & _ROUTED):
            return Destination.ELSEWHERE
        return Destination.OWN if self.flags & _OWN else Destination.UNKNOWN

    def __str__(self) -> str:
        words = [f"{self.transport}:{self.nexthop}"] if self.transport else []
        words += [f"rewritten to {each}" for each in self.rewritten]
        return ", ".join([*words, *([self.error] if self.error else [])]) or "unanswered"


def internal(form: RecipientForm) -> str:
    """
    The address as Postfix keeps it: without the quotes of its local part.
    """
    if form.address.endswith('"'):
        return form.address.strip('"')
    local, at, domain = form.address.rpartition("@")
    return "".join((local.strip('"'), at, domain))


def parse_resolution(address: str, answer: str, tables: tuple[str, ...]) -> Resolution:
    """
    A resolution from what the program on the host printed, and what postmap did for each table.

    The program prints a name and a value on each line, the last ``flags`` being those of the
    answer; postmap's output begins with its exit status, 1 for a key that is not there.
    """
    found: dict[str, str] = {}
    for line in answer.splitlines():
        name, tab, value = line.partition("\t")
        if tab:
            found[name] = value
    error = found.get("error", "")
    rewritten: list[str] = []
    for text in tables:
        status, _, printed = text.strip().partition("\n")
        if status == "0":
            rewritten += [line.strip() for line in printed.splitlines() if line.strip()]
        elif printed.strip() or status != "1":
            error = error or printed.strip()[:200] or "a table did not answer"
    number = found.get("flags", "")
    return Resolution(
        address,
        found.get("transport", ""),
        found.get("nexthop", ""),
        int(number) if number.isdigit() else 0,
        tuple(dict.fromkeys(rewritten)),
        error,
    )
