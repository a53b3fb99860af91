"""
Everything that mailvet raises on purpose.
"""

from mailvet.model import Cause
from mailvet.transcript import Line


class MailvetError(Exception):
    """
    A problem that one clear line explains: what, where, and what to do.
    """


class ConfigurationError(MailvetError):
    """
    The inventory, a profile, a waiver or the command line is wrong.
    """


class CatalogueError(MailvetError):
    """
    The words of the controls and the checks that decide them do not fit together.
    """


class ProbeError(MailvetError):
    """
    There was nothing to observe, so every control that needs it is unverified.

    A refusal by the server is an observation and therefore no ProbeError.

    Attributes:
        cause: Why nothing could be observed.
        detail: What happened, in words for the administrator.
        transcript: What was said until then, already redacted.
    """

    def __init__(self, cause: Cause, detail: str, transcript: tuple[Line, ...] = ()) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.transcript = transcript


class PeerClosedError(ProbeError):
    """
    The peer ended the connection; where a refusal may take that form, a probe catches it.
    """
