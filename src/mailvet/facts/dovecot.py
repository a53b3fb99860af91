"""
Dovecot's effective configuration.
"""

import re
from dataclasses import dataclass

from mailvet.facts.doveconf import Section, parse_doveconf
from mailvet.facts.host import CommandOutput, sections

ON = frozenset({"yes", "y", "1", "true"})

_ABOUT_LOAD = re.compile(r"lower than required under max\. load|fd limit .* is lower")
"""Warnings that doveconf gives about valid configurations: what a very busy host would need."""


@dataclass(frozen=True, slots=True)
class InetListener:
    """
    A TCP listener that is configured.

    Attributes:
        service: Service to which it belongs (``imap-login``).
        name: Its own name (``imaps``).
        port: TCP port; 0 if it is switched off.
        ssl: Whether TLS starts with the connection.
        address: Addresses it is bound to; those of ``listen`` where it has none of its own.
    """

    service: str
    name: str
    port: int
    ssl: bool
    address: str


@dataclass(frozen=True, slots=True)
class UnixListener:
    """
    A UNIX socket that is configured.

    Attributes:
        service: Service to which it belongs.
        path: Absolute path.
        mode: Permission bits, octal as text without leading zeros (``600``).
        user: Its owner; empty means root.
        group: Its group; empty means root's.
    """

    service: str
    path: str
    mode: str
    user: str
    group: str


@dataclass(frozen=True, slots=True)
class MailboxSetting:
    """
    A mailbox that the configuration names.

    Attributes:
        name: Its name, with the prefix of its namespace.
        special_use: Its special-use attributes without the backslash.
        auto: ``no``, ``create`` or ``subscribe``.
        inbox_namespace: Whether it stands in the namespace that holds the INBOX.
    """

    name: str
    special_use: tuple[str, ...]
    auto: str
    inbox_namespace: bool


def _has_inbox(namespace: Section) -> bool:
    return (namespace.get("inbox") or "no").lower() in ON


