"""
A command that came in clear text behind STARTTLS, and whether it was carried out inside TLS.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.replies import Reply
from mailvet.transcript import Line


class Fate(StrEnum):
    """
    What became of the command.
    """

    DISCARDED = "discarded: the first reply inside TLS belongs to the command that was sent there"
    CLOSED = "the server ended the connection instead"
    REFUSED = "the server refused to start TLS"
    ANSWERED_IN_CLEAR = "answered in clear text, behind the reply to STARTTLS"
    EXECUTED = "carried out inside TLS"


@dataclass(frozen=True, slots=True)
class Injection:
    """
    One trial.

    Attributes:
        command: What stood behind STARTTLS, in the same segment.
        reply: The reply to STARTTLS; None if the server hung up.
        fate: What became of the command.
        said: What the server said that shows it.
        transcript: All that was said.
    """

    command: str
    reply: Reply | None
    fate: Fate
    said: str
    transcript: tuple[Line, ...]

    @property
    def harmful(self) -> bool:
        """
        Whether octets that anybody could have written were taken for the client's.
        """
        return self.fate in {Fate.EXECUTED, Fate.ANSWERED_IN_CLEAR}

    def __str__(self) -> str:
        said = f" ({self.said})" if self.said else ""
        return f"{self.command!r} behind STARTTLS: {self.fate}{said}"


@dataclass(frozen=True, slots=True)
class InjectionFacts:
    """
    Several trials, for the octets may come apart on their way.

    Attributes:
        trials: In their order; the last one is the first that did harm, if any did.
    """

    trials: tuple[Injection, ...]

    @property
    def harm(self) -> Injection | None:
        """
        The trial that shows it; None if none does.
        """
        return next((each for each in self.trials if each.harmful), None)
