"""
Traces of refused attempts to relay in the mail log.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

MAX_LINES = 3
"""Lines of the log that are shown."""


@dataclass(frozen=True, slots=True)
class RelayLogFacts:
    """
    What the log on the host has about the refusals of this run.

    Attributes:
        refused: The attempts that were refused, in words; empty if none was.
        lines: Lines of the log about them.
        sources: Logs that were searched: ``journal``, or paths of files.
        elsewhere: Where the host sends its log as well, as its configuration says.
        commands: What was run.
    """

    refused: str
    lines: tuple[str, ...]
    sources: tuple[str, ...]
    elsewhere: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def __str__(self) -> str:
        if self.lines:
            return "; ".join(self.lines[:MAX_LINES])
        searched = f"no line about them in {', '.join(self.sources) or 'any known place'}"
        sent = f"; the host sends its log elsewhere: {', '.join(self.elsewhere)}"
        return f"{searched}{sent if self.elsewhere else ''}"


def parse_relay_log(refused: str, output: CommandOutput) -> RelayLogFacts:
    """
    What the script in ``probes.relay_log`` printed.
    """
    parts = {name: _lines(text) for name, text in sections(output.stdout).items()}
    return RelayLogFacts(
        refused,
        tuple(dict.fromkeys(parts.get("lines", ()))),
        parts.get("sources", ()),
        parts.get("elsewhere", ()),
        (output.evidence(),),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
