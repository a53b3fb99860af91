"""
Do something to the hosts of a scenario many times over, in several labs, and tell what came of it.
"""

import argparse
import json
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from lab.commands import step
from lab.errors import LabError
from lab.gate import Trial, check_baseline
from lab.labs import Labs, spread
from lab.place import Lab
from lab.scenario import Scenario
from lab.verdicts import Expected

AUDITS_PER_CORE = 2
"""Hosts that are audited side by side: an audit waits about as long as it works."""

CHANGES_PER_LAB = 5
"""Fewer are not worth starting a lab, and auditing it as it should be."""

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Campaign(Generic[Task, Outcome]):
    """
    What is done, and how it is told.

    Attributes:
        name: What the changes are called, several of them.
        load: Reads them.
        attempt: Makes one, or several that go together, and audits; what comes of each says itself
            in one line.
        good: Whether that is as it should be.
        render: Sums up.
        entry: What a program is told of one.
        finish: Puts a lab back at the end, besides its hosts.
    """

    name: str
    load: Callable[[Scenario, Expected, Iterable[str]], Sequence[Task]]
    attempt: Callable[[Lab, Trial, Task], Sequence[Outcome]]
    good: Callable[[Outcome], bool]
    render: Callable[[Sequence[Outcome]], str]
    entry: Callable[[Outcome], Mapping[str, Any]]
    finish: Callable[[Lab, Scenario], None] = lambda _, __: None


def add_options(parser: argparse.ArgumentParser) -> None:
    """
    Describe the options that all campaigns have.
    """
    parser.add_argument("--scenario", default="single")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="repeatable")
    parser.add_argument("--jobs", type=int, metavar="N", help="labs side by side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")


def singly(
    attempt: Callable[[Lab, Trial, Task], Outcome],
) -> Callable[[Lab, Trial, Task], Sequence[Outcome]]:
    """
    Return *attempt* as one that makes one change at a time.
    """
    return lambda lab, trial, change: [attempt(lab, trial, change)]


def conduct(
    campaign: Campaign[Task, Outcome], lab: Lab, trial: Trial, options: argparse.Namespace
) -> int:
    """
    Go through all changes, or those that *options* name, and return the exit status.
    """
    scenario = trial.scenario
    chosen = campaign.load(scenario, trial.whole[0], options.only)
    if not chosen:
        raise LabError(f"scenario {scenario.name} has no {campaign.name}")
    if options.jobs is not None and options.jobs < 1:
        raise LabError("--jobs needs a number of labs, at least 1")
    jobs = min(options.jobs or _worthwhile(scenario, len(chosen)), len(chosen))
    # A job that is called off must leave no lab broken or running, as little as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Labs(lab, scenario, jobs) as labs:
        # The other labs are made of the same images.
        with step(f"auditing {scenario.name} as it should be"):
            check_baseline(labs[0], trial)
        try:
            found = spread(
                labs,
                chosen,
                lambda each, change: campaign.attempt(each, trial, change),
                lambda outcomes: print(*outcomes, sep="\n", flush=True),
            )
        finally:
            for each in labs:
                campaign.finish(each, scenario)
    results = [outcome for outcomes in found for outcome in outcomes]
    print(campaign.render(results))
    if options.json:
        options.json.write_text(_json(campaign, scenario, results))
    return 0 if all(map(campaign.good, results)) else 1


def _worthwhile(scenario: Scenario, changes: int) -> int:
    """
    How many labs for so many *changes*; one of several mail hosts works as much as several labs.
    """
    bearable = AUDITS_PER_CORE * (os.cpu_count() or 1) // len(scenario.audited)
    return max(1, min(bearable, -(-changes // CHANGES_PER_LAB)))


def _json(campaign: Campaign[Task, Outcome], scenario: Scenario, results: Sequence[Outcome]) -> str:
    document = {
        "schema": f"mailvet-{campaign.name}/1",
        "scenario": scenario.name,
        campaign.name: [campaign.entry(each) for each in results],
    }
    return json.dumps(document, indent=2) + "\n"
