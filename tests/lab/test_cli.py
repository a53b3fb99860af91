"""
The command line, as far as no container is needed.
"""

import os
import subprocess
import sys

import pytest

from lab.cli import main, parse
from lab.commands import as_root, wait_until
from lab.errors import CommandError, LabError
from lab.place import CHECKOUT


def test_missing_programs_are_one_line(tmp_path: object) -> None:
    """
    Without podman there is advice instead of a traceback.
    """
    done = subprocess.run(
        [sys.executable, "-m", "lab", "up"],
        cwd=CHECKOUT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("lab: podman, ")
    assert "make audit" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_root_or_sudo_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An ordinary user without sudo is told what is missing.
    """
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(LabError, match="run it as root or install sudo"):
        as_root(["podman"])


def test_lab_that_is_down_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Commands on hosts need a lab that is up.
    """
    assert main(["--lab", "never-started", "reset", "mail1"]) == 2
    assert "is not up: run `python -m lab up`" in capsys.readouterr().err


def test_status_of_a_lab_that_is_down(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A lab that is not running is no error, but the status tells.
    """
    assert main(["--lab", "never-started", "status"]) == 1
    assert capsys.readouterr().out == "lab never-started: down\n"


def test_command_for_a_host_keeps_its_options() -> None:
    """
    What follows the host belongs to the command.
    """
    options = parse(["exec", "mail1", "--", "postconf", "-n", "--lab"])

    assert options.argv[-3:] == ["postconf", "-n", "--lab"]
    assert options.lab is None


def test_error_of_a_command_shows_its_last_line() -> None:
    """
    Programs say at the end what is wrong.
    """
    assert str(CommandError("podman run", "note\nError: no such image\n\n")) == (
        "podman run: Error: no such image"
    )


def test_waiting_ends_with_what_is_missing() -> None:
    """
    When time is up the caller learns what did not come.
    """
    answers = iter(["a", "b", None])

    assert wait_until(lambda: next(answers), seconds=5, interval=0) is None
    assert wait_until(lambda: "port 25", seconds=0) == "port 25"
