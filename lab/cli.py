"""
The command line of the lab.
"""

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from lab.audit import suite_audit
from lab.commands import say, step
from lab.errors import LabError
from lab.gate import Labs, Outcome, Result, Trial, check_baselines, run_mutants
from lab.lifecycle import down, execute, opened, reset, status, up
from lab.matrix import render_matrix
from lab.mutant import load_mutants
from lab.place import Lab, find_lab
from lab.scenario import load_scenario
from lab.scoreboard import render_json, render_line, render_table
from lab.steady import keep_auditing
from lab.verdicts import load_expected

_TROUBLE = 2
_INTERRUPTED = 130

LABS_PER_CORE = 2
"""Labs side by side: an audit waits about as long as it works."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Do what the command line asks, and return the exit status.
    """
    options = parse(argv)
    try:
        return dispatch(find_lab(options.lab), options)
    except LabError as error:
        say(f"lab: {error}")
        return _TROUBLE
    except KeyboardInterrupt:
        say("lab: interrupted")
        return _INTERRUPTED


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """
    Read the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m lab", description=_first_line())
    parser.add_argument("--lab", metavar="NAME", help="another lab than this checkout's own")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start a scenario and write its inventory")
    start.add_argument("scenario", nargs="?", default="single")
    end = commands.add_parser("down", help="remove the lab's hosts, network, images and keys")
    end.add_argument("--all", action="store_true", help="the base image as well")
    commands.add_parser("status", help="tell which hosts run")
    shell = commands.add_parser("exec", help="run a command on a host")
    shell.add_argument("host")
    shell.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    again = commands.add_parser("reset", help="put a host back to its configured state")
    again.add_argument("host")
    _add_mutants(commands.add_parser("mutants", help="break hosts on purpose, see who notices"))
    again = commands.add_parser("steady", help="audit unchanged hosts again and again")
    again.add_argument("--times", type=int, default=10, metavar="N")
    again.add_argument("--alone", action="store_true", help="without another audit beside it")
    drawn = commands.add_parser("matrix", help="show which controls notice which mutants")
    drawn.add_argument("--scenario", default="single")
    return parser.parse_args(argv)


def dispatch(lab: Lab, options: argparse.Namespace) -> int:
    """
    Run one command.
    """
    if options.command == "up":
        up(lab, options.scenario)
    elif options.command == "down":
        down(lab, everything=options.all)
    elif options.command == "status":
        return 0 if status(lab) else 1
    elif options.command == "exec":
        words = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
        if not words:
            raise LabError("exec needs a command: python -m lab exec mail1 -- postconf -n")
        execute(lab, options.host, words)
    elif options.command == "reset":
        with step(f"lab {lab.name}: resetting {options.host}"):
            reset(lab, options.host)
    elif options.command == "mutants":
        return mutants(lab, options)
    elif options.command == "steady":
        return steady(lab, options)
    elif options.command == "matrix":
        scenario = load_scenario(options.scenario, lab.home)
        expected = load_expected(scenario.folder / "expected.toml")
        print(render_matrix(scenario, expected, load_mutants(scenario, expected)), end="")
    return 0


def mutants(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the mutants of a scenario.
    """
    scenario = load_scenario(options.scenario, lab.home)
    expected = load_expected(scenario.folder / "expected.toml")
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


def _tell(result: Result) -> None:
    print(render_line(result), flush=True)


def _add_mutants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", default="single")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="repeatable")
    parser.add_argument(
        "--own-areas",
        action="store_true",
        help="audit only the areas of the controls that must notice, which is much faster",
    )
    parser.add_argument("--facts", type=Path, metavar="FOLDER", help="keep what was seen there")
    parser.add_argument("--jobs", type=int, metavar="N", help="labs side by side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")


def _first_line() -> str:
    return "Real mail servers in containers: start them, break them on purpose, put them back."
