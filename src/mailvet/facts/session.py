"""
What a client sees before it logs in.
"""

from dataclasses import dataclass

from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.tls import Handshake
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """
    One connection up to the point where a client would log in.

    Attributes:
        greeting: The greeting; with implicit TLS it came after the handshake.
        before: Capabilities in clear text; None with implicit TLS.
        starttls: The reply to STARTTLS; None if it was not announced, or with implicit TLS.
        injected: Octets in clear text behind the reply to STARTTLS, as text; must be empty.
        handshake: The TLS handshake; None if none was tried.
        after: Capabilities inside TLS; None if there was no TLS.
        hello: First line of the EHLO reply, SMTP only.
        transcript: All that was said.
    """

    greeting: Reply | None
    before: Capabilities | None
    starttls: Reply | None
    injected: str
    handshake: Handshake | None
    after: Capabilities | None
    hello: str
    transcript: tuple[Line, ...]

    @property
    def secured(self) -> bool:
        """
        Whether TLS was established and the server spoke its protocol inside it.
        """
        return self.handshake is not None and self.handshake.completed and self.after is not None

    @property
    def offers_tls_again(self) -> bool:
        """
        Whether STARTTLS is announced inside TLS, where it must not be (RFC 3207 §4.2).
        """
        return self.after is not None and ("STARTTLS" in self.after or "STLS" in self.after)

    @property
    def skips_login(self) -> bool:
        """
        Whether the server says before TLS that somebody is logged in, who then cannot start it.
        """
        if self.greeting is None or self.before is None:
            return False
        return self.greeting.status == "PREAUTH"
