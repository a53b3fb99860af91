"""
What a command on the host printed, with secrets removed.
"""

import re
from dataclasses import dataclass

MAX_OUTPUT = 1_000_000
"""Characters of each output stream that are parsed; what mail hosts print stays far below it."""

MAX_EVIDENCE = 12_000
"""Characters of each output stream that are shown as evidence."""

_SECRET_SETTING = re.compile(
    r"""^([ \t]*[\w./-]*(?:password|passwd|dnpass|secret|api_key|auth_key|bind_pw)[ \t]*=[ \t]*)
        (?!\#[ ]hidden)(\S.*)$""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
_SECRET_ARGUMENT = re.compile(r"(?i)\b(pass|password|passwd|pw|dnpass|secret)=([^\s\"']+)")
_SECRET_IN_URL = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")
_INLINE_KEY = re.compile(r"(?m)^([ \t]*ssl_(?:alt_)?key[ \t]*=[ \t]*)(?![<#])(\S.*)$")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """
    A command on the host, shown as evidence.

    Attributes:
        command: What was run.
        status: Exit status.
        stdout: What it printed, secrets removed.
        stderr: What it complained about, secrets removed.
    """

    command: str
    status: int
    stdout: str
    stderr: str

    @property
    def complaints(self) -> tuple[str, ...]:
        """
        The lines of stderr that say something.
        """
        return tuple(line.strip() for line in self.stderr.splitlines() if line.strip())

    def evidence(self) -> "CommandOutput":
        """
        The same, short enough for a report.
        """
        return CommandOutput(
            self.command, self.status, _shortened(self.stdout), _shortened(self.stderr)
        )

    def part(self, marker: str, title: str) -> "CommandOutput":
        """
        What stands between the line ``@@marker`` and the next such line of stdout.

        One script that prints such lines replaces several round trips to the host.
        """
        return CommandOutput(title, self.status, sections(self.stdout).get(marker, ""), "")


def redact(text: str) -> str:
    """
    *text* without the values of settings that hold passwords or keys.

    That such a setting has a value stays visible, as ``***``.
    """
    text = _PRIVATE_KEY.sub("*** (private key)", text)
    text = _SECRET_SETTING.sub(r"\1***", text)
    text = _INLINE_KEY.sub(r"\1***", text)
    text = _SECRET_ARGUMENT.sub(r"\1=***", text)
    return _SECRET_IN_URL.sub(r"\1***@", text)


def sections(text: str) -> dict[str, str]:
    """
    The parts of a script's output, by the name on the line ``@@name`` that begins each of them.
    """
    found: dict[str, str] = {}
    for part in re.split(r"(?m)^@@", text)[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = body
    return found


def _shortened(text: str) -> str:
    if len(text) <= MAX_EVIDENCE:
        return text
    return f"{text[:MAX_EVIDENCE]}… ({len(text)} characters)"
