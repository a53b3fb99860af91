"""
What a run came to: findings joined to controls, counted, and one plain sentence about them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailvet.model import (
    SEVEREST_FIRST,
    Area,
    Cause,
    Finding,
    NotRun,
    Report,
    Severity,
    TargetSummary,
    Verdict,
)
from mailvet.report.words import count

Counts = Mapping[Verdict, int]


class Outcome(StrEnum):
    """
    What a whole run, or one target, came to.
    """

    NOT_READY = "not-ready"
    NOTHING_CHECKED = "nothing-checked"
    NOT_VERIFIED = "not-verified"
    INCOMPLETE = "incomplete"
    READY = "ready"

    @property
    def words(self) -> str:
        """
        The outcome as a headline.
        """
        return self.value.replace("-", " ").upper()


@dataclass(frozen=True, slots=True)
class ControlResult:
    """
    A control on a target: its findings on all endpoints.
    """

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """
        A finding for what all of them have in common: title, statement, references.
        """
        return self.findings[0]

    @property
    def verdict(self) -> Verdict:
        """
        The most severe verdict among the endpoints.
        """
        return min((each.verdict for each in self.findings), key=SEVEREST_FIRST.index)

    @property
    def severity(self) -> Severity:
        """
        The most severe severity among the endpoints.
        """
        return min((each.severity for each in self.findings), key=list(Severity).index)

    @property
    def open(self) -> bool:
        """
        Whether something has to be done about it.
        """
        return self.verdict in {Verdict.FAIL, Verdict.UNVERIFIED}

    def having(self, verdict: Verdict) -> tuple[Finding, ...]:
        """
        Its findings with *verdict*.
        """
        return tuple(each for each in self.findings if each.verdict is verdict)


@dataclass(frozen=True, slots=True)
class TargetResult:
    """
    What a target came to.
    """

    summary: TargetSummary
    results: tuple[ControlResult, ...]
    not_run: tuple[NotRun, ...]

    @property
    def counts(self) -> Counts:
        """
        Number of controls by verdict.
        """
        return tally(self.results)

    @property
    def outcome(self) -> Outcome:
        """
        Whether the target is ready.
        """
        return outcome_of(self.counts)

    @property
    def sentence(self) -> str:
        """
        The counts in words.
        """
        return sentence(self.counts, len(self.not_run))


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What a run came to.
    """

    outcome: Outcome
    sentence: str
    targets: tuple[TargetResult, ...]
    areas: tuple[Area, ...]

    @property
    def results(self) -> tuple[ControlResult, ...]:
        """
        The results of all targets.
        """
        return tuple(result for target in self.targets for result in target.results)


def summarise(report: Report) -> Summary:
    """
    Joins and counts the findings of a report.
    """
    targets = tuple(_target_results(report))
    results = [result for target in targets for result in target.results]
    return Summary(
        outcome=_run_outcome(report, targets),
        sentence=_run_sentence(targets, tally(results), len(report.not_run)),
        targets=targets,
        areas=_areas(report),
    )


def tally(results: Iterable[ControlResult]) -> Counts:
    """
    Number of controls by verdict, the most severe first.
    """
    found = Counter(result.verdict for result in results)
    return {verdict: found[verdict] for verdict in SEVEREST_FIRST}


def by_urgency(results: Iterable[ControlResult]) -> list[ControlResult]:
    """
    The results in the order in which they need attention.
    """
    severities = list(Severity)
    return sorted(
        results,
        key=lambda each: (
            SEVEREST_FIRST.index(each.verdict),
            severities.index(each.severity) if each.open else 0,
            each.first.control,
        ),
    )


