"""
The report for people: one HTML file that needs nothing else.
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mailvet.model import SEVEREST_FIRST, Area, Finding, Report, Severity, Verdict
from mailvet.report.json import render_json
from mailvet.report.plot import figure
from mailvet.report.sides import STANDINGS, agreement_words, dated, ports
from mailvet.report.summary import (
    ControlResult,
    Outcome,
    Summary,
    by_cause,
    by_reason,
    by_urgency,
    summarise,
    tally,
)
from mailvet.report.text import visible
from mailvet.report.words import (
    REMEDY_PLACES,
    VERDICTS,
    cause_words,
    count,
    repair_heading,
    seconds,
)

EVIDENCE_LINES = 300
"""Lines of one piece of evidence that are shown; results.json has all of them."""

EXHIBIT_TITLE = 100

_RFC = re.compile(r"RFC (\d{1,5})\b(?: §(\d+(?:\.\d+)*))?")

_SHAPES = {
    Outcome.NOT_READY: Verdict.FAIL,
    Outcome.NOTHING_CHECKED: Verdict.FAIL,
    Outcome.NOT_VERIFIED: Verdict.UNVERIFIED,
    Outcome.INCOMPLETE: Verdict.UNVERIFIED,
    Outcome.READY: Verdict.PASS,
}


@dataclass(frozen=True, slots=True)
class Block:
    """
    Endpoints of a control about which the same is to be said.
    """

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """
        The finding that speaks for all of them.
        """
        return self.findings[0]


@dataclass(frozen=True, slots=True)
class Remedy:
    """
    What to do in one place.
    """

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """
    A piece of evidence.
    """

    text: str
    places: str

    @property
    def title(self) -> str:
        """
        What it shows: the fact and the command that its first lines name, and the endpoints.
        """
        lines = self.text.splitlines()
        fact = [lines.pop(0)[2:]] if lines and lines[0].startswith("# ") else []
        command = [lines[0][2:]] if lines and lines[0].startswith("$ ") else []
        return ": ".join(filter(None, [*fact, *command, self.places]))[:EXHIBIT_TITLE]


def render_html(report: Report) -> str:
    """
    The report as HTML.

    Whatever a server said is escaped by the template and spelled out where it is invisible; the
    policy of the page runs no other script and loads nothing.
    """
    environment = _environment()
    source = environment.loader
    assert source is not None  # noqa: S101
    style = source.get_source(environment, "report.css")[0]
    script = source.get_source(environment, "report.js")[0]
    summary = summarise(report)
    return environment.get_template("report.html.j2").render(
        run=report.run,
        not_run=by_reason(report.not_run),
        summary=summary,
        total=tally(summary.results),
        several=len(summary.targets) > 1,
        failed=_failed(summary),
        causes=by_cause(summary.results),
        waived=[each for each in summary.results if each.having(Verdict.WAIVED)],
        ports=ports(report.comparisons),
        benchmarks=[dated(each, report.run) for each in report.benchmarks],
        tls=report.tls,
        figures=[figure(each) for each in report.convergences],
        checksum=hashlib.sha256(render_json(report).encode()).hexdigest(),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mailvet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(seconds=seconds, reference=reference, evidence=evidence, utc=utc)
    environment.globals.update(
        Verdict=Verdict,
        Severity=Severity,
        verdicts=SEVEREST_FIRST,
        labels=VERDICTS,
        outcome_shapes=_SHAPES,
        agreement_words=agreement_words,
        anchor=anchor,
        bars=bars,
        blocks=blocks,
        by_area=by_area,
        by_severity=by_severity,
        cause_words=cause_words,
        count=count,
        exhibits=exhibits,
        in_area=in_area,
        remedies=remedies,
        standings=STANDINGS,
    )
    return environment


def _finalize(value: Any) -> Any:  # noqa: ANN401
    # Markup is text that a template of ours made; everything else may come from a server.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _failed(summary: Summary) -> list[ControlResult]:
    return [each for each in by_urgency(summary.results) if each.verdict is Verdict.FAIL]


def anchor(result: ControlResult) -> str:
    """
    The id of a control's place in the page.
    """
    return re.sub(r"[^A-Za-z0-9.-]", "_", f"{result.first.target}-{result.first.control}")


def utc(time: dt.datetime) -> dt.datetime:
    """
    The same moment in UTC.
    """
    return time.astimezone(dt.UTC)


def reference(text: str) -> str:
    """
    The address of the standard that a reference names; empty for anything but an RFC.
    """
    match = _RFC.match(text)
    if match is None:
        return ""
    number, section = match.groups()
    fragment = f"#section-{section}" if section else ""
    return f"https://www.rfc-editor.org/rfc/rfc{number}{fragment}"


def evidence(text: str) -> str:
    """
    As much of a piece of evidence as a page should hold.
    """
    lines = text.splitlines()
    if len(lines) <= EVIDENCE_LINES:
        return text
    more = len(lines) - EVIDENCE_LINES
    return "\n".join([*lines[:EVIDENCE_LINES], f"({more} more lines are in results.json)"])


def exhibits(findings: Iterable[Finding]) -> list[Exhibit]:
    """
    Each piece of evidence once, with the endpoints on which it was gathered.
    """
    places: dict[str, list[str]] = {}
    for each in findings:
        for text in each.evidence:
            places.setdefault(text, []).append(f"{each.endpoint} {each.port or ''}".strip())
    return [Exhibit(text, ", ".join(filter(None, known))) for text, known in places.items()]


def blocks(result: ControlResult) -> list[Block]:
    """
    The findings of a control, those that say the same together, the most severe first.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in sorted(result.findings, key=lambda each: SEVEREST_FIRST.index(each.verdict)):
        same = (each.verdict, each.cause, each.observed, each.expected, each.waiver)
        groups.setdefault(same, []).append(each)
    return [Block(tuple(group)) for group in groups.values()]


