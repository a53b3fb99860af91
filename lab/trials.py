"""
The commands that audit a lab: mutants, repetition, benchmark.
"""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from lab.areas import undisturbed
from lab.audit import undisturbing_audit
from lab.bench import audits, peers, render_bench, shortfalls
from lab.campaign import Campaign, add_options, conduct
from lab.commands import say
from lab.errors import LabError
from lab.gate import Outcome, Trial, trial_of
from lab.lifecycle import opened
from lab.matrix import render_matrix
from lab.mutant import load_mutants
from lab.place import Lab
from lab.scenario import Scenario, load_scenario
from lab.scoreboard import entry, render_table
from lab.steady import keep_auditing
from lab.together import Company, attempt_together, companies
from lab.verdicts import Expected, load_expected

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_commands(commands: Commands) -> None:
    """
    Describe the commands of this module.
    """
    gate = commands.add_parser("mutants", help="break hosts on purpose, see who notices")
    add_options(gate)
    gate.add_argument(
        "--own-areas",
        action="store_true",
        help="audit only the areas of the controls that must notice, which is much faster",
    )
    gate.add_argument(
        "--undisturbed",
        action="store_true",
        help="leave out what takes something away from hosts for minutes: outages",
    )
    gate.add_argument(
        "--together",
        type=int,
        default=1,
        metavar="N",
        help="try so many at once where none touches what another one changes",
    )
    gate.add_argument("--facts", type=Path, metavar="FOLDER", help="keep what was seen there")
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


MUTANTS = Campaign(
    name="mutants",
    load=lambda scenario, expected, only: companies(load_mutants(scenario, expected, only), 1),
    attempt=attempt_together,
    good=lambda result: result.outcome is Outcome.KILLED,
    render=render_table,
    entry=entry,
)


def mutants(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the mutants of a scenario.
    """
    if options.together < 1:
        raise LabError("--together needs a number of mutants, at least 1")
    scenario, expected = named(lab, options)
    trial = dataclasses.replace(
        trial_of(scenario, expected), own_areas=options.own_areas, facts=options.facts
    )

    def load(scenario: Scenario, _: Expected, only: Iterable[str]) -> Sequence[Company]:
        found = load_mutants(scenario, expected, only)
        long = companies((each for each in found if trial.disturbs(each)), 1)
        calm = (each for each in found if not trial.disturbs(each))
        short = companies(calm, options.together)
        # What takes minutes begins first, so that no lab waits for it at the end.
        return short if options.undisturbed else [*long, *short]

    suited = dataclasses.replace(trial, thorough=None) if options.undisturbed else trial
    return conduct(dataclasses.replace(MUTANTS, load=load), lab, suited, options)


def matrix(lab: Lab, options: argparse.Namespace) -> int:
    """
    Draw which controls notice which mutants.
    """
    scenario, expected = named(lab, options)
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
        Trial(
            scenario,
            undisturbed(expected),
            undisturbing_audit(auditor),
            auditor=auditor,
        )
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
    trial = Trial(scenario, undisturbed(expected), undisturbing_audit())
    audit = audits(lab, trial, options.times, say)
    others = [] if options.alone else peers(lab, say)
    print(render_bench(audit, others, len(expected.verdicts)))
    missed = [promise for promise, broken in shortfalls(audit, others).items() if broken]
    for promise in missed:
        say(f"lab: not kept: {promise}")
    return 1 if missed else 0


def named(lab: Lab, options: argparse.Namespace) -> tuple[Scenario, Expected]:
    """
    Return the scenario that the command line names, and its verdicts.
    """
    scenario = load_scenario(options.scenario, lab.home)
    return scenario, load_expected(scenario.folder / "expected.toml")
