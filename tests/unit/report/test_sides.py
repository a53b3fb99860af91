"""
Ports with both sides, and benchmarks, as the reports show them.
"""

import dataclasses
import json

from mailvet.model import Benchmark, Comparison, Standing, Verdict
from mailvet.report.html import render_html
from mailvet.report.json import render_json
from mailvet.report.sides import STANDINGS, ports, wire_line
from mailvet.report.terminal import render_terminal
from tests.unit.report.sample import HOSTILE, build_report

BROKEN = build_report()
SOUND = build_report(broken=False)


def test_ports_that_differ_come_first() -> None:
    """
    Then those of which something was not seen.
    """
    found = ports(BROKEN.comparisons)

    assert [each.first.port for each in found] == [25, 993, 587]
    assert [each.shape for each in found] == [Verdict.FAIL, Verdict.UNVERIFIED, Verdict.PASS]


def test_the_terminal_names_what_differs() -> None:
    """
    One sentence for the ports, one for the benchmarks.
    """
    text = " ".join(render_terminal(BROKEN, width=100, colour=False).split())

    assert "3 ports compared, 1 differ, 1 not seen (smtp 25 differs: listening, greeting)" in text
    assert "Benchmarks against the role: 5 rules, text for 1 waiver in the report" in text
    assert "this setting stops the mail" in text


def test_a_report_without_them_does_not_mention_them() -> None:
    """
    A run of one area has gathered nothing for them.
    """
    assert not wire_line(SOUND)
    assert "Benchmarks" not in render_terminal(SOUND, width=100, colour=False)
    assert 'id="wire"' not in render_html(SOUND)
    assert 'id="benchmarks"' not in render_html(SOUND)


def test_the_page_shows_both_sides_and_the_waivers() -> None:
    """
    What a server says is escaped there as everywhere.
    """
    page = render_html(BROKEN)

    assert 'id="wire"' in page
    assert "mail1.example.com ESMTP" in page
    assert HOSTILE not in page
    assert "The rule is not followed to the letter on mail1." in page
    for _, words in STANDINGS.values():
        assert words.capitalize() in page


def test_a_waiver_names_the_run_that_measured_it() -> None:
    """
    An auditor can find the report that it rests on.
    """
    document = json.loads(render_json(BROKEN))
    (waiver,) = [each["waiver"] for each in document["benchmarks"] if each["waiver"]]

    assert waiver.endswith("Measured on 2026-11-22 by mailvet 0.1.0, run 4f1c9a2e.")


def test_the_schema_requires_every_field_in_the_order_of_the_file() -> None:
    """
    A field that is added must be added to the schema.
    """
    document = json.loads(render_json(BROKEN))
    for name, kind in (("comparisons", Comparison), ("benchmarks", Benchmark)):
        assert list(document[name][0]) == [each.name for each in dataclasses.fields(kind)]
    assert {each["standing"] for each in document["benchmarks"]} == set(Standing)
