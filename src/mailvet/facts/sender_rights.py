"""
Which sender addresses a user may use.
"""

from dataclasses import dataclass

from mailvet.facts.relay import is_sender_refusal
from mailvet.facts.replies import Reply
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class SenderRightsFacts:
    """
    An authenticated user's mail with the own sender address and with another user's, up to RCPT.

    Attributes:
        user: Login name.
        own: The user's address.
        own_reply: The deciding reply to it.
        other: The other user's address.
        other_reply: The deciding reply to it.
        transcript: All that was said.
    """

    user: str
    own: str
    own_reply: Reply
    other: str
    other_reply: Reply
    transcript: tuple[Line, ...]

    @property
    def other_refused(self) -> bool:
        """
        Whether the other user's address is refused as a sender.
        """
        return is_sender_refusal(self.other_reply)

    @property
    def decided(self) -> bool:
        """
        Whether the replies are about the sender; others, like temporary ones, settle nothing.
        """
        if self.other_reply.positive or is_sender_refusal(self.own_reply):
            return True
        return self.own_reply.positive and self.other_refused

    def __str__(self) -> str:
        return f"{self.user} as {self.own}: {self.own_reply}; as {self.other}: {self.other_reply}"
