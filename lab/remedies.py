"""
The remedies: break a host, run the commands that its findings print, see the findings disappear.
"""

import argparse
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lab.areas import areas_of
from lab.audit import RESULTS, Audit, audit_folder, suite_audit
from lab.commands import step
from lab.errors import LabError
from lab.gate import Breaker, Trial, break_host, check_baselines
from lab.labs import Labs, spread
from lab.mutant import Mutant, load_mutants
from lab.place import Lab
from lab.scenario import Scenario, load_scenario
from lab.settle import apply
from lab.trials import Commands
from lab.verdicts import FAIL, NOT_RUN, Expected, compare, load_expected, render_differences

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
    commands: tuple[str, ...] = ()
    try:
        breaker(lab, trial.scenario, mutant)
        before = trial.audit(lab, trial.scenario, areas)
        _refuse_unnoticed(mutant, before)
        commands = commands_of(audit_folder(lab) / RESULTS, mutant.host)
        for command in commands:
            runner(lab, trial.scenario, mutant, command)
        after = trial.audit(lab, trial.scenario, areas)
    except LabError as error:
        seconds = time.monotonic() - start
        return Repair(mutant, Outcome.BROKEN, commands, str(error), seconds)
    return _judge(mutant, trial.expected, after, commands, time.monotonic() - start)


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
    parser.add_argument("--scenario", default="single")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="repeatable")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="labs side by side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.set_defaults(run=remedies)


def remedies(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the remedies of all mutants of a scenario, or of those that are named.
    """
    scenario = load_scenario(options.scenario, lab.home)
    expected = load_expected(scenario.folder / "expected.toml")
    mutants = load_mutants(scenario, expected, options.only)
    audit: Audit = suite_audit(expected.options)
    trial = Trial(scenario, expected, audit)
    # A job that is called off must leave no lab broken or running, as little as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Labs(lab, scenario, max(1, min(options.jobs, len(mutants)))) as labs:
        if not options.only:
            with step(f"auditing {scenario.name} without a mutant"):
                check_baselines(labs, trial)
        repairs = spread(
            labs,
            mutants,
            lambda each, mutant: repair(each, trial, mutant),
            lambda found: print(found, flush=True),
        )
    print(render_repairs(repairs))
    if options.json:
        options.json.write_text(_json(scenario, repairs))
    return 0 if all(each.outcome in _GOOD for each in repairs) else 1


def _json(scenario: Scenario, repairs: Sequence[Repair]) -> str:
    document: dict[str, Any] = {
        "schema": "mailvet-remedies/1",
        "scenario": scenario.name,
        "mutants": [
            {
                "id": each.mutant.id,
                "kills": list(each.mutant.kills),
                "outcome": each.outcome.lower(),
                "commands": list(each.commands),
                "detail": each.detail,
                "seconds": round(each.seconds, 1),
            }
            for each in repairs
        ],
    }
    return json.dumps(document, indent=2) + "\n"
