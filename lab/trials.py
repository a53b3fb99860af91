"""
The commands that audit a lab: mutants, repetition, benchmark.
"""

import argparse
import os
import signal
from pathlib import Path
from typing import TypeAlias

from lab.audit import suite_audit
from lab.bench import audits, peers, render_bench, shortfalls
from lab.commands import say, step
from lab.errors import LabError
from lab.gate import Outcome, Result, Trial, check_baselines, run_mutants
from lab.labs import Labs
from lab.lifecycle import opened
from lab.matrix import render_matrix
from lab.mutant import load_mutants
from lab.place import Lab
from lab.scenario import Scenario, load_scenario
from lab.scoreboard import render_json, render_line, render_table
from lab.steady import keep_auditing
from lab.verdicts import Expected, load_expected

LABS_PER_CORE = 2
"""Labs side by side: an audit waits about as long as it works."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_commands(commands: Commands) -> None:
    """
    Describe the commands of this module.
    """
    gate = commands.add_parser("mutants", help="break hosts on purpose, see who notices")
    gate.add_argument("--scenario", default="single")
    gate.add_argument("--only", action="append", default=[], metavar="ID", help="repeatable")
    gate.add_argument(
        "--own-areas",
        action="store_true",
        help="audit only the areas of the controls that must notice, which is much faster",
    )
    gate.add_argument("--facts", type=Path, metavar="FOLDER", help="keep what was seen there")
    gate.add_argument("--jobs", type=int, metavar="N", help="labs side by side")
    gate.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    gate.set_defaults(run=mutants)
    drawn = commands.add_parser("matrix", help="show which controls notice which mutants")
    drawn.add_argument("--scenario", default="single")
    drawn.set_defaults(run=matrix)
    again = commands.add_parser("steady", help="audit unchanged hosts again and again")
    again.add_argument("--times", type=int, default=10, metavar="N")
    again.add_argument("--alone", action="store_true", help="without another audit beside it")
    again.set_defaults(run=steady)
    timed = commands.add_parser("bench", help="time audits, and the tools that people use instead")
    timed.add_argument("--times", type=int, default=3, metavar="N")
    timed.add_argument("--alone", action="store_true", help="without the other tools")
    timed.set_defaults(run=bench)


def mutants(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the mutants of a scenario.
    """
    scenario, expected = _named(lab, options)
    chosen = load_mutants(scenario, expected, options.only)
    if not chosen:
        raise LabError(f"scenario {scenario.name} has no mutants")
    if options.jobs is not None and options.jobs < 1:
        raise LabError("--jobs needs a number of labs, at least 1")
    jobs = min(options.jobs or LABS_PER_CORE * (os.cpu_count() or 1), len(chosen))
    trial = Trial(
        scenario, expected, suite_audit(expected.options), options.own_areas, options.facts
    )
    # A job that is called off must leave no lab broken or running, as little as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Labs(lab, scenario, jobs) as labs:
        with step(f"auditing {scenario.name} without a mutant, {jobs} times"):
            check_baselines(labs, trial)
        results = run_mutants(labs, trial, chosen, report=_tell)
    print(render_table(results))
    if options.json:
        options.json.write_text(render_json(scenario, results))
    return 0 if all(result.outcome is Outcome.KILLED for result in results) else 1


def matrix(lab: Lab, options: argparse.Namespace) -> int:
    """
    Draw which controls notice which mutants.
    """
    scenario, expected = _named(lab, options)
    print(render_matrix(scenario, expected, load_mutants(scenario, expected)), end="")
    return 0


def steady(lab: Lab, options: argparse.Namespace) -> int:
    """
    Audit an unchanged lab again and again, alone or by two at once.
    """
    scenario = opened(lab)[0]
    expected = load_expected(scenario.folder / "expected.toml")
    auditors = ("audit",) if options.alone else ("audit", "beside")
    trials = [
        Trial(scenario, expected, suite_audit(expected.options, auditor=auditor))
        for auditor in auditors
    ]
    rounds = keep_auditing(lab, trials, options.times, lambda each: print(each, flush=True))
    return 0 if all(each.steady for each in rounds) else 1


def bench(lab: Lab, options: argparse.Namespace) -> int:
    """
    Time audits of an unchanged lab, and what people use instead.
    """
    scenario = opened(lab)[0]
    expected = load_expected(scenario.folder / "expected.toml")
    trial = Trial(scenario, expected, suite_audit(expected.options))
    audit = audits(lab, trial, options.times, say)
    others = [] if options.alone else peers(lab, say)
    print(render_bench(audit, others, len(expected.verdicts)))
    missed = [promise for promise, broken in shortfalls(audit, others).items() if broken]
    for promise in missed:
        say(f"lab: not kept: {promise}")
    return 1 if missed else 0


def _tell(result: Result) -> None:
    print(render_line(result), flush=True)


def _named(lab: Lab, options: argparse.Namespace) -> tuple[Scenario, Expected]:
    scenario = load_scenario(options.scenario, lab.home)
    return scenario, load_expected(scenario.folder / "expected.toml")
