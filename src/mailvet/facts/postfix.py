"""
Postfix's effective configuration.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailvet.facts.host import CommandOutput, sections

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))")
_TLS_FILE = re.compile(
    r"(?:smtpd|smtp|lmtp|tlsproxy|postscreen)_tls_\w*(?:cert_file|key_file|chain_files|CAfile)"
    r"|smtpd_tls_dh(?:512|1024)_param_file"
)


@dataclass(frozen=True, slots=True)
class MasterService:
    """
    A service of master.cf, defaults filled in.

    Attributes:
        name: ``submission``, ``smtp``, ``127.0.0.1:2525`` …
        type: ``inet``, ``unix``, ``pass`` …
        private: Whether only the mail system can reach it.
        unprivileged: Whether it runs without root privilege.
        chroot: Whether it runs in the queue directory.
        command: The command with its arguments.
        overrides: Parameters that ``-o`` sets, with their values.
        processes: Most processes at a time; ``-`` means ``default_process_limit``, ``0`` no limit.
    """

    name: str
    type: str
    private: bool
    unprivileged: bool
    chroot: bool
    command: str
    overrides: tuple[tuple[str, str], ...] = ()
    processes: str = "-"

    @property
    def networked(self) -> bool:
        """
        Whether it is an SMTP server that other hosts can reach.

        Content filters hand mail back on the loopback interface; strangers do not get there.
        """
        host = self.name.rpartition(":")[0].strip("[]")
        own = host in {"localhost", "::1"} or host.startswith("127.")
        return self.type in {"inet", "pass"} and self.program == "smtpd" and not own

    @property
    def key(self) -> str:
        """
        Name and type as postconf writes them: ``submission/inet``.
        """
        return f"{self.name}/{self.type}"

    @property
    def program(self) -> str:
        """
        The program without its arguments: ``smtpd``.
        """
        return self.command.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class PostfixConfig:
    """
    What postconf says, defaults included and secrets removed.

    Attributes:
        version: For example ``3.7.11``.
        config_directory: Folder of main.cf.
        settings: Effective values, ``$name`` expanded.
        written: What main.cf sets, as it is written there.
        services: What master.cf starts; without what ``master_service_disable`` keeps it from.
        warnings: What postconf complained about.
        commands: What was run.
    """

    version: str
    config_directory: str
    settings: Mapping[str, str]
    written: Mapping[str, str]
    services: tuple[MasterService, ...]
    warnings: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def explicit(self) -> frozenset[str]:
        """
        Names of the parameters that main.cf sets.
        """
        return frozenset(self.written)

    @property
    def networked(self) -> tuple[MasterService, ...]:
        """
        The SMTP servers that other hosts can reach.
        """
        return tuple(each for each in self.services if each.networked)

    def service(self, key: str) -> MasterService | None:
        """
        The service with this name and type (``submission/inet``).
        """
        return next((each for each in self.services if each.key == key), None)

    def setting(self, name: str, service: str = "") -> str:
        """
        The effective value; for *service* what master.cf overrides wins, also inside ``$name``.
        """
        found = self.service(service) if service else None
        overrides = dict(found.overrides) if found else {}
        if name in overrides:
            return overrides[name]
        raw = self.written.get(name, "")
        if overrides and any(_name(each) in overrides for each in _REFERENCE.finditer(raw)):
            return _REFERENCE.sub(lambda each: self._value(_name(each), overrides, each[0]), raw)
        return self.settings.get(name, "")

    def enabled(self, name: str, service: str = "") -> bool:
        """
        Whether a setting is switched on.
        """
        return self.setting(name, service) == "yes"

    def _value(self, name: str, overrides: Mapping[str, str], otherwise: str) -> str:
        return overrides.get(name, self.settings.get(name, otherwise))

    @property
    def files(self) -> tuple[str, ...]:
        """
        main.cf, master.cf, and the files that TLS settings name.
        """
        named = {self.setting(name) for name in self.settings if _TLS_FILE.fullmatch(name)}
        for service in self.services:
            named.update(value for name, value in service.overrides if _TLS_FILE.fullmatch(name))
        paths = (path for value in sorted(named) for path in re.split(r"[,\s]+", value))
        configuration = (f"{self.config_directory}/{name}" for name in ("main.cf", "master.cf"))
        return tuple(
            dict.fromkeys((*configuration, *(path for path in paths if path.startswith("/"))))
        )


@dataclass(frozen=True, slots=True)
class PostfixCheck:
    """
    What Postfix's own checks say.

    Attributes:
        version: Version of Postfix; empty if postconf does not run.
        status: Exit status of ``postfix check``.
        complaints: What ``postfix check`` printed or, with ``maillog_file``, wrote to its log.
        audible: Whether it had a terminal to print its warnings on.
        postconf_status: Exit status of ``postconf``.
        warnings: What ``postconf -n``, ``-M`` and ``-P`` complained about.
        commands: What was run.
    """

    version: str
    status: int
    complaints: tuple[str, ...]
    audible: bool
    postconf_status: int
    warnings: tuple[str, ...]
    commands: tuple[CommandOutput, ...] = field(default=())


def parse_settings(text: str) -> dict[str, str]:
    """
    Lines of ``name = value``.
    """
    pairs = (line.partition(" =") for line in text.splitlines() if " =" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def parse_postfix(stdout: str, warnings: tuple[str, ...]) -> PostfixConfig:
    """
    What the script in ``probes.postfix`` printed.
    """
    parts = sections(stdout)
    settings = parse_settings(parts.get("all", ""))
    overrides = _overrides(parts.get("overrides", ""))
    chrooted = settings.get("compatibility_level", "0").partition(".")[0] in {"", "0"}
    services = []
    disabled = settings.get("master_service_disable", "")
    for line in parts.get("master", "").splitlines():
        words = line.split(None, 7)
        if len(words) == 8 and not _matches(disabled, words[0], words[1]):
            services.append(_service(words, overrides, chrooted=chrooted))
    shown = f"{parts.get('explicit', '')}\n{parts.get('master', '')}"
    return PostfixConfig(
        version=settings.get("mail_version", ""),
        config_directory=settings.get("config_directory", ""),
        settings=settings,
        written=parse_settings(parts.get("explicit", "")),
        services=tuple(services),
        warnings=warnings,
        commands=(
            CommandOutput("postconf -n; postconf -M", 0, shown, "\n".join(warnings)).evidence(),
        ),
    )


def parse_postfix_check(output: CommandOutput) -> PostfixCheck:
    """
    What the script of the check printed.
    """
    parts = sections(output.stdout)
    status = parts.get("status", "").split()
    return PostfixCheck(
        version=parts.get("version", "").strip(),
        status=int(status[0]) if status else output.status,
        complaints=_lines(parts.get("check", "")) + _lines(parts.get("log", "")),
        audible="yes" in status,
        postconf_status=int(status[1]) if len(status) > 1 else output.status,
        warnings=_lines(parts.get("warnings", "")),
        commands=(output.evidence(),),
    )


def _matches(patterns: str, name: str, kind: str) -> bool:
    """
    Whether a service is in ``master_service_disable``; the first pattern that matches decides.
    """
    for pattern in re.split(r"[,\s]+", patterns.strip()):
        if pattern.lstrip("!") in {kind, f"{name}/{kind}", f"{name}.{kind}"}:
            return not pattern.startswith("!")
    return False


def _service(
    words: list[str], overrides: Mapping[str, tuple[tuple[str, str], ...]], *, chrooted: bool
) -> MasterService:
    name, kind, private, unprivileged, chroot = words[:5]
    return MasterService(
        name,
        kind,
        private != "n",
        unprivileged != "n",
        chroot == "y" or (chroot == "-" and chrooted),
        words[7],
        overrides.get(f"{name}/{kind}", ()),
        words[6],
    )


def _overrides(text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, value in parse_settings(text).items():
        service, _, name = key.rpartition("/")
        found[service] = (*found.get(service, ()), (name, value))
    return found


def _name(reference: re.Match[str]) -> str:
    return next(group for group in reference.groups() if group)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
