"""
Whether the declared services answer, and whether the others are silent.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.replies import Reply
from mailvet.model import Protocol
from mailvet.transcript import Line


class Outcome(StrEnum):
    """
    How far a connection got.
    """

    GREETED = "greeted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    SILENT = "silent"
    NO_TLS = "no TLS"
    ELSE = "something else"


CONNECTED = frozenset({Outcome.GREETED, Outcome.SILENT, Outcome.NO_TLS, Outcome.ELSE})


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One connection to a service.

    Attributes:
        place: Where it came from: ``direct`` or the name of a vantage.
        address: Address that it went to.
        outcome: How far it got.
        detail: What was seen, in words for the administrator.
        greeting: The greeting, if one came.
    """

    place: str
    address: str
    outcome: Outcome
    detail: str
    greeting: Reply | None = None

    def __str__(self) -> str:
        by = "" if self.place == "direct" else f" through {self.place}"
        return f"{self.address}{by}: {self.detail}"


@dataclass(frozen=True, slots=True)
class ReachFacts:
    """
    Connections to one declared service, one for each address of the target.

    Attributes:
        attempts: The connections.
        transcript: All that was said.
    """

    attempts: tuple[Attempt, ...]
    transcript: tuple[Line, ...]

    @property
    def answers(self) -> bool:
        """
        Whether something accepts connections there.
        """
        return any(each.outcome in CONNECTED for each in self.attempts)

    @property
    def greeted(self) -> bool:
        """
        Whether every address greeted with the declared protocol, from one place at least.
        """
        addresses = {each.address for each in self.attempts}
        good = {each.address for each in self.attempts if each.outcome is Outcome.GREETED}
        return bool(addresses) and addresses == good

    @property
    def busy(self) -> bool:
        """
        Whether a server turned us away for the moment only (421), which says nothing about others.
        """
        return any(each.greeting and each.greeting.status == "421" for each in self.attempts)

    def __str__(self) -> str:
        return "; ".join(map(str, self.attempts))


@dataclass(frozen=True, slots=True)
class ReachabilityFacts:
    """
    Which of the declared services answer.

    Attributes:
        services: Name and port of each, and whether it accepts connections.
        transcript: What failed.
    """

    services: tuple[tuple[str, int, bool], ...]
    transcript: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PortState:
    """
    A port that should not answer.

    Attributes:
        port: TCP port.
        open: Whether something accepted the connection.
        detail: What was seen.
    """

    port: int
    open: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ExposureFacts:
    """
    Mail ports that nobody declared, seen from outside.

    Attributes:
        place: Where the connections came from.
        controls: Declared ports that answered from the same place at the same time.
        ports: The ports that were tried.
        transcript: What was seen.
    """

    place: str
    controls: tuple[int, ...]
    ports: tuple[PortState, ...]
    transcript: tuple[Line, ...]

    @property
    def open(self) -> tuple[PortState, ...]:
        """
        The ports that answered.
        """
        return tuple(each for each in self.ports if each.open)


def speaks(protocol: Protocol, greeting: Reply) -> bool:
    """
    Whether *greeting* is one of *protocol*, and bids welcome.
    """
    if protocol is Protocol.IMAP:
        return greeting.status in {"OK", "PREAUTH"}
    if protocol is Protocol.POP3:
        return greeting.status == "+OK"
    if protocol is Protocol.SIEVE:
        words = " ".join(greeting.lines).upper()
        return greeting.status == "OK" and '"IMPLEMENTATION"' in words and '"SIEVE"' in words
    return greeting.status == "220"
