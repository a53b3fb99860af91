"""
Read mutants: deliberate misconfigurations of a scenario, and which controls must notice them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.change import Change, Entry, check_verdicts, load_changes
from lab.errors import LabError
from lab.scenario import Scenario
from lab.verdicts import FAIL, SEVEREST_FIRST, Expected

_MANUAL = "manual: "


@dataclass(frozen=True, slots=True)
class Mutant(Change):
    """
    One deliberate misconfiguration.

    Attributes:
        kills: Controls that must fail.
        also: Other verdicts that change with it.
        either: Controls whose verdict depends on what was under way when the host was broken, so
            that nothing follows from it.
        manual: Why no command that a finding prints can repair it; empty if one does.
    """

    kills: tuple[str, ...]
    also: Mapping[str, str]
    manual: str = ""
    either: tuple[str, ...] = ()

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

    def build(where: str, entry: Entry) -> Mutant:
        mutant = Mutant(
            id=entry["id"],
            host=entry["host"],
            summary=entry["summary"],
            apply=entry["apply"],
            kills=tuple(entry["kills"]),
            also=dict(entry.get("also", {})),
            manual=_manual(where, entry.get("remedy", "")),
            either=tuple(entry.get("either", ())),
        )
        if not mutant.kills:
            raise LabError(f"{where}: kills is empty, so nothing could be learnt from it")
        for control in mutant.also:
            if control in mutant.kills:
                raise LabError(f"{where}: {control} is in kills and in also")
        for control in mutant.either:
            if control in mutant.changes:
                raise LabError(f"{where}: {control} is in either and in kills or also")
        check_verdicts(where, mutant.changes, expected, SEVEREST_FIRST)
        check_verdicts(where, dict.fromkeys(mutant.either, FAIL), expected, SEVEREST_FIRST)
        return mutant

    return load_changes("mutant", scenario, only, build, {"kills", "also", "either", "remedy"})


def _manual(where: str, remedy: str) -> str:
    reason = remedy.removeprefix(_MANUAL)
    if remedy and (reason == remedy or not reason.strip()):
        raise LabError(f"{where}: remedy is {_MANUAL!r} and why no command can repair it")
    return reason
