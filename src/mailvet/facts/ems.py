"""
Extended Master Secret (RFC 7627) as a server uses it.
"""

from dataclasses import dataclass

from mailvet.facts.offers import TLS12
from mailvet.facts.tls import Ending, Handshake
from mailvet.model import Cause
from mailvet.transcript import Line

CAUSES = {
    Ending.SERVER: Cause.BLOCKED,
    Ending.CLIENT: Cause.CLIENT_LIMIT,
    Ending.TIME: Cause.TIMEOUT,
    Ending.NONE: Cause.TOOL,
}
"""Why a handshake that ended so leaves a question open."""


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Why two handshakes leave the question open.
    """

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class EmsFacts:
    """
    Two TLS 1.2 handshakes that differ in one extension.

    Attributes:
        offered: The one that offers Extended Master Secret.
        withheld: The one that does not.
        transcript: What was said before and in them.
    """

    offered: Handshake
    withheld: Handshake
    transcript: tuple[Line, ...]

    @property
    def problem(self) -> Problem | None:
        """
        Why the handshake with the offer says nothing, if it does not.
        """
        if not self.offered.offered_ems:
            return Problem(Cause.CLIENT_LIMIT, "our own OpenSSL did not offer the extension")
        if not self.offered.completed:
            return Problem(CAUSES[self.offered.ending], f"with the offer: {self.offered}")
        if self.offered.version != TLS12:
            return Problem(Cause.CLIENT_LIMIT, f"not under TLS 1.2: {self.offered}")
        return None

    @property
    def problem_without(self) -> Problem | None:
        """
        Why the handshake without the offer says nothing: the server has to complete or end it.
        """
        if self.withheld.offered_ems:
            return Problem(Cause.CLIENT_LIMIT, "our own OpenSSL cannot withhold the extension")
        if self.withheld.completed or self.withheld.ending is Ending.SERVER:
            return None
        return Problem(CAUSES[self.withheld.ending], f"without the offer: {self.withheld}")
