"""
The report on a terminal.
"""

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailvet.model import Chain, Finding, Report, Severity, Verdict
from mailvet.report.plot import convergence_lines
from mailvet.report.sides import benchmark_line, wire_line
from mailvet.report.summary import (
    ControlResult,
    Counts,
    Outcome,
    Summary,
    by_cause,
    by_urgency,
    summarise,
    tally,
)
from mailvet.report.text import one_line, visible
from mailvet.report.words import (
    REMEDY_PLACES,
    VERDICTS,
    cause_words,
    count,
    repair_heading,
    seconds,
)

NARROWEST = 40
SHOWN_FAILURES = 10
SHOWN_REASONS = 3
REMEDY_LINES = 2

_COLUMNS = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.UNVERIFIED,
    Verdict.WAIVED,
    Verdict.NOT_APPLICABLE,
)
_HEADS = {verdict: VERDICTS[verdict].lower() for verdict in _COLUMNS}
_FULL_HEADS = 64
"""Columns from which on the heads of the table are not cut."""

_OUTCOME_STYLE = {
    Outcome.NOT_READY: "1;31",
    Outcome.NOTHING_CHECKED: "1;31",
    Outcome.NOT_VERIFIED: "1;33",
    Outcome.INCOMPLETE: "1;33",
    Outcome.READY: "1;32",
}
_VERDICT_STYLE = {Verdict.FAIL: "31", Verdict.UNVERIFIED: "33", Verdict.WAIVED: "35"}
_SEVERITY_STYLE = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33"}


def render_terminal(report: Report, *, width: int, colour: bool, path: str = "") -> str:
    """
    The report in lines of at most *width* columns (never less than 40).

    Args:
        report: What to show.
        width: Columns of the terminal.
        colour: Whether to use colours; the words say everything without them.
        path: Where the full report is.
    """
    page = _Page(max(width, NARROWEST), colour)
    summary = summarise(report)
    page.blocks(
        _headline(page, report, summary),
        _table(page, summary),
        _targets(page, summary),
        _failures(page, summary),
        _unverified(page, summary),
        _sides(page, report),
        _totals(page, report, summary, path),
    )
    return page.text


class _Page:
    """
    Lines that fit.
    """

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self.text = ""

    def blocks(self, *blocks: Iterator[str]) -> None:
        """
        Adds blocks of lines with an empty line between them.
        """
        filled = ["\n".join(lines) for block in blocks if (lines := list(block))]
        self.text = "\n\n".join(filled) + "\n"

    def paint(self, text: str, style: str | None) -> str:
        """
        The text in a style of ECMA-48.
        """
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style and text.strip() else text

    def wrap(self, text: str, *, first: str = "", indent: str = "", limit: int = 99) -> list[str]:
        """
        The text in lines that fit, at most *limit* of them.
        """
        lines = _wrap(one_line(text), self.width - len(indent))
        if len(lines) > limit:
            kept = lines[limit - 1]
            while _cells(kept) > self.width - len(indent) - 4:
                kept = kept[:-1]
            lines = [*lines[: limit - 1], f"{kept} ..."]
        return [
            (indent if number else first.ljust(len(indent))) + line
            for number, line in enumerate(lines)
        ]


@dataclass(frozen=True, slots=True)
class _Row:
    """
    One line of the table.
    """

    label: str
    counts: Counts


def _headline(page: _Page, report: Report, summary: Summary) -> Iterator[str]:
    line = f"{summary.outcome.words}: {summary.sentence}"
    for each in page.wrap(line):
        yield page.paint(each, _OUTCOME_STYLE[summary.outcome])
    if not report.run.complete:
        reason = report.run.incomplete_reason or "no reason given"
        yield from page.wrap(f"The run is not complete: {reason}")
    if report.run.gate:
        yield f"Acceptance gate: {report.run.gate}"


def _table(page: _Page, summary: Summary) -> Iterator[str]:
    rows = [
        _Row(area.title, tally(each for each in summary.results if each.first.area == area.key))
        for area in summary.areas
    ]
    return _counts(page, "Area", [*rows, _Row("Total", tally(summary.results))] if rows else [])


def _targets(page: _Page, summary: Summary) -> Iterator[str]:
    rows = [_Row(target.summary.key, target.counts) for target in summary.targets]
    return _counts(page, "Host", rows if len(rows) > 1 else [])


def _counts(page: _Page, heading: str, rows: list[_Row]) -> Iterator[str]:
    if not rows:
        return
    longest = 10 if page.width >= _FULL_HEADS else 5
    sizes = {verdict: max(6, len(_HEADS[verdict][:longest]) + 2) for verdict in _COLUMNS}
    room = page.width - sum(sizes.values())
    widest = min(room, max(_cells(one_line(row.label)) for row in rows))
    heads = "".join(_HEADS[verdict][:longest].rjust(sizes[verdict]) for verdict in _COLUMNS)
    yield page.paint(_cut(heading, widest).ljust(widest) + heads, "1")
    for row in rows:
        text = _cut(one_line(row.label), widest)
        cells = (
            page.paint(
                str(row.counts[verdict] or ".").rjust(sizes[verdict]),
                _VERDICT_STYLE.get(verdict) if row.counts[verdict] else "2",
            )
            for verdict in _COLUMNS
        )
        yield text + " " * (widest - _cells(text)) + "".join(cells)


