"""
What systemd says about the services.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.model import Judgement, judge, not_applicable


@dataclass(frozen=True, slots=True)
class Unit:
    """
    A systemd unit.

    Attributes:
        name: Its name with its suffix.
        load_state: ``loaded``, ``masked``, ``not-found`` …
        active_state: ``active``, ``failed`` …
        unit_file_state: ``enabled``, ``disabled``, ``static`` …
        type: ``oneshot``, ``forking``, ``notify`` …
    """

    name: str
    load_state: str
    active_state: str
    unit_file_state: str
    type: str = ""

    @property
    def loaded(self) -> bool:
        """
        Whether there is such a unit.
        """
        return self.load_state == "loaded"

    @property
    def active(self) -> bool:
        """
        Whether it runs.
        """
        return self.active_state == "active"

    @property
    def enabled(self) -> bool:
        """
        Whether the next boot starts it.
        """
        return self.loaded and self.unit_file_state in {"enabled", "generated"}

    def __str__(self) -> str:
        state = f"{self.active_state}, {self.unit_file_state or 'no unit file'}"
        return f"{self.name} {state if self.loaded else self.load_state}"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """
    The units of the mail services.

    Attributes:
        systemd: Whether systemd runs the host at all.
        units: The units that were asked for, those that do not exist included.
        running: Whether each server's master process lives, by server.
        commands: What was run.
    """

    systemd: bool
    units: tuple[Unit, ...]
    running: tuple[tuple[str, bool], ...]
    commands: tuple[CommandOutput, ...]

    def unit(self, name: str) -> Unit:
        """
        The unit called *name*, with or without ``.service``.
        """
        full = name if "." in name else f"{name}.service"
        known = (each for each in self.units if each.name == full)
        return next(known, Unit(full, "not-found", "inactive", ""))

    def runs(self, server: str) -> bool:
        """
        Whether the master process of *server* lives.
        """
        return dict(self.running).get(server, False)

    def daemon(self, server: str) -> Unit:
        """
        The unit that really runs *server*: Debian's postfix.service starts only a dummy.
        """
        instance = self.unit("postfix@-")
        return instance if server == "postfix" and instance.loaded else self.unit(server)

    def starts_at_boot(self, server: str) -> Judgement:
        """
        Whether *server* comes back after a reboot.
        """
        if not self.systemd:
            return not_applicable("systemd does not run this host")
        starters = [self.unit(server), self.unit(f"{server}.socket")]
        masked = self.daemon(server).load_state == "masked"
        shown = [
            each for each in (*starters, self.daemon(server)) if each.load_state != "not-found"
        ]
        return judge(
            any(each.enabled for each in starters) and not masked,
            observed="; ".join(dict.fromkeys(map(str, shown))) or f"no unit {server}.service",
            expected=f"{server}.service is enabled and not masked",
        )

    def is_running(self, server: str) -> Judgement:
        """
        Whether *server* runs, under systemd where there is one.
        """
        unit = self.daemon(server)
        master = "lives" if self.runs(server) else "does not live"
        supervised = unit.active or not self.systemd
        return judge(
            supervised and self.runs(server),
            observed=f"{unit if self.systemd else 'no systemd'}; its master process {master}",
            expected=f"{unit.name} is active, and its master process lives",
        )


def parse_units(output: CommandOutput) -> UnitFacts:
    """
    What the script in ``probes.units`` printed.
    """
    parts = sections(output.stdout)
    blocks = (_properties(block) for block in parts.get("units", "").split("\n\n"))
    return UnitFacts(
        systemd=parts.get("init", "").strip() == "systemd",
        units=tuple(
            Unit(
                block["Id"],
                block.get("LoadState", ""),
                block.get("ActiveState", ""),
                block.get("UnitFileState", ""),
                block.get("Type", ""),
            )
            for block in blocks
            if "Id" in block
        ),
        running=tuple(
            (name, parts.get(name, "").strip() == "0") for name in ("dovecot", "postfix")
        ),
        commands=(output.evidence(),),
    )


def _properties(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
