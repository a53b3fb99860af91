"""
Messages that were sent to a test account: how they were taken, and what became of them.
"""

import re
from dataclasses import dataclass

from mailvet.facts.replies import Reply
from mailvet.transcript import Line

_QUEUED = re.compile(r"\bqueued as (\w+)")
_WITH = re.compile(r"\bwith (?:UTF8)?(L?E?SMTPS?A?)\b", re.IGNORECASE)
_BY_LMTP = re.compile(r"\bwith (?:UTF8)?(LMTPS?)A?\b", re.IGNORECASE)
_OF_THE_CLIENT = re.compile(r"[45]\.(?:7|2)\.\d+")
_GREYLISTED = re.compile(r"gr[ae]y-?list|try again|too many|rate|blocked|reputation", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """
    How a server answered a message.

    Attributes:
        step: The command whose reply decided (``RCPT``, ``DATA``).
        reply: That reply.
        transcript: All that was said.
    """

    step: str
    reply: Reply
    transcript: tuple[Line, ...]

    @property
    def accepted(self) -> bool:
        """
        Whether the server took responsibility for the message.
        """
        return self.step == "DATA" and self.reply.positive

    @property
    def queue_id(self) -> str:
        """
        Postfix's name for it; empty if the server names none.
        """
        found = _QUEUED.search(self.reply.text)
        return found[1] if found else ""

    @property
    def personal(self) -> bool:
        """
        Whether the refusal is about this client rather than about the mail: policy, rate, patience.

        Relaying and wrong recipients are not of that kind, though their codes begin alike.
        """
        if self.accepted or "relay" in self.reply.text.lower():
            return False
        if self.reply.status in {"421", "450"}:
            return True
        policy = bool(_OF_THE_CLIENT.match(self.reply.enhanced))
        return policy or bool(_GREYLISTED.search(self.reply.text))


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """
    One message through one endpoint.

    Attributes:
        endpoint: Name of the endpoint.
        message_id: Its Message-ID, angle brackets included.
        sender: Envelope sender; empty is the null sender.
        recipient: Envelope recipient.
        standpoint: From where it was sent.
        accepted: Whether the server took it.
        step: The command whose reply decided.
        reply: That reply.
        personal: Whether a refusal is about this client rather than about the mail.
        queue_id: Postfix's name for it; empty if the server names none.
        arrived: Whether it was found in the recipient's mail in time.
        mailbox: The folder where it was found.
        copies: How many copies were found there.
        seconds: From acceptance to arrival, or until it was given up.
        received: Its Received fields, the last one added first.
        left: Folders that still held it after its removal, with the account's name.
        transcript: All that was said.
    """

    endpoint: str
    message_id: str
    sender: str
    recipient: str
    standpoint: str
    accepted: bool
    step: str
    reply: Reply
    personal: bool
    queue_id: str
    arrived: bool
    mailbox: str
    copies: int
    seconds: float
    received: tuple[str, ...]
    left: tuple[str, ...]
    transcript: tuple[Line, ...]

    @property
    def postponed(self) -> bool:
        """
        Whether the server did not want this client just now; an authenticated user can only wait.
        """
        return self.personal and self.reply.status.startswith("4")

    @property
    def lost(self) -> bool:
        """
        Whether it was refused for what it is, or did not arrive.
        """
        return not self.arrived and not self.personal

    @property
    def protocols(self) -> tuple[str, ...]:
        """
        What the Received fields say after ``with`` (RFC 3848), the first hop first.
        """
        words = [found[1].upper() for each in self.received if (found := _WITH.search(each))]
        return tuple(reversed(words))

    @property
    def by_lmtp(self) -> str:
        """
        ``LMTP`` or ``LMTPS`` if the newest Received field says that (RFC 3848); else empty.
        """
        found = _BY_LMTP.search(self.received[0]) if self.received else None
        return found[1].upper() if found else ""

    def __str__(self) -> str:
        if not self.accepted:
            return f"{self.step} is refused: {self.reply}"
        if not self.arrived:
            return f"accepted ({self.reply}) but not delivered within {self.seconds:.0f} s"
        hops = ", ".join(self.protocols) or "no protocol in its Received fields"
        return f"arrived in {self.mailbox} after {self.seconds:.1f} s; received with {hops}"


@dataclass(frozen=True, slots=True)
class DeliveriesFacts:
    """
    The messages of all endpoints, which were sent together.

    Attributes:
        deliveries: What became of each.
        failures: Name of the endpoint, cause and reason where none could be sent.
    """

    deliveries: tuple[DeliveryFacts, ...]
    failures: tuple[tuple[str, str, str], ...]

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        All that was said about all of them.
        """
        return tuple(line for each in self.deliveries for line in each.transcript)

    @property
    def left(self) -> tuple[str, ...]:
        """
        Where messages were still found after their removal.
        """
        return tuple(f"{each.endpoint}: {place}" for each in self.deliveries for place in each.left)
