"""
What was said on a connection or in a shell, redacted while it is written down.
"""

import time
from dataclasses import dataclass

from mailvet.secret import Secret

MAX_LINES = 400
MAX_LINE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of a transcript.

    Attributes:
        at: Seconds since the transcript began.
        direction: ``>`` sent, ``<`` received, ``*`` something that happened (connect, TLS, close).
        text: The line without its line end; unprintable octets are escaped.
    """

    at: float
    direction: str
    text: str

    def __str__(self) -> str:
        return f"{self.at:7.3f} {self.direction} {self.text}"


class Transcript:
    """
    Collects lines; what is registered as a secret never gets in.

    A hostile server cannot fill the memory: length and number of lines are bounded.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._lines: list[Line] = []
        self._hidden: set[str] = set()
        self._dropped = 0

    def hide(self, secret: Secret, *also: str) -> None:
        """
        From now on shows *secret*, in every usual disguise, and the strings *also* as ``***``.
        """
        self._hidden.update(text for text in (*secret.disguises(), *also) if text)

    def add(self, direction: str, data: bytes | str) -> None:
        """
        Writes one line down.
        """
        if len(self._lines) >= MAX_LINES:
            self._dropped += 1
            return
        text = data if isinstance(data, str) else readable(data)
        for hidden in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(hidden, "***")
        if len(text) > MAX_LINE_LENGTH:
            text = f"{text[:MAX_LINE_LENGTH]}… ({len(text)} characters)"
        self._lines.append(Line(round(time.monotonic() - self._start, 3), direction, text))

    def freeze(self) -> tuple[Line, ...]:
        """
        The lines so far.
        """
        if self._dropped:
            last = Line(self._lines[-1].at, "*", f"({self._dropped} more lines not kept)")
            return (*self._lines, last)
        return tuple(self._lines)


_ESCAPED = {octet: f"\\x{octet:02x}" for octet in range(256) if not 32 <= octet < 127}


def readable(data: bytes) -> str:
    """
    Octets as text that is safe on every terminal: printable ASCII stays, all else is escaped.
    """
    return data.rstrip(b"\r\n").decode("latin-1").translate(_ESCAPED)
