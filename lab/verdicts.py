"""
Compare what an audit came to with what it should have come to.
"""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from lab.errors import LabError

FAIL = "fail"
SEVEREST_FIRST = (FAIL, "unverified", "waived", "pass", "not-applicable")
NOT_RUN = "not run"
"""What stands for a verdict where a control has none."""

Differences = Mapping[str, tuple[str, str]]
"""Control -> the verdict that was expected, the verdict that was found."""


@dataclass(frozen=True, slots=True)
class Expected:
    """
    The verdicts of a scenario as it should be, and the pytest options that bring them about.
    """

    verdicts: Mapping[str, str]
    options: tuple[str, ...] = ()


def load_expected(path: Path) -> Expected:
    """
    Read an ``expected.toml``.
    """
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise LabError(f"{path} is missing: it holds the verdicts without mutants") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from None
    verdicts = data.get("verdicts", {})
    if not verdicts:
        raise LabError(f"{path}: table [verdicts] is missing or empty")
    for control, verdict in verdicts.items():
        if verdict not in SEVEREST_FIRST:
            raise LabError(f"{path}: {control}: {verdict!r} is no verdict")
    return Expected(verdicts, tuple(data.get("options", ())))


def read_results(path: Path) -> dict[str, str]:
    """
    Read the verdict of each control from a ``results.json``; of several, the severest.
    """
    verdicts: dict[str, str] = {}
    for finding in json.loads(path.read_text())["findings"]:
        control, verdict = finding["control"], finding["verdict"]
        both = (verdict, verdicts.get(control, verdict))
        verdicts[control] = min(both, key=SEVEREST_FIRST.index)
    return verdicts


def compare(expected: Mapping[str, str], found: Mapping[str, str]) -> Differences:
    """
    Return the controls whose verdicts differ.
    """
    return {
        control: (expected.get(control, NOT_RUN), found.get(control, NOT_RUN))
        for control in sorted({*expected, *found})
        if expected.get(control) != found.get(control)
    }


def render_differences(differences: Differences) -> str:
    """
    Say in one line what differs.
    """
    parts = (f"{control} {found} ({wanted})" for control, (wanted, found) in differences.items())
    return ", ".join(parts)


def nearest(word: str, known: Collection[str]) -> str:
    """
    Return a hint to the one of *known* that *word* may have meant, or nothing.
    """
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
