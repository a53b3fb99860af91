"""
The same mailbox on two servers that replicate, through every protocol.
"""

from dataclasses import dataclass

from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Listing:
    """
    The messages of an INBOX as one service of one server lists them.

    Attributes:
        host: Key of the server.
        service: Name of the endpoint, or ``IMAP``.
        ids: UIDs, or POP3's unique ids, in their order.
        failure: Why there are none; empty if the server answered.
    """

    host: str
    service: str
    ids: tuple[str, ...]
    failure: str = ""

    def __str__(self) -> str:
        seen = self.failure or f"{len(self.ids)} messages"
        return f"{self.service} on {self.host}: {seen}"


@dataclass(frozen=True, slots=True)
class BothServe:
    """
    One account on both servers.

    Attributes:
        account: The account.
        listings: What each service lists.
        transcript: What was said over IMAP.
    """

    account: str
    listings: tuple[Listing, ...]
    transcript: tuple[Line, ...]

    @property
    def silent(self) -> tuple[Listing, ...]:
        """
        Services that do not let the account in, or do not list anything.
        """
        return tuple(each for each in self.listings if each.failure)

    @property
    def differing(self) -> tuple[str, ...]:
        """
        Services that list other messages on one server than on the other.
        """
        known: dict[str, set[tuple[str, ...]]] = {}
        for each in self.listings:
            if not each.failure:
                known.setdefault(each.service, set()).add(each.ids)
        return tuple(name for name, lists in known.items() if len(lists) > 1)

    def __str__(self) -> str:
        return "; ".join(f"{each}" for each in self.listings)
