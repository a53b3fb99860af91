"""
Sessions of TLS 1.2 that a later connection goes on with, with and without Extended Master Secret.
"""

from dataclasses import dataclass

from mailvet.facts.ems import CAUSES, Problem
from mailvet.facts.tls import Ending, Handshake
from mailvet.model import Cause
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class ResumptionFacts:
    """
    Handshakes that want to go on with a session; None where there was no such session.

    Attributes:
        plain: One without it that begins a session.
        alike: With Extended Master Secret, as the session began.
        dropped: Without it, although the session began with it.
        gained: With it, although the session began without it.
        impossible: Why there was no session to go on with; empty if there was one.
        transcript: All that was said.
    """

    plain: Handshake | None
    alike: Handshake | None
    dropped: Handshake | None
    gained: Handshake | None
    impossible: str
    transcript: tuple[Line, ...]

    @property
    def wrong(self) -> str:
        """
        What a server must not go on with (RFC 7627 §5.3), in words; empty if there is nothing.
        """
        found = []
        if self.dropped is not None and self.dropped.resumed and not self.dropped.offered_ems:
            found.append("without it a session that began with it")
        if self.gained is not None and self.gained.resumed and self.gained.offered_ems:
            found.append("with it a session that began without it")
        return " and ".join(found)

    @property
    def problem(self) -> Problem | None:
        """
        Why what the server did not go on with says nothing, if it does not.
        """
        if self.alike is not None and not self.alike.completed:
            return Problem(CAUSES[self.alike.ending], f"a session as it began: {self.alike}")
        if self.plain is not None and self.plain.ending in {Ending.TIME, Ending.CLIENT}:
            return Problem(CAUSES[self.plain.ending], f"a session without it: {self.plain}")
        for each, ems in ((self.dropped, False), (self.gained, True)):
            if each is None or not self.resumes:
                continue
            if each.offered_ems != ems or not each.offered_session:
                return Problem(Cause.CLIENT_LIMIT, f"our own OpenSSL did not offer it: {each}")
            if each.ending is Ending.TIME:
                return Problem(Cause.TIMEOUT, str(each))
        return None

    @property
    def resumes(self) -> bool:
        """
        Whether the server goes on with sessions at all.
        """
        return self.alike is not None and self.alike.resumed
