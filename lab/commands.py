"""
Run other programs, with errors that name them.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from lab.errors import CommandError, LabError

_HINT = "install what lab/packages.txt lists (`make audit` does)"


def say(text: str) -> None:
    """
    Tell the user what goes on.
    """
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """
    Announce something that takes a while, and how long it took when it is done.
    """
    start = time.monotonic()
    print(f"{text} ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        print(" failed", file=sys.stderr, flush=True)
        raise
    print(f" {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)


def require(*programs: str) -> None:
    """
    Raise unless every one of *programs* is installed.
    """
    missing = [name for name in programs if _find(name) is None]
    if missing:
        raise LabError(f"{', '.join(missing)} not found: {_HINT}")


def as_root(argv: Sequence[str]) -> list[str]:
    """
    Make *argv* a command that runs as root.
    """
    if os.geteuid() == 0:
        return list(argv)
    if shutil.which("sudo") is None:
        raise LabError("the lab needs root: run it as root or install sudo")
    return ["sudo", *argv]


def run(argv: Sequence[str], *, stdin: bytes | None = None, what: str | None = None) -> str:
    """
    Run *argv* and return what it printed; *what* names it in the error if it fails.
    """
    done = attempt(argv, stdin=stdin)
    if done.returncode:
        output = (done.stderr + done.stdout).decode(errors="replace")
        raise CommandError(what or " ".join(argv[:3]), output)
    return done.stdout.decode(errors="replace")


def attempt(
    argv: Sequence[str], *, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """
    Run *argv*, which may fail.
    """
    try:
        return subprocess.run(argv, input=stdin or b"", capture_output=True, check=False)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} not found: {_HINT}") from None


def wait_until(
    ready: Callable[[], str | None], *, seconds: float, interval: float = 0.05
) -> str | None:
    """
    Ask *ready* until it returns None or time is up; return what was missing last.
    """
    deadline = time.monotonic() + seconds
    while (missing := ready()) is not None and time.monotonic() < deadline:
        time.sleep(interval)
    return missing


def _find(program: str) -> str | None:
    places = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    return shutil.which(program, path=places)
