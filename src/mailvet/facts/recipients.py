"""
Which recipients of the mail domain the server takes mail for, seen from outside.
"""

from dataclasses import dataclass

from mailvet.facts.relay import is_relay_denial
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class RecipientReply:
    """
    What a server says to a recipient.

    Attributes:
        address: The account's address.
        handed_over: The address that Postfix passes on for it.
        reply: The reply to RCPT; None if there was no conversation.
    """

    address: str
    handed_over: str
    reply: Reply | None

    @property
    def accepted(self) -> bool:
        """
        Whether mail for it would be taken.
        """
        return self.reply is not None and self.reply.positive

    @property
    def put_off(self) -> bool:
        """
        Whether the reply asks to come again, for a reason other than that relaying is denied.
        """
        reply = self.reply
        return reply is None or (reply.status.startswith("4") and not is_relay_denial(reply))

    @property
    def unknown(self) -> bool:
        """
        Whether the reply says for good that there is no such recipient (RFC 3463 §3.2).
        """
        reply = self.reply
        if reply is None or reply.status not in {"550", "551", "553", "554"}:
            return False
        return reply.enhanced.startswith("5.1.") or not reply.enhanced

    def __str__(self) -> str:
        name = self.handed_over
        if name != self.address:
            name = f"{name} (for {self.address})"
        return f"{name}: {self.reply or 'not asked'}"


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """
    The replies to RCPT in one session with an empty sender, which nobody may refuse.

    Attributes:
        place: From where it was tried.
        known: The test accounts.
        unknown: An address of the mail domain that does not exist.
        transcript: All that was said.
    """

    place: Standpoint
    known: tuple[RecipientReply, ...]
    unknown: RecipientReply
    transcript: tuple[Line, ...]

    @property
    def lost(self) -> tuple[RecipientReply, ...]:
        """
        Test accounts that the server claims not to know.
        """
        return tuple(each for each in self.known if each.unknown)

    @property
    def accepted(self) -> tuple[RecipientReply, ...]:
        """
        Test accounts that it takes mail for.
        """
        return tuple(each for each in self.known if each.accepted)

    @property
    def takes_anybody(self) -> bool:
        """
        Whether it takes mail for the address that does not exist.
        """
        return self.unknown.accepted

    @property
    def settled(self) -> bool:
        """
        Whether the replies leave nothing open, as greylisting or a block list would.
        """
        complete = all(each.accepted or each.unknown for each in self.known)
        return bool(self.known) and complete and (self.unknown.accepted or self.unknown.unknown)

    def __str__(self) -> str:
        return "; ".join(f"{each}" for each in (*self.known, self.unknown))
