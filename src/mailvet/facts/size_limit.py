"""
The size limit that an SMTP server announces, and what it says to more (RFC 1870).
"""

from dataclasses import dataclass

from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.replies import Reply
from mailvet.model import Endpoint
from mailvet.transcript import Line

REFUSED = "552"
"""RFC 1870 §6.3: the message exceeds the fixed maximum size."""

_NAMES = {25: ("smtp", "25"), 465: ("smtps", "submissions", "465"), 587: ("submission", "587")}


@dataclass(frozen=True, slots=True)
class SizeFacts:
    """
    An envelope of a size that the server takes, and one that is an octet above its limit.

    Attributes:
        announced: Parameter of SIZE in the reply to EHLO, empty if it has none; None without SIZE.
        small: The reply to MAIL with a small size.
        large: The reply to MAIL with a size above the limit; None if none is announced.
        recipient: The reply to RCPT after it, where MAIL was taken.
        transcript: All that was said.
    """

    announced: str | None
    small: Reply | None
    large: Reply | None
    recipient: Reply | None
    transcript: tuple[Line, ...]

    @property
    def enforced(self) -> bool | None:
        """
        Whether the limit holds; None if this client's envelopes show nothing about it.
        """
        if self.small is None or not self.small.positive or self.large is None:
            return None
        answers = [each for each in (self.large, self.recipient) if each is not None]
        if any(each.status == REFUSED for each in answers):
            return True
        # Without the second reply it may be postscreen, which leaves sizes to the real server.
        later = any(each.status.startswith("4") for each in answers)
        return None if later or not self.large.positive else False

    def __str__(self) -> str:
        if self.announced is None:
            return "EHLO does not announce SIZE"
        above = f"; one octet more: {self.large}" if self.large else ""
        refused = f"; SIZE=1000: {self.small}" if self.small and not self.small.positive else ""
        return f"SIZE {self.announced}{refused}{above}"


def service_of(postfix: PostfixConfig, endpoint: Endpoint) -> str:
    """
    The service of master.cf behind *endpoint*; empty if it is not to be told.

    Behind postscreen it is the one that postscreen passes connections to.
    """
    names = _NAMES.get(endpoint.port, (str(endpoint.port),))
    for service in postfix.services:
        if service.type == "inet" and service.name.rpartition(":")[2] in names:
            if service.program == "smtpd":
                return service.key
            if service.program == "postscreen":
                return f"{postfix.setting('smtpd_service_name') or 'smtpd'}/pass"
    return ""
