"""
One stored message, read back through every protocol.
"""

from dataclasses import dataclass

from mailvet.facts.replies import Reply
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Reading:
    """
    The message as one service shows it.

    Attributes:
        service: Name of the endpoint, or ``IMAP``.
        found: Whether it was there.
        alike: Whether it is the message that was stored.
        failure: Why nothing could be read; empty if something could.
    """

    service: str
    found: bool
    alike: bool
    failure: str = ""

    def __str__(self) -> str:
        if self.failure:
            return f"{self.service}: {self.failure}"
        shown = "alike" if self.alike else "changed"
        return f"{self.service}: {shown if self.found else 'missing'}"


@dataclass(frozen=True, slots=True)
class StoredMessageFacts:
    """
    A message that was stored through IMAP.

    Attributes:
        append: The reply to APPEND.
        readings: The message as each service shows it.
        transcript: All that was said.
    """

    append: Reply
    readings: tuple[Reading, ...]
    transcript: tuple[Line, ...]

    @property
    def unread(self) -> tuple[Reading, ...]:
        """
        The services that could not be asked.
        """
        return tuple(each for each in self.readings if each.failure)

    @property
    def different(self) -> tuple[Reading, ...]:
        """
        The services that show something else, or nothing.
        """
        return tuple(each for each in self.readings if not each.failure and not each.alike)

    def __str__(self) -> str:
        return ", ".join(str(each) for each in self.readings) or f"APPEND: {self.append}"


def is_same_message(stored: list[str], shown: list[str]) -> bool:
    """
    Whether *shown* is *stored*: the same body, and all its header fields; servers may add some.
    """
    fields, body = _divided(stored)
    shown_fields, shown_body = _divided(shown)
    return shown_body == body and set(fields) <= set(shown_fields)


def _divided(lines: list[str]) -> tuple[list[str], list[str]]:
    end = lines.index("") if "" in lines else len(lines)
    body = lines[end + 1 :]
    while body and not body[-1]:
        body = body[:-1]
    return lines[:end], body
