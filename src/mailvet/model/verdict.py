"""
What a control came to, and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """
    What a control came to on a target.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNVERIFIED = "unverified"
    WAIVED = "waived"


SEVEREST_FIRST = (
    Verdict.FAIL,
    Verdict.UNVERIFIED,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
"""A control judged on several endpoints has the first of these verdicts that occurs."""


class Cause(StrEnum):
    """
    Why something is unverified.
    """

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CREDENTIALS = "credentials"
    PRIVILEGE = "privilege"
    VANTAGE = "vantage"
    CLIENT_LIMIT = "client-limit"
    BLOCKED = "blocked"
    TOOL = "tool"


class Severity(StrEnum):
    """
    How much a failed control matters.
    """

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Activity(StrEnum):
    """
    What a control does to the audited host.

    Passive reads; active logs in, sends mail that it removes, or is refused; intrusive may lock
    somebody out or send mail elsewhere, and runs only with ``--allow intrusive``.
    """

    PASSIVE = "passive"
    ACTIVE = "active"
    INTRUSIVE = "intrusive"


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a check decided, before waivers.

    Attributes:
        verdict: pass, fail, unverified or not-applicable.
        observed: What was seen, in words for the administrator.
        expected: What would pass.
        cause: Why, if unverified.
    """

    verdict: Verdict
    observed: str
    expected: str
    cause: Cause | None = None


def together(parts: Iterable[Judgement], *, expected: str) -> Judgement:
    """
    The judgement of several things that must all be right: the severest, about what has it.

    Of nothing at all nothing was seen.
    """
    found = tuple(parts)
    verdicts = {each.verdict for each in found}
    worst = next((each for each in SEVEREST_FIRST if each in verdicts), None)
    if worst is None:
        return unverified(Cause.BLOCKED, observed="there was nothing to look at", expected=expected)
    severest = [each for each in found if each.verdict is worst]
    observed = "; ".join(dict.fromkeys(each.observed for each in severest))
    return Judgement(worst, observed, expected, severest[0].cause)


def judge(satisfied: bool, *, observed: str, expected: str) -> Judgement:
    """
    The judgement of facts that settle the question one way or the other.
    """
    return Judgement(Verdict.PASS if satisfied else Verdict.FAIL, observed, expected)


def unverified(cause: Cause, *, observed: str, expected: str) -> Judgement:
    """
    The judgement of facts that leave the question open, for example a refusal for another reason.
    """
    return Judgement(Verdict.UNVERIFIED, observed, expected, cause)


def not_applicable(reason: str) -> Judgement:
    """
    The judgement of facts that show that the question does not arise.
    """
    return Judgement(Verdict.NOT_APPLICABLE, reason, "")