def by_cause(results: Iterable[ControlResult]) -> dict[Cause | None, list[ControlResult]]:
    """
    Results with unverified endpoints by cause, those on which most depends first.
    """
    groups: dict[Cause | None, list[ControlResult]] = {}
    for result in results:
        for cause in dict.fromkeys(each.cause for each in result.having(Verdict.UNVERIFIED)):
            groups.setdefault(cause, []).append(result)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def by_reason(not_run: Iterable[NotRun]) -> dict[tuple[str, str], list[str]]:
    """
    Ids of controls that were not run by target and reason.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for each in not_run:
        groups.setdefault((each.target, each.reason), []).append(each.control)
    return groups


def outcome_of(counts: Counts) -> Outcome:
    """
    Whether controls with these verdicts make a target ready.

    Where nothing passed and nothing was waived nothing is known, however few complaints there are.
    """
    if counts[Verdict.FAIL]:
        return Outcome.NOT_READY
    if counts[Verdict.UNVERIFIED]:
        return Outcome.NOT_VERIFIED
    if counts[Verdict.PASS] or counts[Verdict.WAIVED]:
        return Outcome.READY
    return Outcome.NOTHING_CHECKED


def sentence(counts: Counts, not_run: int) -> str:
    """
    The counts in words: ``3 controls fail, 2 could not be verified``.
    """
    bad, unknown = counts[Verdict.FAIL], counts[Verdict.UNVERIFIED]
    clauses = []
    if bad:
        clauses.append(f"{count(bad, 'control')} {'fails' if bad == 1 else 'fail'}")
    if unknown:
        clauses.append(f"{unknown if bad else count(unknown, 'control')} could not be verified")
    if not clauses:
        clauses.append(_good_news(counts, not_run))
    if not_run:
        clauses.append(f"{not_run} {'was' if not_run == 1 else 'were'} not run")
    return ", ".join(clauses)


def _good_news(counts: Counts, not_run: int) -> str:
    good, waived = counts[Verdict.PASS], counts[Verdict.WAIVED]
    if not good and not waived:
        return "No control was judged"
    if waived:
        passed = f"{count(good, 'control')} {'passes' if good == 1 else 'pass'}"
        return f"{passed}, {waived} {'is' if waived == 1 else 'are'} waived"
    which = "applicable " if counts[Verdict.NOT_APPLICABLE] else ""
    ran = " that ran" if not_run else ""
    if good == 1:
        return f"The only {which}control{ran} passes"
    return f"All {good} {which}controls{ran} pass"


def _target_results(report: Report) -> Iterable[TargetResult]:
    known = {target.key: target for target in report.run.targets}
    named = [each.target for each in report.findings] + [each.target for each in report.not_run]
    for key in dict.fromkeys([*known, *named]):
        groups: dict[str, list[Finding]] = {}
        for finding in report.findings:
            if finding.target == key:
                groups.setdefault(finding.control, []).append(finding)
        yield TargetResult(
            summary=known.get(key) or TargetSummary(key, "", "", (), "", ""),
            results=tuple(ControlResult(tuple(group)) for group in groups.values()),
            not_run=tuple(each for each in report.not_run if each.target == key),
        )


def _run_outcome(report: Report, targets: tuple[TargetResult, ...]) -> Outcome:
    outcomes = {target.outcome for target in targets} or {Outcome.NOTHING_CHECKED}
    if not report.run.complete:
        outcomes.add(Outcome.INCOMPLETE)
    if report.run.gate == "refused":
        outcomes.add(Outcome.NOT_READY)
    return next(outcome for outcome in Outcome if outcome in outcomes)


def _run_sentence(targets: tuple[TargetResult, ...], counts: Counts, not_run: int) -> str:
    unready = sum(target.outcome is not Outcome.READY for target in targets)
    words = sentence(counts, not_run)
    if len(targets) < 2:
        return words
    if not unready:
        return f"{words} on {len(targets)} hosts"
    return f"{unready} of {len(targets)} hosts {'is' if unready == 1 else 'are'} not ready: {words}"


def _areas(report: Report) -> tuple[Area, ...]:
    known = {area.key for area in report.areas}
    more = dict.fromkeys(each.area for each in report.findings if each.area not in known)
    used = {each.area for each in report.findings}
    declared = tuple(area for area in report.areas if area.key in used)
    return (*declared, *(Area(key, key) for key in more))
