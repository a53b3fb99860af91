"""
Transcripts of IMAP connections, taken from what IMAPClient logs.
"""

import ast
import contextlib
import contextvars
import logging
import re
from collections.abc import Iterator

from mailvet.transcript import Transcript

_LINE = re.compile(r"^\s*([<>]) (b?['\"].*)$", re.DOTALL)
_REDACTED = re.compile(r"^> b?['\"]\w+ (AUTHENTICATE|LOGIN) \*\*REDACTED\*\*$")

_current: contextvars.ContextVar[Transcript | None] = contextvars.ContextVar(
    "transcript", default=None
)


@contextlib.contextmanager
def recorded(transcript: Transcript) -> Iterator[None]:
    """
    Writes the IMAP lines of this task, and of the threads that it starts, into *transcript*.
    """
    token = _current.set(transcript)
    try:
        yield
    finally:
        _current.reset(token)


class _Recorder(logging.Handler):
    """
    Hands each line to the connection that it belongs to.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """
        Takes lines that were sent or received; IMAPClient has removed the password from them.
        """
        transcript = _current.get()
        if transcript is None:
            return
        message = record.getMessage()
        redacted, line = _REDACTED.match(message), _LINE.match(message)
        if redacted:
            transcript.add(">", f"{redacted[1]} ***")
        elif line:
            transcript.add(line[1], _unquoted(line[2]))


def _unquoted(text: str) -> str | bytes:
    try:
        said = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return said if isinstance(said, bytes | str) else text


_logger = logging.getLogger("imapclient")
_logger.setLevel(logging.DEBUG)
_logger.propagate = False
_logger.addHandler(_Recorder())
