"""
What a server does while the one that it replicates with is away, and when it is back.
"""

from dataclasses import dataclass

from mailvet.facts.cut import Cut
from mailvet.facts.host import CommandOutput
from mailvet.facts.replies import Reply
from mailvet.model import Cause
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Served:
    """
    Something that a user did meanwhile.

    Attributes:
        what: What was asked.
        reply: The server's answer; None if there was none.
        failure: Why not; empty if there was one.
        seconds: How long that took.
    """

    what: str
    reply: Reply | None
    failure: str
    seconds: float

    def within(self, limit: float) -> bool:
        """
        Whether it was done in time.
        """
        return self.reply is not None and self.reply.positive and self.seconds <= limit

    def __str__(self) -> str:
        said = self.failure if self.reply is None else self.reply
        return f"{self.what}: {said} after {self.seconds:.2f} s"


@dataclass(frozen=True, slots=True)
class PartnerOutageFacts:
    """
    A short time without the partner, and how it ended.

    Attributes:
        near: The audited server.
        far: Its partner.
        account: The account in whose mail changes were made on both.
        cut: The way that was cut.
        served: What a user did on the near server meanwhile.
        crossed: Whether a change came across nevertheless.
        made: What was made meanwhile, in words.
        recovery: Seconds from the return of the partner until both servers had everything; None
            if they did not in the time that the profile allows.
        missing: What one of them did not have at the end.
        repeated: What one of them had more than once.
        left: What could not be removed.
        transcript: What was said to both.
        commands: What was run.
    """

    near: str
    far: str
    account: str
    cut: Cut
    served: tuple[Served, ...]
    crossed: bool
    made: tuple[str, ...]
    recovery: float | None
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    left: tuple[str, ...]
    transcript: tuple[Line, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def doubt(self) -> tuple[Cause, str] | None:
        """
        Why nothing follows from it; None if the partner was really away, and was missed.
        """
        if self.crossed:
            return Cause.BLOCKED, f"a change reached {self.far} although {self.cut} was cut off"
        if not self.cut.refused:
            return Cause.BLOCKED, f"nobody came from or to {self.cut} meanwhile"
        return None
