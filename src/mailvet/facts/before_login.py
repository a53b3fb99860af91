"""
What a server does for clients that have not logged in, and what it keeps in memory for them.
"""

from dataclasses import dataclass

from mailvet.facts.attempt import Attempt
from mailvet.model import Cause
from mailvet.transcript import Line

LINE_OCTETS = 1024 * 1024
"""
Length of a line that nobody needs before login; Dovecot allows 8 KiB.

Other servers read on and forget, which looks the same from here.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    What users get that strangers must not: the control of what is refused to these.

    Attributes:
        works: Whether a test account logs in and may do what it wants with its mailbox.
        words: How far it came.
        cause: Why it is not known, if it does not work.
    """

    works: bool
    words: str
    cause: Cause = Cause.BLOCKED


@dataclass(frozen=True, slots=True)
class BeforeLogin:
    """
    One service, as strangers find it.

    Attributes:
        requests: Commands that need a login, and the answers.
        entry: The same after a login: who refuses everything has not shown that he asks for one.
        nested: NOOP with parentheses inside parentheses (CVE-2026-27857); IMAP only.
        transcript: All that was said.
    """

    requests: tuple[Attempt, ...]
    entry: Entry
    nested: Attempt | None
    transcript: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class LoginMemory:
    """
    What a service keeps in memory for strangers.

    Attributes:
        literal: The announcement of a literal of two thousand million octets; None where the
            protocol has no literals, or where some servers die of it.
        line: A line without an end.
        taken: Octets of that line that the server took.
        transcript: All that was said.
    """

    literal: Attempt | None
    line: Attempt
    taken: int
    transcript: tuple[Line, ...]

    @property
    def unbounded(self) -> bool:
        """
        Whether the server wants the literal, or waits for more of a line that is far too long.
        """
        wants = self.literal is not None and not (self.literal.refused or self.literal.silent)
        return wants or (self.taken >= LINE_OCTETS and not self.line.refused)
