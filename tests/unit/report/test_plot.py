"""
The figure of the times that changes took.
"""

import dataclasses

from mailvet.model import Convergence, Journey, Verdict
from mailvet.report.html import render_html
from mailvet.report.plot import convergence_lines, figure
from tests.unit.report.sample import build_report

GOOD = Convergence("mail1", "mail2", 10.0, (Journey("message stored", (0.2, 0.4, 2.0)),))
BAD = Convergence(
    "mail2",
    "mail1",
    10.0,
    (
        Journey("message stored", (0.2, None), ("not there after 10 s",)),
        Journey("flags set", (12.5,), ("too late",)),
    ),
)


def test_dots_lie_before_the_limit_and_crosses_behind_it() -> None:
    """
    The order on the scale is that of the times.
    """
    (row,) = figure(GOOD).rows
    assert list(row.dots) == sorted(row.dots)
    assert max(row.dots) < figure(GOOD).limit
    assert row.median_at == row.dots[1]
    assert (row.median, row.worst, row.shape) == ("0.40 s", "2.00 s", Verdict.PASS)
    lost, late = figure(BAD).rows
    assert min(lost.crosses) > figure(BAD).limit
    assert late.dots[0] > figure(BAD).limit
    assert lost.worst == "lost"
    assert {lost.shape, late.shape} == {Verdict.FAIL}


def test_report_has_a_figure_for_each_direction() -> None:
    """
    Drawn where there is something to draw, in words as well, and escaped.
    """
    hostile = Convergence("<b>", "mail1", 10.0, GOOD.journeys)
    report = dataclasses.replace(build_report(), convergences=(GOOD, BAD, hostile))
    html = render_html(report)
    assert html.count('<figure class="travel') == 3
    assert "from mail1 to mail2" in html
    assert "not there after 10 s" in html
    assert "<b>&lt;b&gt;" not in html
    assert "from &lt;b&gt; to mail1" in html
    assert 'id="convergence"' not in render_html(build_report())


def test_lines() -> None:
    """
    One sentence for each direction.
    """
    report = dataclasses.replace(build_report(), convergences=(GOOD, BAD))
    good, bad = convergence_lines(report)
    assert good.endswith("3 changes, the slowest took 2.00 s (message stored)")
    assert "did not arrive: message stored, too late: flags set" in bad