@dataclass(frozen=True, slots=True)
class DovecotConfig:
    """
    What ``doveconf -a`` says, defaults included and secrets removed.

    Attributes:
        version: For example ``2.3.19.1``.
        config_file: File that doveconf read first.
        config_files: Files in its folder and below.
        root: The whole configuration.
        explicit: What differs from the defaults.
        errors: Warnings that doveconf gave.
        commands: What was run.
    """

    version: str
    config_file: str
    config_files: tuple[str, ...]
    root: Section
    explicit: Section
    errors: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def setting(self, name: str, protocol: str = "") -> str:
        """
        The effective value, *protocol*'s own if it has one; empty if it is unset.
        """
        if protocol:
            for section in self.root.of("protocol", protocol):
                own = section.get(name)
                if own is not None:
                    return own
        return self.root.get(name) or ""

    def enabled(self, name: str, protocol: str = "") -> bool:
        """
        Whether a setting is switched on.
        """
        return self.setting(name, protocol).lower() in ON

    def section(self, *steps: str) -> Section | None:
        """
        The section that is reached by alternating kinds and names: ``("service", "lmtp")``.
        """
        return self.root.path(*steps)

    @property
    def accounts(self) -> tuple[str, ...]:
        """
        The accounts under which its processes run.
        """
        return self.setting("default_internal_user"), self.setting("default_login_user")

    @property
    def protocols(self) -> frozenset[str]:
        """
        The protocols that are switched on.
        """
        return frozenset(self.setting("protocols").split())

    @property
    def passdbs(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """
        The settings of each password database, in order.
        """
        return tuple(each.settings for each in self.root.of("passdb"))

    @property
    def userdbs(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """
        The settings of each user database, in order.
        """
        return tuple(each.settings for each in self.root.of("userdb"))

    def listeners(self, service: str = "") -> tuple[InetListener, ...]:
        """
        Configured TCP listeners, of one *service* or of those that Dovecot starts.
        """
        return tuple(
            InetListener(
                section.name,
                each.name,
                _number(each.get("port")),
                (each.get("ssl") or "no").lower() in ON,
                each.get("address") or self.setting("listen"),
            )
            for section in self._services(service)
            for each in section.of("inet_listener")
        )

    def unix_listeners(self, service: str = "") -> tuple[UnixListener, ...]:
        """
        Configured UNIX sockets, of one *service* or of those that Dovecot starts.
        """
        return tuple(
            UnixListener(
                section.name,
                self._absolute(each.name),
                (each.get("mode") or "").lstrip("0") or "0",
                self._resolved(each.get("user")),
                self._resolved(each.get("group")),
            )
            for section in self._services(service)
            for each in section.of("unix_listener")
        )

    @property
    def mailboxes(self) -> tuple[MailboxSetting, ...]:
        """
        The mailboxes that the namespaces name.
        """
        return tuple(
            MailboxSetting(
                (namespace.get("prefix") or "") + (mailbox.get("name") or mailbox.name),
                tuple(word.lstrip("\\") for word in (mailbox.get("special_use") or "").split()),
                mailbox.get("auto") or "no",
                _has_inbox(namespace),
            )
            for namespace in self.root.of("namespace")
            for mailbox in namespace.of("mailbox")
        )

    @property
    def home(self) -> Section | None:
        """
        The namespace of the INBOX, if one is named.
        """
        return next((each for each in self.root.of("namespace") if _has_inbox(each)), None)

    def personal(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """
        The *names* of users' own mailboxes as clients see them, behind the namespace's prefix.
        """
        prefix = (self.home and self.home.get("prefix")) or ""
        return tuple(name if name.startswith(prefix) else prefix + name for name in names)

    @property
    def files(self) -> tuple[str, ...]:
        """
        Its configuration files, and all files that a value is read from with ``<``.
        """
        read = [
            value.lstrip("<").strip()
            for section in self.root.walk()
            for _, value in section.settings
            if value.startswith("<")
        ]
        return tuple(dict.fromkeys((self.config_file, *self.config_files, *read)))

    def _services(self, name: str) -> tuple[Section, ...]:
        if name:
            return self.root.of("service", name)
        return tuple(
            each
            for each in self.root.of("service")
            if not each.get("protocol") or each.get("protocol") in self.protocols
        )

    def _absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"{self.setting('base_dir')}/{path}"

    def _resolved(self, name: str | None) -> str:
        return self.setting(name[1:]) if name and name.startswith("$") else name or ""


@dataclass(frozen=True, slots=True)
class DovecotCheck:
    """
    Whether Dovecot and its tools run, and accept the configuration.

    Attributes:
        version: Version of the daemon; empty if it does not run.
        doveadm: Whether doveadm runs.
        status: Exit status of ``doveconf -n``.
        errors: What doveconf complained about.
        commands: What was run.
    """

    version: str
    doveadm: bool
    status: int
    errors: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What doveconf complained about, advice for very busy hosts left aside.
        """
        return tuple(each for each in self.errors if not _ABOUT_LOAD.search(each))


def parse_dovecot(stdout: str, errors: tuple[str, ...]) -> DovecotConfig:
    """
    What the script in ``probes.dovecot`` printed.
    """
    parts = sections(stdout)
    explicit = parts.get("explicit", "")
    heading = re.match(r"# (\S+).*?: (/.*)", explicit)
    version, config_file = (heading[1], heading[2].strip()) if heading else ("", "")
    return DovecotConfig(
        version=version,
        config_file=config_file,
        config_files=tuple(line for line in parts.get("files", "").splitlines() if line),
        root=parse_doveconf(parts.get("all", "")),
        explicit=parse_doveconf(explicit),
        errors=errors,
        commands=(CommandOutput("doveconf -n", 0, explicit, "\n".join(errors)).evidence(),),
    )


def parse_dovecot_check(output: CommandOutput) -> DovecotCheck:
    """
    What the script of the check printed.
    """
    parts = sections(output.stdout)
    status = parts.get("status", "").split()
    return DovecotCheck(
        version=next(iter(parts.get("version", "").split()), ""),
        doveadm=bool(parts.get("doveadm", "").strip()),
        status=int(status[0]) if status else output.status,
        errors=output.complaints,
        commands=(output.evidence(),),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