def _failures(page: _Page, summary: Summary) -> Iterator[str]:
    failed = [each for each in by_urgency(summary.results) if each.verdict is Verdict.FAIL]
    if not failed:
        return
    yield page.paint("Fix first", "1")
    for result in failed[:SHOWN_FAILURES]:
        yield from _failure(page, result, several=len(summary.targets) > 1)
    if len(failed) > SHOWN_FAILURES:
        yield f"  and {len(failed) - SHOWN_FAILURES} more in the report"


def _failure(page: _Page, result: ControlResult, *, several: bool) -> Iterator[str]:
    bad = result.having(Verdict.FAIL)
    endpoints = [f"{each.endpoint} {each.port}" for each in bad if each.endpoint]
    place = [result.first.target] if several else []
    where = f" ({', '.join([*place, *endpoints])})" if place or endpoints else ""
    label = result.severity.upper().ljust(9)
    title = page.wrap(
        f"{result.first.control} {result.first.title}{where}", first=label, indent=" " * 9
    )
    yield page.paint(label, _SEVERITY_STYLE.get(result.severity)) + title[0][len(label) :]
    yield from title[1:]
    indent = " " * 22
    yield from page.wrap(
        bad[0].observed, first=" " * 9 + "observed", indent=indent, limit=REMEDY_LINES
    )
    yield from _repair(page, bad)
    for place_key, heading in REMEDY_PLACES.items():
        if place_key != "verify" and bad[0].fix:
            continue
        for number, line in enumerate(_commands(bad[0], place_key)[:REMEDY_LINES]):
            first = " " * 9 + (heading.lower() if number == 0 else "")
            yield from page.wrap(line, first=first, indent=indent, limit=REMEDY_LINES)


def _repair(page: _Page, findings: Iterable[Finding]) -> Iterator[str]:
    """
    Commands as they stand: whoever copies a broken line would run something else.
    """
    for commands in dict.fromkeys(fix for each in findings for fix in each.fix):
        yield from page.wrap(f"{repair_heading(commands)}:", indent=" " * 9)
        yield from (f"           {visible(line)}" for line in commands.run.splitlines())


def _commands(finding: Finding, place: str) -> list[str]:
    return [line for line in finding.remedy.get(place, "").splitlines() if line.strip()]


def _unverified(page: _Page, summary: Summary) -> Iterator[str]:
    for cause, results in by_cause(summary.results).items():
        words = cause_words(cause)
        heading = f"{words.title} ({cause or 'no cause'}): {count(len(results), 'control')}"
        yield page.paint(
            _cut(f"Unverified: {heading}", page.width), _VERDICT_STYLE[Verdict.UNVERIFIED]
        )
        ids = dict.fromkeys(result.first.control for result in results)
        yield from page.wrap(", ".join(ids), first="  ", indent="  ")
        seen = Counter(
            finding.observed
            for result in results
            for finding in result.having(Verdict.UNVERIFIED)
            if finding.cause is cause
        )
        for observed, _ in seen.most_common(SHOWN_REASONS):
            yield from page.wrap(observed, first="  - ", indent="    ", limit=REMEDY_LINES)
        yield from page.wrap(words.advice, first="  ", indent="  ")


def _sides(page: _Page, report: Report) -> Iterator[str]:
    for line in (wire_line(report), benchmark_line(report), *convergence_lines(report)):
        yield from page.wrap(line, indent="  ") if line else ()


def _totals(page: _Page, report: Report, summary: Summary, path: str) -> Iterator[str]:
    counts = tally(summary.results)
    shares = ", ".join(
        f"{counts[verdict]} {VERDICTS[verdict].lower()}" for verdict in _COLUMNS if counts[verdict]
    )
    total = count(len(summary.results), "control")
    missing = f"; {len(report.not_run)} not run" if report.not_run else ""
    yield from page.wrap(f"{total}: {shares or 'nothing judged'}{missing}")
    if report.run.chain is not None:
        yield from page.wrap(speed(report.run.chain))
    if path:
        # A path that is broken in two cannot be opened by a click.
        yield from ([f"report: {path}"] if len(path) + 8 <= page.width else ["report:", path])


def speed(chain: Chain) -> str:
    """
    How long the gathering took, and what it had to wait for.
    """
    steps = " > ".join(chain.facts)
    slowest = f"; slowest chain {seconds(chain.seconds)}: {steps}" if steps else ""
    return f"gathered in {seconds(chain.wall_s)}{slowest}"


def _cells(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide


def _cut(text: str, room: int) -> str:
    if _cells(text) <= room:
        return text
    while _cells(text) > room - 3:
        text = text[:-1]
    return f"{text.rstrip()}..."


def _wrap(text: str, room: int) -> list[str]:
    lines: list[str] = []
    for line in textwrap.wrap(text, room, break_on_hyphens=False) or [""]:
        rest = line
        while _cells(rest) > room:
            head = _cut(rest, room)[:-3] or rest[0]
            lines.append(head)
            rest = rest[len(head) :]
        lines.append(rest)
    return lines
