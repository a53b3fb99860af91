"""
SMTP as no honest client speaks it today.
"""

from dataclasses import dataclass

from mailvet.facts.attempt import Attempt
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class ObsoleteCommands:
    """
    Commands that were dangerous, and were taken out of SMTP for it.

    Attributes:
        attempts: Each of them, and the answer.
        transcript: All that was said.
    """

    attempts: tuple[Attempt, ...]
    transcript: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Pipelining:
    """
    MAIL in one segment with EHLO, so before the client can know that PIPELINING is offered.

    Attributes:
        control: The same sender, in a session in which the client waits for each reply.
        early: The answer where it does not wait.
        transcript: All that was said.
    """

    control: Attempt
    early: Attempt
    transcript: tuple[Line, ...]
