"""
Both sides of each port, and the rules of benchmarks, as reports show them.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.model import Agreement, Benchmark, Comparison, Report, Run, Standing, Verdict
from mailvet.report.words import count

STANDINGS = {
    Standing.STOPS_MAIL: (Verdict.FAIL, "followed: this setting stops the mail"),
    Standing.UNFOUNDED: (Verdict.FAIL, "not followed, and no declared service needs that"),
    Standing.UNPROVEN: (Verdict.UNVERIFIED, "nothing is shown yet"),
    Standing.COMPENSATED: (Verdict.PASS, "not followed, its purpose is met otherwise"),
    Standing.FOLLOWED: (Verdict.PASS, "followed, and nothing speaks against it"),
}
"""Shape and words of each standing."""

_AGREEMENTS = {
    Agreement.SAME: (Verdict.PASS, "same"),
    Agreement.STRICTER: (Verdict.PASS, "stricter"),
    Agreement.DIFFERENT: (Verdict.FAIL, "different"),
    Agreement.NOT_COMPARED: (Verdict.NOT_APPLICABLE, "not compared"),
}


@dataclass(frozen=True, slots=True)
class Port:
    """
    A port with all its rows.

    Attributes:
        rows: The rows, of one endpoint.
    """

    rows: tuple[Comparison, ...]

    @property
    def first(self) -> Comparison:
        """
        A row for what all of them have in common.
        """
        return self.rows[0]

    @property
    def different(self) -> tuple[Comparison, ...]:
        """
        Rows in which the two sides differ.
        """
        return tuple(each for each in self.rows if each.agreement is Agreement.DIFFERENT)

    @property
    def unseen(self) -> tuple[Comparison, ...]:
        """
        Rows of which one side is missing.
        """
        return tuple(each for each in self.rows if each.cause)

    @property
    def shape(self) -> Verdict:
        """
        The verdict that stands for the port.
        """
        if self.different:
            return Verdict.FAIL
        return Verdict.UNVERIFIED if self.unseen else Verdict.PASS

    @property
    def words(self) -> str:
        """
        How the sides compare.
        """
        if self.different:
            return f"differs: {', '.join(each.subject for each in self.different)}"
        if self.unseen:
            return f"not seen: {', '.join(each.subject for each in self.unseen)}"
        return "as configured"


def ports(comparisons: Iterable[Comparison]) -> list[Port]:
    """
    The rows by port, those that differ first.
    """
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for each in comparisons:
        groups.setdefault((each.target, each.endpoint), []).append(each)
    order = (Verdict.FAIL, Verdict.UNVERIFIED, Verdict.PASS)
    found = [Port(tuple(group)) for group in groups.values()]
    return sorted(found, key=lambda each: order.index(each.shape))


def agreement_words(row: Comparison) -> tuple[Verdict, str]:
    """
    Shape and words for a row.
    """
    return (Verdict.UNVERIFIED, "not seen") if row.cause else _AGREEMENTS[row.agreement]


def dated(benchmark: Benchmark, run: Run) -> Benchmark:
    """
    The rule, its waiver signed with the run that measured what it says.
    """
    if not benchmark.waiver:
        return benchmark
    day = run.started.astimezone(dt.UTC).strftime("%Y-%m-%d")
    tool = f"mailvet {run.versions.get('mailvet', '')}".rstrip()
    signed = f"{benchmark.waiver}\nMeasured on {day} by {tool}, run {run.id}."
    return dataclasses.replace(benchmark, waiver=signed)


def wire_line(report: Report) -> str:
    """
    The comparison in one sentence; empty if nothing was compared.
    """
    known = ports(report.comparisons)
    if not known:
        return ""
    different = [each for each in known if each.different]
    unseen = [each for each in known if each.shape is Verdict.UNVERIFIED]
    places = "; ".join(
        f"{each.first.endpoint} {each.first.port} {each.words}" for each in different
    )
    clauses = [f"{count(len(known), 'port')} compared, {len(different) or 'none'} differ"]
    clauses += [f"{len(unseen)} not seen"] if unseen else []
    return f"Wire and configuration: {', '.join(clauses)}{f' ({places})' if places else ''}"


def benchmark_line(report: Report) -> str:
    """
    The benchmarks in one sentence; empty if no rule concerns a target.
    """
    if not report.benchmarks:
        return ""
    bad = [each for each in report.benchmarks if STANDINGS[each.standing][0] is not Verdict.PASS]
    text = f"Benchmarks against the role: {count(len(report.benchmarks), 'rule')}"
    shown = "; ".join(f"{each.rule}: {STANDINGS[each.standing][1]}" for each in bad)
    waivers = sum(bool(each.waiver) for each in report.benchmarks)
    ready = f", text for {count(waivers, 'waiver')} in the report" if waivers else ""
    return f"{text}{ready}{f' ({shown})' if shown else ''}"
