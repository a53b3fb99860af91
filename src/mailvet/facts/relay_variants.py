"""
What a server says to recipients that are written in odd ways, and where those lead that it accepts.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.recipient_forms import RecipientForm
from mailvet.facts.relay import is_relay_denial
from mailvet.facts.replies import Reply
from mailvet.facts.resolution import Destination, Resolution
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class VariantAttempt:
    """
    A recipient in an odd form, named by a stranger.

    Attributes:
        form: The form.
        reply: The reply to RCPT; None if there was none.
        sound: Whether the session took a local recipient before it and after it.
        failure: Why there was no reply.
        resolution: Where it would lead; None if it was not accepted, or if that is not known.
    """

    form: RecipientForm
    reply: Reply | None
    sound: bool
    failure: str = ""
    resolution: Resolution | None = None

    @property
    def accepted(self) -> bool:
        """
        Whether the server took it.
        """
        return self.reply is not None and self.reply.positive

    @property
    def refused(self) -> bool:
        """
        Whether it was refused for good, by a server that took other mail at the same time.
        """
        if self.reply is None or not self.sound:
            return False
        return self.reply.status.startswith("5") or is_relay_denial(self.reply)

    def __str__(self) -> str:
        way = f", which leads to {self.resolution}" if self.resolution else ""
        return f"{self.form}: {self.reply or self.failure}{way}"


@dataclass(frozen=True, slots=True)
class RelayVariantsFacts:
    """
    All odd recipients at one endpoint, seen from outside.

    Attributes:
        standpoint: The place from which they were tried.
        foreign: The foreign domain in them.
        control: The reply to a local recipient in the first session.
        attempts: One for each form.
        settings: What Postfix is told about such addresses; empty if that is not known.
        unasked: Why nobody on the host could be asked where accepted ones lead.
        cause: The cause that belongs to it.
        transcript: All that was said.
        commands: What was run on the host.
    """

    standpoint: Standpoint
    foreign: str
    control: Reply | None
    attempts: tuple[VariantAttempt, ...]
    settings: tuple[tuple[str, str], ...]
    unasked: str
    cause: Cause | None
    transcript: tuple[Line, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def relayed(self) -> tuple[VariantAttempt, ...]:
        """
        Accepted ones that lead away from the host.
        """
        return tuple(each for each in self.attempts if self._leads(each) is Destination.ELSEWHERE)

    @property
    def suspect(self) -> tuple[VariantAttempt, ...]:
        """
        Accepted ones of which nobody knows where they lead.
        """
        return tuple(each for each in self.attempts if self._leads(each) is Destination.UNKNOWN)

    @property
    def cleared(self) -> tuple[VariantAttempt, ...]:
        """
        Accepted ones that stay on the host.
        """
        return tuple(each for each in self.attempts if self._leads(each) is Destination.OWN)

    @property
    def unclear(self) -> tuple[VariantAttempt, ...]:
        """
        Those that were neither accepted nor refused for good.
        """
        return tuple(each for each in self.attempts if not each.accepted and not each.refused)

    def _leads(self, attempt: VariantAttempt) -> Destination | None:
        if not attempt.accepted:
            return None
        if attempt.form.foreign:
            return Destination.ELSEWHERE
        if attempt.resolution is None:
            return Destination.UNKNOWN
        return attempt.resolution.destination(self.foreign)

    @property
    def doubt(self) -> str:
        """
        What has to be found out about the suspect ones, in words.
        """
        told = ", ".join(f"{name} = {value}" for name, value in self.settings)
        why = f" ({self.unasked})" if self.unasked else ""
        return (
            f"accepted, and whether it stays a mailbox of this host is not known{why}: "
            f"{'; '.join(map(str, self.suspect))}{f'; {told}' if told else ''}"
        )

    def __str__(self) -> str:
        refused = sum(each.refused for each in self.attempts)
        kept = f"; accepted and kept here: {'; '.join(map(str, self.cleared))}"
        return f"{refused} forms refused from {self.standpoint}{kept if self.cleared else ''}"
