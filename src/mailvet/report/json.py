"""
The report for machines; ``docs/results.schema.json`` describes it.
"""

import datetime as dt
import json
from typing import Any

import msgspec

from mailvet.model import Report
from mailvet.report.sides import dated
from mailvet.report.summary import Summary, summarise, tally
from mailvet.report.text import encodable

SCHEMA = "mailvet-results/1"
"""Changes only when a program that reads the file would have to change."""


def render_json(report: Report) -> str:
    """
    The report as JSON with a stable order of keys.

    The text is ASCII: whatever a server said, the file can be shown on any terminal.
    """
    document = {
        "schema": SCHEMA,
        "run": msgspec.to_builtins(report.run, builtin_types=(dt.datetime,)),
        "summary": _summary(report, summarise(report)),
        "areas": msgspec.to_builtins(report.areas),
        "findings": msgspec.to_builtins(report.findings),
        "not_run": msgspec.to_builtins(report.not_run),
        "comparisons": msgspec.to_builtins(report.comparisons),
        "benchmarks": msgspec.to_builtins([dated(each, report.run) for each in report.benchmarks]),
        "convergences": msgspec.to_builtins(report.convergences),
        "tls": msgspec.to_builtins(report.tls),
        "activity": msgspec.to_builtins(report.activity),
    }
    return json.dumps(_clean(document), indent=2, ensure_ascii=True) + "\n"


def _summary(report: Report, summary: Summary) -> dict[str, Any]:
    findings = dict.fromkeys(tally(()), 0)
    for finding in report.findings:
        findings[finding.verdict] += 1
    return {
        "outcome": summary.outcome,
        "sentence": summary.sentence,
        "controls": dict(tally(summary.results)),
        "findings": findings,
        "not_run": len(report.not_run),
    }


def _clean(value: Any) -> Any:  # noqa: ANN401
    # JSON has neither lone surrogates nor times.
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return value
