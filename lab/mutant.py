"""
Read mutants: deliberate misconfigurations of a scenario, and which controls must notice them.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.scenario import Scenario, reject_unknown
from lab.verdicts import FAIL, SEVEREST_FIRST, Expected, nearest

_KEYS = {"id", "host", "summary", "apply", "kills", "also", "remedy"}
_MANUAL = "manual: "
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    One deliberate misconfiguration.

    Attributes:
        id: Its name.
        host: The mail host that it breaks.
        summary: What is wrong, in words.
        apply: Commands that break the host.
        kills: Controls that must fail.
        also: Other verdicts that change with it.
        manual: Why no command that a finding prints can repair it; empty if one does.
    """

    id: str
    host: str
    summary: str
    apply: str
    kills: tuple[str, ...]
    also: Mapping[str, str]
    manual: str = ""

    @property
    def changes(self) -> dict[str, str]:
        """
        Every verdict that this mutant changes.
        """
        return {**self.also, **dict.fromkeys(self.kills, FAIL)}


def load_mutants(
    scenario: Scenario, expected: Expected, only: Iterable[str] = ()
) -> tuple[Mutant, ...]:
    """
    Read the mutants of *scenario*, or those that *only* names.
    """
    found: dict[str, Mutant] = {}
    for path in sorted((scenario.folder / "mutants").glob("*.toml")):
        for mutant in _read(path, scenario, expected):
            if mutant.id in found:
                raise LabError(f"{path}: there are two mutants called {mutant.id!r}")
            found[mutant.id] = mutant
    wanted = tuple(only)
    for name in wanted:
        if name not in found:
            raise LabError(f"no mutant {name!r}{nearest(name, found)}")
    return tuple(found[name] for name in wanted or found)


def _read(path: Path, scenario: Scenario, expected: Expected) -> Iterable[Mutant]:
    try:
        data = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from None
    reject_unknown(str(path), data, {"mutant"})
    for number, entry in enumerate(data.get("mutant", ()), start=1):
        where = f"{path}: mutant {entry.get('id', number)}"
        yield _mutant(where, entry, scenario, expected)


def _mutant(where: str, entry: dict[str, Any], scenario: Scenario, expected: Expected) -> Mutant:
    reject_unknown(where, entry, _KEYS)
    try:
        mutant = Mutant(
            id=entry["id"],
            host=entry["host"],
            summary=entry["summary"],
            apply=entry["apply"],
            kills=tuple(entry["kills"]),
            also=dict(entry.get("also", {})),
            manual=_manual(where, entry.get("remedy", "")),
        )
    except KeyError as error:
        raise LabError(f"{where}: key {error} is missing") from None
    if not _ID.fullmatch(mutant.id):
        raise LabError(f"{where}: an id is small letters, digits and hyphens, like no-starttls")
    if mutant.host not in {machine.id for machine in scenario.mail_machines}:
        raise LabError(f"{where}: {mutant.host!r} is no mail host of scenario {scenario.name}")
    if not mutant.kills:
        raise LabError(f"{where}: kills is empty, so nothing could be learnt from it")
    _check_changes(where, mutant, expected)
    return mutant


def _manual(where: str, remedy: str) -> str:
    reason = remedy.removeprefix(_MANUAL)
    if remedy and (reason == remedy or not reason.strip()):
        raise LabError(f"{where}: remedy is {_MANUAL!r} and why no command can repair it")
    return reason


def _check_changes(where: str, mutant: Mutant, expected: Expected) -> None:
    for control in mutant.also:
        if control in mutant.kills:
            raise LabError(f"{where}: {control} is in kills and in also")
    for control, verdict in mutant.changes.items():
        if control not in expected.verdicts:
            hint = nearest(control, expected.verdicts)
            raise LabError(f"{where}: control {control!r} is not in expected.toml{hint}")
        if verdict not in SEVEREST_FIRST:
            raise LabError(f"{where}: {verdict!r} is no verdict{nearest(verdict, SEVEREST_FIRST)}")
        if expected.verdicts[control] == verdict:
            raise LabError(f"{where}: {control} is {verdict} without the mutant as well")
