"""
Virtual aliases seen from outside: whom mail is taken for, and where it goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class AliasRecipients:
    """
    The replies to RCPT in one session with an empty sender, which nobody may refuse.

    Attributes:
        place: From where it was tried.
        aliases: The aliases that the profile names.
        unknown: An address that does not exist in each of their domains.
        transcript: All that was said.
    """

    place: Standpoint
    aliases: tuple[RecipientReply, ...]
    unknown: tuple[RecipientReply, ...]
    transcript: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AliasDeliveries:
    """
    Messages to aliases that lead to test accounts.

    Attributes:
        deliveries: What became of them.
        failures: Those that could not be sent, and why.
        untried: Aliases to which none was sent: they lead to no test account, or there are too
            many of them.
    """

    deliveries: tuple[DeliveryFacts, ...]
    failures: tuple[tuple[str, str], ...]
    untried: tuple[str, ...]

    def of(self, aliases: Iterable[str]) -> tuple[DeliveryFacts, ...]:
        """
        The messages to some *aliases*.
        """
        wanted = set(aliases)
        return tuple(each for each in self.deliveries if each.recipient in wanted)

    def failed(self, aliases: Iterable[str]) -> tuple[str, ...]:
        """
        Why messages to some *aliases* could not be sent, in words.
        """
        wanted = set(aliases)
        return tuple(f"{alias}: {why}" for alias, why in self.failures if alias in wanted)

    def left_out(self, aliases: Iterable[str]) -> str:
        """
        Those of some *aliases* to which no message was sent, in words.
        """
        untried = [alias for alias in aliases if alias in self.untried]
        return f"no message was sent to {', '.join(untried)}" if untried else ""
