"""
What a mail server takes for the end of a message.
"""

import re
from dataclasses import dataclass

from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line

LEGAL = b"\r\n.\r\n"

VARIANTS = (
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r\n.\r\r\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r\n\0.\r\n",
)
"""Octets that some servers take for the end of a message, and others for a part of it.

``\\r\\r\\n.\\r\\n`` is not among them: the legal end stands in it.
"""

_LINES = re.compile(
    r"5\.5\.2|\b(?:bare|lone|stray|LF|CR|CRLF|NUL|null)\b|new ?line|line ?feed|carriage|smuggl|"
    r"line end|end.of.data|protocol (?:error|violation)|synchroni[sz]ation",
    re.IGNORECASE,
)
"""What servers say that refuse a message for its lines."""


@dataclass(frozen=True, slots=True)
class Trial:
    """
    A message with one of these octets behind it, and nothing more.

    Attributes:
        ending: The octets.
        reply: What the server said to them; None if it waited for more, or hung up.
        failure: Why it did not come so far; empty if the octets were sent.
        message_id: The message's.
        transcript: All that was said.
        seconds: How long it took until the server answered, or nobody waited for it any more.
    """

    ending: bytes
    reply: Reply | None
    failure: str
    message_id: str
    transcript: tuple[Line, ...] = ()
    seconds: float = 0.0

    @property
    def taken(self) -> bool:
        """
        Whether the message was over for the server.
        """
        return self.reply is not None and self.reply.positive

    @property
    def unclear(self) -> bool:
        """
        Whether nobody can tell what the server took for the end: it was not asked, or it refuses
        the message for another reason than its lines, so the message may well have been over.
        """
        other = self.reply is not None and not (self.taken or _LINES.search(str(self.reply)))
        return bool(self.failure) or other

    def __str__(self) -> str:
        shown = repr(self.ending)[2:-1]
        return f"{shown}: {self.reply or self.failure or 'waits for more'}"


@dataclass(frozen=True, slots=True)
class SmugglingFacts:
    """
    Trials from a place that is not trusted, for Postfix lets trusted clients do as they like.

    Attributes:
        place: From where.
        control: The same with the legal end, which must be taken.
        trials: One for each variant.
    """

    place: Standpoint
    control: Trial
    trials: tuple[Trial, ...]

    @property
    def taken(self) -> tuple[Trial, ...]:
        """
        The trials that ended a message.
        """
        return tuple(each for each in self.trials if each.taken)

    @property
    def unclear(self) -> tuple[Trial, ...]:
        """
        Those that show nothing.
        """
        return tuple(each for each in self.trials if each.unclear)