def remedies(findings: Iterable[Finding]) -> list[Remedy]:
    """
    What to do about these findings, each command once; what can be run as it stands comes first.

    Where nothing is to be repaired, what remains is how to see it with one's own eyes.
    """
    known = list(findings)
    if all(each.verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE} for each in known):
        text = _commands(known, "verify")
        return [Remedy("To verify", text)] if text else []
    others = dict.fromkeys(key for each in known for key in each.remedy if key not in REMEDY_PLACES)
    words = [
        Remedy(REMEDY_PLACES.get(key, key.capitalize()), text)
        for key in (*REMEDY_PLACES, *others)
        if (text := _commands(known, key))
    ]
    return [*_repairs(known), *words]


def _repairs(findings: Iterable[Finding]) -> Iterator[Remedy]:
    texts: dict[str, dict[str, None]] = {}
    for commands in (fix for each in findings for fix in each.fix):
        texts.setdefault(repair_heading(commands), {})[commands.run] = None
    for heading, runs in texts.items():
        yield Remedy(heading, "\n".join(runs))


def _commands(findings: Iterable[Finding], key: str) -> str:
    texts = dict.fromkeys(each.remedy.get(key, "").strip() for each in findings)
    return "\n".join(filter(None, texts))


def bars(counts: dict[Verdict, int]) -> Iterator[tuple[Verdict, float, float]]:
    """
    Verdict, start and width of each part of a stacked bar, in percent.
    """
    total = sum(counts.values())
    start = 0.0
    for verdict, number in counts.items():
        if number:
            width = 100 * number / total
            gap = min(0.4, width / 2) if start + width < 99.9 else 0
            yield verdict, round(start, 3), round(width - gap, 3)
            start += width


def by_area(summary: Summary) -> list[tuple[str, dict[Verdict, int]]]:
    """
    Title and counts of each area.
    """
    return [(area.title, dict(tally(in_area(summary.results, area)))) for area in summary.areas]


def by_severity(summary: Summary) -> list[tuple[str, dict[Verdict, int]]]:
    """
    Title and counts of each severity.
    """
    return [
        (
            severity.capitalize(),
            dict(tally(each for each in summary.results if each.severity is severity)),
        )
        for severity in Severity
    ]


def in_area(results: Iterable[ControlResult], area: Area) -> list[ControlResult]:
    """
    The results of an area, those that need attention first.
    """
    return by_urgency(each for each in results if each.first.area == area.key)
