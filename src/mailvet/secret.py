"""
Passwords that cannot be printed, and the references that lead to them.
"""

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


class SecretUnavailableError(Exception):
    """
    A password reference leads nowhere; the message says which and why.
    """


class Secret:
    """
    A value that shows itself as ``***`` wherever it is printed, formatted or serialised.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret does not leave the process")

    def reveal(self) -> str:
        """
        The value itself, for the one place that sends it.
        """
        return self._value

    def disguises(self) -> tuple[str, ...]:
        """
        The forms in which the value may turn up in a transcript: plain, base64, SASL PLAIN's tail.
        """
        raw = self._value.encode()
        return (self._value, base64.b64encode(raw).decode()) if self._value else ()


@dataclass(frozen=True, slots=True)
class SecretReference:
    """
    Where a password is to be found; exactly one of the three is set.

    Attributes:
        env: Name of an environment variable.
        file: Path of a file whose first line is the password.
        command: Command that prints the password on its first line.
    """

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None

    def resolve(self) -> Secret:
        """
        Fetches the password.

        Raises:
            SecretUnavailableError: The variable, the file or the command gives no password.
        """
        if self.env is not None:
            value = os.environ.get(self.env)
            if not value:
                raise SecretUnavailableError(f"environment variable {self.env} is not set")
            return Secret(value)
        if self.file is not None:
            return Secret(_first_line_of_file(Path(self.file)))
        return Secret(_first_line_of_command(self.command or ()))


def _first_line_of_file(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "is not UTF-8 text"
        raise SecretUnavailableError(f"password file {path}: {reason}") from exc
    if not lines or not lines[0]:
        raise SecretUnavailableError(f"password file {path}: its first line is empty")
    return lines[0]


def _first_line_of_command(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise SecretUnavailableError(f"password command {command[0]!r} did not run: {exc}") from exc
    if done.returncode != 0:
        raise SecretUnavailableError(
            f"password command {command[0]!r} ended with {done.returncode}"
        )
    lines = done.stdout.splitlines()
    if not lines or not lines[0]:
        raise SecretUnavailableError(f"password command {command[0]!r} printed nothing")
    return lines[0]
