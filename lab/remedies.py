"""
The remedies: break a host, run the commands that its findings print, see the findings disappear.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lab.areas import areas_of
from lab.audit import RESULTS, audit_folder
from lab.campaign import Campaign, add_options, conduct, singly
from lab.errors import LabError
from lab.gate import Breaker, Trial, break_host, broken, trial_of
from lab.mutant import Mutant, load_mutants
from lab.place import Lab
from lab.scenario import Scenario
from lab.settle import apply
from lab.trials import Commands, named
from lab.verdicts import FAIL, NOT_RUN, Expected, compare, render_differences

_VERSIONS = "host"
"""The area that finds out which versions there are."""


class Outcome(StrEnum):
    """
    What became of a mutant after the commands were run.
    """

    REPAIRED = "repaired"
    MANUAL = "manual"
    FAILS_STILL = "FAILS STILL"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Repair:
    """
    A mutant, the commands that were printed for it, and what they came to.

    Attributes:
        mutant: What was broken.
        outcome: What became of it.
        commands: What was run on the host.
        detail: Why there is no command, what fails still, or what else the repair left behind.
        seconds: How long it took.
    """

    mutant: Mutant
    outcome: Outcome
    commands: tuple[str, ...] = ()
    detail: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        words = f"{self.outcome:11} {self.mutant.id} ({', '.join(self.mutant.kills)}"
        words += f", {len(self.commands)} commands, {self.seconds:.0f} s)"
        return f"{words}: {self.detail}" if self.detail else words


Runner = Callable[[Lab, Scenario, Mutant, str], object]
"""Runs a command on the host that a mutant broke."""


def run_command(lab: Lab, scenario: Scenario, mutant: Mutant, command: str) -> None:
    """
    Run *command* as root on the host that *mutant* broke.
    """
    apply(lab.container(mutant.host), scenario.machine(mutant.host), command)


def commands_of(results: Path, host: str) -> tuple[str, ...]:
    """
    Read the commands of the findings that fail on *host* from a ``results.json``, each once.
    """
    found: dict[str, None] = {}
    for finding in json.loads(results.read_text())["findings"]:
        if finding["verdict"] == FAIL and finding["target"] == host:
            found.update(dict.fromkeys(_run(finding["control"], each) for each in finding["fix"]))
    return tuple(found)


def repair(
    lab: Lab,
    trial: Trial,
    mutant: Mutant,
    breaker: Breaker = break_host,
    runner: Runner = run_command,
) -> Repair:
    """
    Break a host with *mutant*, run what its findings print, and audit it again.
    """
    start = time.monotonic()
    if mutant.manual:
        return Repair(mutant, Outcome.MANUAL, detail=mutant.manual)
    failing = [control for control, verdict in mutant.changes.items() if verdict == FAIL]
    areas = tuple(sorted({*areas_of(failing), _VERSIONS}))
    expected, audit = trial.suited_to(mutant)
    commands: tuple[str, ...] = ()
    try:
        with broken(lab, trial.scenario, mutant, breaker):
            before = audit(lab, trial.scenario, areas)
            _refuse_unnoticed(mutant, before)
            commands = commands_of(audit_folder(lab) / RESULTS, mutant.host)
            for command in commands:
                runner(lab, trial.scenario, mutant, command)
            after = audit(lab, trial.scenario, areas)
    except LabError as error:
        seconds = time.monotonic() - start
        return Repair(mutant, Outcome.BROKEN, commands, str(error), seconds)
    return _judge(mutant, expected, after, commands, time.monotonic() - start)


def _judge(
    mutant: Mutant,
    expected: Expected,
    found: Mapping[str, str],
    commands: tuple[str, ...],
    seconds: float,
) -> Repair:
    wanted = {
        control: verdict for control, verdict in expected.verdicts.items() if control in found
    }
    left = compare(wanted, found)
    missed = {
        control: difference for control, difference in left.items() if control in mutant.kills
    }
    if missed:
        detail = render_differences(missed)
        return Repair(mutant, Outcome.FAILS_STILL, commands, detail, seconds)
    detail = f"left: {render_differences(left)}" if left else ""
    return Repair(mutant, Outcome.REPAIRED, commands, detail, seconds)


def _refuse_unnoticed(mutant: Mutant, found: Mapping[str, str]) -> None:
    missed = [control for control in mutant.kills if found.get(control, NOT_RUN) != FAIL]
    if missed:
        raise LabError(f"{', '.join(missed)} did not fail, so there is nothing to repair")


def _run(control: str, fix: Mapping[str, str]) -> str:
    if not fix["version"] and (fix["since"] or fix["before"]):
        raise LabError(f"{control} prints commands for several versions of {fix['server']}")
    return fix["run"]


def render_repairs(repairs: Sequence[Repair]) -> str:
    """
    Say what is no command and why, and how many were repaired.
    """
    rows = [f"manual: {each.mutant.id}: {each.detail}" for each in repairs if each.mutant.manual]
    rows += [str(each) for each in repairs if each.outcome not in _GOOD]
    counts = Counter(each.outcome for each in repairs)
    total = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return "\n".join([*rows, f"{len(repairs)} mutants: {total or 'none'}"])


_GOOD = frozenset({Outcome.REPAIRED, Outcome.MANUAL})


def add_commands(commands: Commands) -> None:
    """
    Describe the command of this module.
    """
    parser = commands.add_parser("remedies", help="break hosts, repair them as findings say")
    add_options(parser)
    parser.set_defaults(run=remedies)


def remedies(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the remedies of all mutants of a scenario, or of those that are named.
    """
    scenario, expected = named(lab, options)
    return conduct(REMEDIES, lab, trial_of(scenario, expected), options)


def _entry(found: Repair) -> Mapping[str, Any]:
    return {
        "id": found.mutant.id,
        "kills": list(found.mutant.kills),
        "outcome": found.outcome.lower(),
        "commands": list(found.commands),
        "detail": found.detail,
        "seconds": round(found.seconds, 1),
    }


REMEDIES = Campaign(
    name="remedies",
    load=load_mutants,
    attempt=singly(repair),
    good=lambda found: found.outcome in _GOOD,
    render=render_repairs,
    entry=_entry,
)
