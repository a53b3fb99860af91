"""
What ManageSieve lets a user store who tries to store too much, or somewhere else.
"""

from dataclasses import dataclass

from mailvet.facts.attempt import Attempt
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """
    Two requests that no server should grant.

    Attributes:
        account: Name of the account that asked.
        size: HAVESPACE for a script of two thousand million octets (RFC 5804 §2.5).
        name: PUTSCRIPT under a name that leads out of the folder of scripts.
        transcript: All that was said, from the login on.
    """

    account: str
    size: Attempt
    name: Attempt
    transcript: tuple[Line, ...]
