"""
The command line of the lab.
"""

import argparse
from collections.abc import Sequence

from lab import remedies, trials, variants
from lab.commands import say, step
from lab.errors import LabError
from lab.lifecycle import down, execute, reset, status, up
from lab.place import Lab, find_lab

_TROUBLE = 2
_INTERRUPTED = 130


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
    start.add_argument("--replace", action="store_true", help="take another scenario down first")
    end = commands.add_parser("down", help="remove the lab's hosts, network, images and keys")
    end.add_argument("--all", action="store_true", help="the base image as well")
    commands.add_parser("status", help="tell which hosts run")
    shell = commands.add_parser("exec", help="run a command on a host")
    shell.add_argument("host")
    shell.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    again = commands.add_parser("reset", help="put a host back to its configured state")
    again.add_argument("host")
    trials.add_commands(commands)
    remedies.add_commands(commands)
    variants.add_commands(commands)
    return parser.parse_args(argv)


def dispatch(lab: Lab, options: argparse.Namespace) -> int:
    """
    Run one command.
    """
    if options.command == "up":
        up(lab, options.scenario, replace_other=options.replace)
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
    else:
        return int(options.run(lab, options))
    return 0


def _first_line() -> str:
    return "Real mail servers in containers: start them, break them on purpose, put them back."
