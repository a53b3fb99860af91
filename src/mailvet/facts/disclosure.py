"""
What VRFY and EXPN tell strangers about accounts (RFC 5321 §3.5, §7.3).
"""

from dataclasses import dataclass

from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Question:
    """
    A command that asks about an account, once for one that exists and once for one that does not.

    Attributes:
        command: ``VRFY`` or ``EXPN``.
        known: An address that exists.
        known_reply: The reply about it.
        unknown: An address of the same domain that does not exist.
        unknown_reply: The reply about that.
    """

    command: str
    known: str
    known_reply: Reply
    unknown: str
    unknown_reply: Reply

    @property
    def settled(self) -> bool:
        """
        Whether both replies are final, and mean something.

        Who is put off learns nothing, for now. A server that confirms an account which does not
        exist (252 only takes it, RFC 5321 §3.5.3) says yes to everything.
        """
        put_off = any(
            each.status.startswith("4") for each in (self.known_reply, self.unknown_reply)
        )
        return not put_off and self.unknown_reply.status not in {"250", "251"}

    @property
    def alike(self) -> bool:
        """
        Whether both replies say the same but for the address.
        """
        known = _impersonal(self.known_reply, self.known)
        return known == _impersonal(self.unknown_reply, self.unknown)

    def __str__(self) -> str:
        if self.alike:
            return f"{self.command}: {self.known_reply} for both"
        return (
            f"{self.command} {self.known}: {self.known_reply}; "
            f"{self.command} {self.unknown}: {self.unknown_reply}"
        )


@dataclass(frozen=True, slots=True)
class DisclosureFacts:
    """
    All such questions, asked in one session of a stranger.

    Attributes:
        place: From where they were asked.
        questions: The questions.
        awake: The reply to NOOP after them: whether the server still did as it was told.
        transcript: All that was said.
    """

    place: Standpoint
    questions: tuple[Question, ...]
    awake: Reply
    transcript: tuple[Line, ...]

    @property
    def telling(self) -> tuple[Question, ...]:
        """
        Questions whose final answers tell who exists.
        """
        return tuple(each for each in self.questions if each.settled and not each.alike)

    @property
    def settled(self) -> bool:
        """
        Whether all were answered for good by a server that goes on talking.
        """
        return self.awake.positive and all(each.settled for each in self.questions)

    def __str__(self) -> str:
        asked = "; ".join(map(str, self.telling or self.questions))
        return f"{asked} (from {self.place})"


def _impersonal(reply: Reply, address: str) -> tuple[str, str]:
    text = reply.text.replace(address, "USER").replace(address.partition("@")[0], "USER")
    return reply.status, text
