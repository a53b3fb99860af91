"""
results.json.
"""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import jsonschema
import pytest

from mailvet.model import Commands, Convergence, Finding, Journey, Report
from mailvet.report.json import render_json
from tests.unit.report.sample import HOSTILE, build_report

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "results.schema.json").read_text(encoding="utf-8")
)
EMPTY = dataclasses.replace(
    build_report(), findings=(), not_run=(), areas=(), comparisons=(), benchmarks=()
)
NO_CHAIN = dataclasses.replace(EMPTY, run=dataclasses.replace(EMPTY.run, chain=None, gate=""))

REPAIRED = dataclasses.replace(
    EMPTY,
    findings=(dataclasses.replace(build_report().findings[0], fix=(Commands("host", "true"),)),),
)


REPLICATED = dataclasses.replace(
    EMPTY,
    convergences=(
        Convergence("mail1", "mail2", 10.0, (Journey("stored", (0.2, None), ("lost",)),)),
    ),
)


@pytest.mark.parametrize(
    "report",
    [build_report(), build_report(hosts=3), EMPTY, NO_CHAIN, REPAIRED, REPLICATED],
    ids=range(6),
)
def test_results_follow_the_published_schema(report: Report) -> None:
    """
    Whatever a run came to, the schema describes it.
    """
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render_json(report)))


def test_schema_requires_every_field_of_a_finding_in_the_order_of_the_file() -> None:
    """
    A field that is added to findings must be added to the schema.
    """
    names = [each.name for each in dataclasses.fields(Finding)]
    document = json.loads(render_json(build_report()))
    assert list(document["findings"][0]) == names
    assert SCHEMA["$defs"]["finding"]["required"] == names


def test_times_are_rfc_3339_in_utc() -> None:
    """
    Also for a run that was started in another time zone's summer.
    """
    report = build_report()
    east = dt.timezone(dt.timedelta(hours=2))
    run = dataclasses.replace(report.run, started=report.run.started.astimezone(east))
    document = json.loads(render_json(dataclasses.replace(report, run=run)))
    assert document["run"]["started"] == "2026-11-22T03:02:11Z"
    assert document["run"]["ended"] == "2026-11-22T03:02:18.400000Z"


def test_same_report_gives_same_text() -> None:
    """
    Two renderings are equal to the octet.
    """
    assert render_json(build_report()) == render_json(build_report())


def test_hostile_bytes_survive_unchanged_in_printable_ascii() -> None:
    """
    The file can be shown on a terminal, and programs get what the server sent.
    """
    text = render_json(build_report())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert any(HOSTILE in each["evidence"] for each in json.loads(text)["findings"])


def test_lone_surrogates_do_not_make_the_file_unreadable() -> None:
    """
    They become replacement characters: strict parsers reject them.
    """
    report = build_report()
    broken = dataclasses.replace(report.findings[0], observed="\ud800x")
    document = json.loads(render_json(dataclasses.replace(report, findings=(broken,))))
    assert document["findings"][0]["observed"] == "\ufffdx"


def test_summary_counts_controls_and_findings() -> None:
    """
    A control with eight endpoints is one control and eight findings.
    """
    summary = json.loads(render_json(build_report()))["summary"]
    assert summary["outcome"] == "not-ready"
    assert summary["controls"] == {
        "fail": 5, "unverified": 6, "waived": 1, "pass": 35, "not-applicable": 2,
    }  # fmt: skip
    assert summary["findings"]["fail"] == 8
    assert summary["not_run"] == 2
