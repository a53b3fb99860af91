"""
A second handshake that the client asks for, inside a session of TLS 1.2.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailvet.transcript import Line


class Renegotiation(StrEnum):
    """
    What became of it.
    """

    PERFORMED = "performed"
    REFUSED = "refused"
    IGNORED = "not answered"
    IMPOSSIBLE = "TLS 1.2 is not accepted, and TLS 1.3 has none"


@dataclass(frozen=True, slots=True)
class RenegotiationFacts:
    """
    One attempt.

    Attributes:
        outcome: What became of it.
        detail: How it ended, in words.
        transcript: All that was said.
    """

    outcome: Renegotiation
    detail: str
    transcript: tuple[Line, ...]

    def __str__(self) -> str:
        return f"{self.outcome} ({self.detail})" if self.detail else str(self.outcome)
