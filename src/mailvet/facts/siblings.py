"""
The same question, asked on every port that serves the same purpose.
"""

from dataclasses import dataclass

from mailvet.model import Cause, Protocol

GROUPS = (Protocol.SUBMISSION, Protocol.IMAP, Protocol.POP3)
"""Protocols that are served on more than one port, where users choose either."""


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """
    What one port answers.

    Attributes:
        endpoint: Name of the endpoint.
        port: Its port.
        value: The answer, in words; empty if it was not seen.
        cause: Why it was not seen.
        detail: The same in words.
    """

    endpoint: str
    port: int
    value: str
    cause: Cause | None = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.port} {self.value or 'not seen'}"


@dataclass(frozen=True, slots=True)
class SharedQuestion:
    """
    One question, with the answer of each port that it concerns.

    Attributes:
        group: The purpose that the ports share, as a protocol.
        subject: The question, in words.
        answers: The answers.
    """

    group: Protocol
    subject: str
    answers: tuple[PortAnswer, ...]

    @property
    def differs(self) -> bool:
        """
        Whether two ports answer differently.
        """
        return len({each.value for each in self.answers if each.value}) > 1

    @property
    def unseen(self) -> tuple[PortAnswer, ...]:
        """
        Ports whose answer is not known.
        """
        return tuple(each for each in self.answers if each.cause)

    def __str__(self) -> str:
        return f"{self.subject}: {', '.join(map(str, self.answers))}"


@dataclass(frozen=True, slots=True)
class SiblingFacts:
    """
    All questions that several ports should answer alike.

    Attributes:
        questions: The questions.
    """

    questions: tuple[SharedQuestion, ...]

    def of(self, group: Protocol) -> tuple[SharedQuestion, ...]:
        """
        The questions about one purpose; none if fewer than two ports serve it.
        """
        return tuple(each for each in self.questions if each.group is group)
