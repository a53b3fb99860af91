"""
Dovecot's LMTP service on its TCP port, as an SMTP server meets it.
"""

from dataclasses import dataclass

from mailvet.facts.certificate import CertificateFacts, ShownFacts
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.tls import Handshake
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class LmtpSession:
    """
    One session, from a place to which the port must be open; no message is sent.

    Attributes:
        place: Where it came from.
        port: TCP port.
        greeting: The greeting; None if none came before TLS, or at all.
        offered: What LHLO announced before TLS.
        starttls: The reply to STARTTLS; None if it was not asked.
        handshake: The handshake; None if there was none.
        certificate: The certificate that was shown.
        inside: What LHLO announced inside TLS; None if the session did not come there.
        known: The replies to the addresses of test accounts, inside TLS.
        unknown: The reply to an address that does not exist.
        failure: Why the session ended early; empty if it did not.
        transcript: All that was said.
    """

    place: str
    port: int
    greeting: Reply | None
    offered: Capabilities
    starttls: Reply | None
    handshake: Handshake | None
    certificate: CertificateFacts | None
    inside: Capabilities | None
    known: tuple[RecipientReply, ...]
    unknown: RecipientReply | None
    failure: str
    transcript: tuple[Line, ...]

    @property
    def greeted(self) -> bool:
        """
        Whether an LMTP server bade welcome and answered LHLO, before TLS or inside.
        """
        words = self.offered.items if self.inside is None else self.inside.items
        return bool(self.greeting and self.greeting.positive and words)

    @property
    def encrypted(self) -> bool:
        """
        Whether the session went on inside TLS.
        """
        return bool(self.handshake and self.handshake.completed and self.inside is not None)

    def tls_faults(self, name: str, others: ShownFacts) -> tuple[str, ...]:
        """
        Why a client that looks for *name* must not trust the certificate, or that it is another
        one than Dovecot's *others*.
        """
        shown = self.certificate
        if shown is None or shown.leaf is None:
            return ("no certificate was shown",)
        found = [] if shown.trusted else [f"the chain does not lead to {shown.anchors}"]
        if not shown.leaf.valid_for(name):
            found.append(f"it is for {shown.leaf.names}, not for {name}")
        if shown.days_left <= 0:
            found.append(f"it expired on {shown.leaf.expiry}")
        leaves = {each.certificate.sha256 for each in others.of("dovecot")}
        if leaves and shown.leaf.sha256 not in leaves:
            found.append("it is another one than Dovecot's other services show")
        return tuple(found)

    def __str__(self) -> str:
        steps = [f"from {self.place}"]
        if self.greeting:
            steps.append(f"greeting {self.greeting.status}")
        if self.starttls:
            steps.append(f"STARTTLS {self.starttls.status}")
        if self.handshake:
            steps.append(f"{self.handshake}")
        return ", ".join(steps) + (f"; {self.failure}" if self.failure else "")
