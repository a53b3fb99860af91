"""
What a port says beside what the configuration says; where they differ, the port is right.
"""

from dataclasses import dataclass

from mailvet.model import Agreement, Cause, Comparison, Endpoint

FLOOR = "TLS versions"
CERTIFICATE = "certificate"
LISTENING = "listening"
MECHANISMS = "mechanisms inside TLS"


@dataclass(frozen=True, slots=True)
class ComparisonFacts:
    """
    All questions that one port and the configuration behind it both answer.

    Attributes:
        rows: The questions with both answers.
    """

    rows: tuple[Comparison, ...]

    @property
    def judged(self) -> tuple[Comparison, ...]:
        """
        The questions that no other control decides.
        """
        return tuple(each for each in self.rows if not each.decided_by)

    @property
    def different(self) -> tuple[Comparison, ...]:
        """
        Where the port does something else than the configuration says.
        """
        return tuple(each for each in self.judged if each.agreement is Agreement.DIFFERENT)

    @property
    def unseen(self) -> tuple[Comparison, ...]:
        """
        What should have been compared, and could not be.
        """
        return tuple(each for each in self.judged if each.cause)

    @property
    def agreement(self) -> str:
        """
        What was compared and what was not, in words.
        """
        good = {Agreement.SAME, Agreement.STRICTER}
        alike = ", ".join(each.subject for each in self.judged if each.agreement in good)
        noted = "; ".join(f"{each.subject}: {each.note}" for each in self.judged if each.note)
        return f"as configured: {alike or 'nothing'}{f' ({noted})' if noted else ''}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    Where the answers about one endpoint are written down.
    """

    target: str
    endpoint: Endpoint

    def row(self, subject: str, wire: str, configured: str, *, decided_by: str = "") -> Comparison:
        """
        Both answers, which must be the same.
        """
        same = wire == configured
        agreement = Agreement.SAME if same else Agreement.DIFFERENT
        return self.written(subject, wire, configured, agreement, decided_by=decided_by)

    def written(
        self,
        subject: str,
        wire: str,
        configured: str,
        agreement: Agreement,
        *,
        note: str = "",
        decided_by: str = "",
    ) -> Comparison:
        """
        Both answers, and how they compare.
        """
        return Comparison(
            self.target,
            self.endpoint.name,
            self.endpoint.port,
            subject,
            wire or "nothing",
            configured or "nothing",
            agreement,
            note,
            None,
            decided_by,
        )

    def left_out(
        self, subject: str, wire: str, configured: str, note: str, *, decided_by: str = ""
    ) -> Comparison:
        """
        Answers that need not agree.
        """
        return self.written(
            subject, wire, configured, Agreement.NOT_COMPARED, note=note, decided_by=decided_by
        )

    def unseen(self, subject: str, configured: str, cause: Cause, note: str) -> Comparison:
        """
        A question that the port did not answer.
        """
        return Comparison(
            self.target,
            self.endpoint.name,
            self.endpoint.port,
            subject,
            "not seen",
            configured or "nothing",
            Agreement.NOT_COMPARED,
            note,
            cause,
        )


def mechanism_words(mechanisms: frozenset[str]) -> str:
    """
    Mechanisms in an order that does not matter to clients.
    """
    return " ".join(sorted(mechanisms)) or "no AUTH"
