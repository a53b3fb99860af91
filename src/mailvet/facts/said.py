"""
What one endpoint said, in the words in which configurations are compared with it.
"""

from dataclasses import dataclass

from mailvet.facts.offers import VersionFacts
from mailvet.facts.replies import Capabilities
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Security

FROM_THE_START = "TLS from the first octet"
STARTTLS = "clear text first, then STARTTLS"
NO_TLS = "clear text, no STARTTLS"
CLEAR_TEXT = "clear text first"

PASSWORDS = frozenset({"PLAIN", "LOGIN"})
"""Mechanisms that send the password as it is."""

_NOT_FOR_ALL = frozenset({"EXTERNAL"})
"""Mechanisms that are announced to clients with a certificate only."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    One endpoint on the wire.

    Attributes:
        security: How TLS is declared to start there.
        session: The session up to the login.
        versions: The protocol versions that it accepts; None if they were not seen.
        trouble: Why they were not seen, with its cause.
    """

    security: Security
    session: SessionFacts
    versions: VersionFacts | None
    trouble: tuple[Cause, str] | None = None

    @property
    def start(self) -> str:
        """
        How a session begins; empty if that was not seen.
        """
        handshake = self.session.handshake
        if self.security is Security.IMPLICIT_TLS:
            if handshake is None or not (handshake.completed or handshake.clear_text):
                return ""
            return FROM_THE_START if handshake.completed else CLEAR_TEXT
        before = self.session.before or Capabilities(())
        return STARTTLS if "STARTTLS" in before or "STLS" in before else NO_TLS

    def as_seen(self, configured: str) -> str:
        """
        How a session should begin, in the words of what could be seen.

        Who offered TLS to a port that speaks clear text did not get to see whether it has STARTTLS.
        """
        blind = self.start == CLEAR_TEXT and configured != FROM_THE_START
        return CLEAR_TEXT if blind else configured

    @property
    def latest(self) -> Capabilities | None:
        """
        What was announced last: inside TLS, if there was TLS; None if nothing was.
        """
        return self.session.after or self.session.before

    @property
    def inside(self) -> frozenset[str] | None:
        """
        Mechanisms on offer inside TLS; None if nothing was announced there.
        """
        if self.session.after is None:
            return None
        return without_external(self.session.after.sasl_mechanisms)

    @property
    def before(self) -> frozenset[str] | None:
        """
        Mechanisms on offer before STARTTLS; None on ports that begin with TLS.
        """
        if self.session.before is None:
            return None
        return without_external(self.session.before.sasl_mechanisms)


def without_external(mechanisms: tuple[str, ...]) -> frozenset[str]:
    """
    The mechanisms that every client is told of, in upper case.
    """
    return frozenset(each.upper() for each in mechanisms) - _NOT_FOR_ALL
