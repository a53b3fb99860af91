"""
Which part of the suite decides a control.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from lab.errors import LabError
from lab.place import CHECKOUT
from lab.verdicts import Expected

CHECKS = CHECKOUT / "checks"


@cache
def control_areas(checks: Path = CHECKS) -> Mapping[str, str]:
    """
    Return the area of each control, by its id.
    """
    found: dict[str, str] = {}
    for path in sorted(checks.glob("*/controls.toml")):
        try:
            data = tomllib.loads(path.read_text())
            found.update((entry["id"], path.parent.name) for entry in data["control"])
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise LabError(f"{path}: not a list of controls: {error}") from None
    return found


@cache
def intrusive_controls(checks: Path = CHECKS) -> frozenset[str]:
    """
    Return the controls that run only where that is allowed.
    """
    files = (tomllib.loads(path.read_text()) for path in checks.glob("*/controls.toml"))
    entries = (entry for data in files for entry in data["control"])
    return frozenset(each["id"] for each in entries if each.get("activity") == "intrusive")


def undisturbed(expected: Expected) -> Expected:
    """
    Return what is expected of an audit that must not disturb the host, which takes less time.
    """
    return Expected(without_intrusive(expected.verdicts))


def without_intrusive(verdicts: Mapping[str, str]) -> dict[str, str]:
    """
    Return *verdicts* without those of controls that run only where that is allowed.

    Some of these are told of nevertheless: whether they apply may be known without running them.
    """
    unwanted = intrusive_controls()
    return {control: each for control, each in verdicts.items() if control not in unwanted}


def areas_of(controls: Iterable[str]) -> tuple[str, ...]:
    """
    Return the areas that decide *controls*.
    """
    known = control_areas()
    return tuple(sorted({known[control] for control in controls if control in known}))


def within(verdicts: Mapping[str, str], areas: Iterable[str]) -> dict[str, str]:
    """
    Return those of *verdicts* that *areas* decide.
    """
    wanted = set(areas)
    known = control_areas()
    return {control: each for control, each in verdicts.items() if known.get(control) in wanted}
