"""
The report on a terminal.
"""

import dataclasses
import re
import unicodedata

import pytest

from mailvet.model import Commands
from mailvet.report.terminal import render_terminal
from tests.unit.report.sample import HOSTILE, build_report


def cells(line: str) -> int:
    """
    Columns that a line takes.
    """
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


@pytest.mark.parametrize("width", [40, 60, 72, 79, 80, 120, 200])
@pytest.mark.parametrize("hosts", [1, 3])
def test_no_line_is_longer_than_the_terminal(width: int, hosts: int) -> None:
    """
    Also not with long words and wide characters from a server.
    """
    report = build_report(hosts=hosts)
    long = dataclasses.replace(
        report.findings[0], observed="x" * 500 + "日本" * 300, title="日本" * 60
    )
    report = dataclasses.replace(report, findings=(long, *report.findings[1:]))
    text = render_terminal(report, width=width, colour=False)
    assert max(map(cells, text.splitlines())) <= width


def test_colours_change_nothing_but_colours() -> None:
    """
    The words say everything.
    """
    report = build_report(hosts=2)
    plain = render_terminal(report, width=80, colour=False)
    coloured = render_terminal(report, width=80, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_servers_cannot_control_the_terminal() -> None:
    """
    Their control characters are spelled out, and they cannot begin lines.
    """
    text = render_terminal(build_report(), width=200, colour=False)
    assert "\\u202egnp.exe \\x00\\x1b[31m X" in text
    assert all(line == "" or line.isprintable() for line in text.split("\n"))
    assert HOSTILE not in text


def test_headline_table_and_totals() -> None:
    """
    The outcome is the first line; areas and totals carry the same numbers.
    """
    text = render_terminal(
        build_report(), width=80, colour=False, path="reports/latest/report.html"
    )
    lines = text.splitlines()
    assert lines[0] == "NOT READY: 5 controls fail, 6 could not be verified, 2 were not run"
    assert re.search(r"^Relaying +3 +1 +1 +1 +\.$", text, re.MULTILINE)
    assert re.search(r"^Total +35 +5 +6 +1 +2$", text, re.MULTILINE)
    assert lines[-3:] == [
        "49 controls: 35 pass, 5 fail, 6 unverified, 1 waived, 2 n/a; 2 not run",
        "gathered in 6.1 s; slowest chain 5.2 s: session > login > delivery > mailboxes",
        "report: reports/latest/report.html",
    ]


def test_failures_show_observation_and_remedy() -> None:
    """
    The most severe failures, with what to do.
    """
    text = render_terminal(build_report(), width=80, colour=False)
    assert "CRITICAL RELAY-01 Mail for other domains is refused without a login (smtp 25)" in text
    assert "         on the host  firewall-cmd --permanent" in text
    assert "         then verify  ss -Htlnp" in text


def test_commands_are_shown_whole_and_in_place_of_the_remedy_in_words() -> None:
    """
    A long command is not broken: it could not be copied.
    """
    report = build_report()
    command = "postconf -e " + "'smtpd_relay_restrictions = reject' " * 4
    failed = dataclasses.replace(
        next(each for each in report.findings if each.verdict == "fail"),
        remedy={"postfix": "in words", "verify": "look"},
        fix=(Commands("postfix", f"{command}\npostfix reload\x1b[2J"),),
    )
    report = dataclasses.replace(report, findings=(failed,))
    text = render_terminal(report, width=80, colour=False)
    assert f"         Run as root on the host:\n           {command}\n" in text
    assert "postfix reload\\x1b[2J" in text
    assert "in words" not in text
    assert "then verify  look" in text


def test_at_most_ten_failures_are_shown() -> None:
    """
    The rest is counted.
    """
    report = build_report()
    failed = next(each for each in report.findings if each.verdict == "fail")
    many = tuple(dataclasses.replace(failed, control=f"RELAY-{n}") for n in range(50, 63))
    text = render_terminal(dataclasses.replace(report, findings=many), width=80, colour=False)
    assert text.count("CRITICAL RELAY-") == 10
    assert "and 3 more in the report" in text


def test_unverified_controls_are_grouped_by_cause() -> None:
    """
    One missing shell is one problem, and what was seen of it is said once.
    """
    report = build_report()
    text = render_terminal(report, width=80, colour=False)
    seen = {f.observed for f in report.findings if f.control in {"HOST-05", "HOST-06"}}
    assert all(f"\n  - {observed.split()[0]}" in text for observed in seen)
    assert (
        "Unverified: No root shell on the host (privilege): 2 controls\n  HOST-05, HOST-06\n"
        in text
    )


def test_incomplete_run_says_why() -> None:
    """
    An interrupted run does not look like a whole one.
    """
    report = build_report(broken=False)
    run = dataclasses.replace(report.run, complete=False, incomplete_reason="interrupted")
    text = render_terminal(dataclasses.replace(report, run=run), width=80, colour=False)
    assert text.startswith("INCOMPLETE: All 49 controls pass\nThe run is not complete: interrupted")


def test_run_without_findings() -> None:
    """
    Nothing judged is not nothing wrong.
    """
    report = dataclasses.replace(build_report(), findings=(), not_run=(), areas=())
    text = render_terminal(report, width=80, colour=False)
    assert "No control was judged" in text
    assert "0 controls: nothing judged" in text
