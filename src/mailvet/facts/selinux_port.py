"""
Whether SELinux lets Dovecot open the replication port, now and after the next boot.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

BOOLEAN = "nis_enabled"
"""The boolean that the guide switches on; it lets daemons use ports that nobody labelled."""

_SEMANAGE = re.compile(rf"^{BOOLEAN}\s+\((on|off)\s*,\s*(on|off)\)", re.MULTILINE)
_LABEL = re.compile(r"^(\w+)\s+tcp\s+(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SelinuxPort:
    """
    SELinux and one port.

    Attributes:
        mode: ``Enforcing``, ``Permissive`` or ``Disabled``; empty if there is no SELinux.
        running: State of the boolean now: ``on``, ``off``, or empty if nobody says.
        stored: Its state after the next boot, likewise.
        label: Type of the port, if somebody gave it one of its own.
        denials: Denials of Dovecot in the audit log.
        commands: What was run.
    """

    mode: str
    running: str
    stored: str
    label: str
    denials: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def __str__(self) -> str:
        boolean = f"{BOOLEAN} {self.running or 'unknown'}, stored {self.stored or 'unknown'}"
        label = f"; the port is {self.label}" if self.label else ""
        denied = f"; {len(self.denials)} denials of dovecot" if self.denials else ""
        return f"SELinux {self.mode}; {boolean}{label}{denied}"


def parse_selinux_port(output: CommandOutput, port: int) -> SelinuxPort:
    """
    What the script in ``probes.selinux_port`` printed.
    """
    parts = sections(output.stdout)
    running = re.search(rf"{BOOLEAN} --> (on|off)", parts.get("running", ""))
    stored = _SEMANAGE.search(parts.get("stored", ""))
    return SelinuxPort(
        mode=parts.get("mode", "").strip(),
        running=running[1] if running else "",
        stored=stored[2] if stored else "",
        label=next(
            (name for name, ports in _LABEL.findall(parts.get("labels", "")) if _has(ports, port)),
            "",
        ),
        denials=tuple(line for line in parts.get("denials", "").splitlines() if "denied" in line),
        commands=(output.evidence(),),
    )


def _has(ports: str, port: int) -> bool:
    # A range is nobody's label for one port: those of all ports without a label are ranges.
    return str(port) in ports.replace(" ", "").split(",")
