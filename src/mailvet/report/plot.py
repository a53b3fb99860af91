"""
The times that changes took between two servers, as a figure.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from mailvet.model import Convergence, Journey, Report, Verdict
from mailvet.report.words import count

_LEFT, _RIGHT, _MEDIAN, _WIDTH = 190.0, 600.0, 690.0, 760.0
"""Where the scale begins and ends, and the right edges of the two columns of numbers."""

_TOP, _STEP = 34.0, 30.0
_SHORTEST = 0.05
"""Seconds at the left end of the scale: how often the far server is looked at."""

_TICKS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_APART = 34.0
"""Least distance between two labels of the scale."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One kind of change.

    Attributes:
        label: What it is.
        y: Height of its middle.
        dots: Where its trials are that arrived.
        crosses: Where those are that did not, beyond the limit.
        median_at: Where their median is; 0 if none arrived.
        median: The median in words.
        worst: The longest in words.
        shape: The verdict whose colour it has.
    """

    label: str
    y: float
    dots: tuple[float, ...]
    crosses: tuple[float, ...]
    median_at: float
    median: str
    worst: str
    shape: Verdict


@dataclass(frozen=True, slots=True)
class Figure:
    """
    All kinds of changes in one direction; lengths are in units of the drawing.

    Attributes:
        title: From where to where.
        words: What it comes to.
        spoken: All of it, for those who do not see it.
        shape: The verdict whose colour it has.
        rows: The kinds of changes.
        ticks: Places on the scale, and their labels.
        limit: Where the limit is.
        limit_label: The limit in words.
        faults: What went wrong, in words.
    """

    title: str
    words: str
    spoken: str
    shape: Verdict
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    limit: float
    limit_label: str
    faults: tuple[str, ...]
    width: float = _WIDTH
    median_column: float = _MEDIAN
    top: float = _TOP

    @property
    def bottom(self) -> float:
        """
        Where the scale is.
        """
        return self.top + _STEP * len(self.rows)

    @property
    def height(self) -> float:
        """
        Height of the whole drawing.
        """
        return self.bottom + 26


def figure(convergence: Convergence) -> Figure:
    """
    The figure of one direction.
    """
    rows = tuple(
        _row(each, number, convergence.limit) for number, each in enumerate(convergence.journeys)
    )
    spoken = "; ".join(f"{each.label}: median {each.median}, worst {each.worst}" for each in rows)
    bad = any(each.shape is Verdict.FAIL for each in rows)
    limit = _place(convergence.limit, convergence.limit)
    return Figure(
        title=f"from {convergence.target} to {convergence.partner}",
        words=_words(convergence),
        spoken=spoken,
        shape=Verdict.FAIL if bad else Verdict.PASS,
        rows=rows,
        ticks=tuple(
            (x, f"{each:g} s")
            for each in _TICKS
            if (x := _place(each, convergence.limit)) < limit - _APART
        ),
        limit=limit,
        limit_label=f"limit {convergence.limit:g} s",
        faults=tuple(
            f"{each.change}: {', '.join(each.faults)}"
            for each in convergence.journeys
            if each.faults
        ),
    )


def convergence_lines(report: Report) -> Iterator[str]:
    """
    Each direction in one sentence.
    """
    for each in report.convergences:
        yield f"Replication from {each.target} to {each.partner}: {_words(each)}"


def _words(convergence: Convergence) -> str:
    trials = [(time, each) for each in convergence.journeys for time in each.seconds]
    times = [(time, each.change) for time, each in trials if time is not None]
    lost = dict.fromkeys(each.change for time, each in trials if time is None)
    late = dict.fromkeys(change for time, change in times if time > convergence.limit)
    clauses = [f"{count(len(trials), 'change')}"]
    clauses += [f"did not arrive: {', '.join(lost)}"] * bool(lost)
    clauses += [f"too late: {', '.join(late)}"] * bool(late)
    if times:
        longest, change = max(times)
        clauses.append(f"the slowest took {longest:.2f} s ({change})")
    return ", ".join(clauses)


def _row(journey: Journey, number: int, limit: float) -> Row:
    times = [each for each in journey.seconds if each is not None]
    lost = len(journey.seconds) - len(times)
    late = bool(lost) or bool(journey.faults) or any(each > limit for each in times)
    middle = median(times) if times else 0.0
    return Row(
        label=journey.change,
        y=_TOP + _STEP * (number + 0.5),
        dots=tuple(_place(each, limit) for each in times),
        crosses=tuple(_RIGHT - 6 - 11 * each for each in range(lost)),
        median_at=_place(middle, limit) if times else 0.0,
        median=f"{middle:.2f} s" if times else "-",
        worst="lost" if lost else f"{max(times):.2f} s",
        shape=Verdict.FAIL if late else Verdict.PASS,
    )


def _place(seconds: float, limit: float) -> float:
    """
    Where a time is on the scale, whose right end lies beyond the limit.
    """
    longest = limit * 2.5
    bounded = min(max(seconds, _SHORTEST), longest)
    share = math.log(bounded / _SHORTEST) / math.log(longest / _SHORTEST)
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)
