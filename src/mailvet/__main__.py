"""
``mailvet controls``: the catalogue, for people and programs.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import mailvet
from mailvet.catalogue import Catalogue, load_catalogue
from mailvet.errors import MailvetError
from mailvet.report.catalogue import coverage_text, markdown, records


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Runs the command line; returns its exit code.
    """
    parser = argparse.ArgumentParser(prog="mailvet", description=mailvet.__doc__)
    parser.add_argument("--version", action="version", version=f"mailvet {mailvet.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    controls = commands.add_parser("controls", help="print the controls")
    controls.add_argument("--format", choices=["markdown", "json"], default="markdown")
    controls.add_argument(
        "--coverage",
        action="store_true",
        help="print which statements of the guide are decided, not checkable, or open",
    )
    controls.add_argument(
        "--checks", type=Path, default=None, metavar="DIR", help="the checks folder"
    )
    said = parser.parse_args(arguments)
    try:
        catalogue = load_catalogue(said.checks or _checks_folder())
    except MailvetError as exc:
        print(f"mailvet: {exc}", file=sys.stderr)
        return 2
    try:
        print(_text(catalogue, form=said.format, coverage=said.coverage), flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough; without this, the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _text(catalogue: Catalogue, *, form: str, coverage: bool) -> str:
    if form == "json":
        return json.dumps(records(catalogue), indent=2, ensure_ascii=False)
    return coverage_text(catalogue) if coverage else markdown(catalogue)


def _checks_folder() -> Path:
    """
    ``checks`` here, or in the checkout that this package belongs to.
    """
    here = Path.cwd() / "checks"
    return here if here.is_dir() else Path(__file__).parents[2] / "checks"


if __name__ == "__main__":
    sys.exit(main())
