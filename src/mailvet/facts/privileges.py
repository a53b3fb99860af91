"""
Commands that are for trusted machines alone, and whether strangers are offered them.
"""

from dataclasses import dataclass

from mailvet.facts.replies import Capabilities
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line

PRIVILEGED = ("XCLIENT", "XFORWARD")
"""With these a client says for whom it speaks: any address, any name, any login."""


@dataclass(frozen=True, slots=True)
class PrivilegeFacts:
    """
    What EHLO announces to a stranger.

    Attributes:
        place: From where.
        before: Keywords in clear text; None with implicit TLS.
        inside: Keywords inside TLS; None if there is none.
        unseen: Where nobody could look, and why; empty if there is no such place.
        transcript: All that was said.
    """

    place: Standpoint
    before: Capabilities | None
    inside: Capabilities | None
    unseen: str
    transcript: tuple[Line, ...]

    @property
    def offered(self) -> tuple[str, ...]:
        """
        The privileged commands, wherever they are announced.
        """
        seen = [each for each in (self.before, self.inside) if each is not None]
        return tuple(word for word in PRIVILEGED if any(word in each for each in seen))
