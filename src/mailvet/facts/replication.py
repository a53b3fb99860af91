"""
How one Dovecot server is set up to replicate with another.
"""

import dataclasses
import re
from dataclasses import dataclass

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.passdb import databases

SAMPLE = "replication_password"
"""The password in the guide's example."""

LEAST_PASSWORD = 16
"""Characters below which a password that two programs share is too short."""

NEEDED_PLUGINS = ("notify", "replication")

_BLANKS = re.compile(r"\s+")
_REPLICA = re.compile(r"^(?P<scheme>[a-z]+):(?P<host>.*?)(?::(?P<port>\d+))?$")
_SERVERS = frozenset({"hosts", "uris", "connect"})
"""Settings that say where the database or directory is; each partner may ask another copy of it."""


@dataclass(frozen=True, slots=True)
class Listener:
    """
    A FIFO or UNIX socket of the replication services.

    Attributes:
        path: Where it is.
        mode: Permission bits as configured, octal as text; empty if it is not configured.
        user: Owner as configured; empty means root.
        stat: What is on the disk; None if nothing is.
    """

    path: str
    mode: str
    user: str
    stat: FileStat | None = None

    def faults(self, owner: str, kind: str) -> str:
        """
        How it differs from one of *kind* that *owner* alone may use; empty if it does not.
        """
        if not self.mode:
            return f"{self.path} is not configured"
        found = []
        if self.user != owner or int(self.mode, 8) & 0o077:
            found.append(f"configured as {self.user or 'root'} {self.mode}")
        if self.stat is None:
            found.append("does not exist")
        elif (self.stat.kind, self.stat.owner) != (kind, owner) or self.stat.permissions & 0o077:
            found.append(f"is a {self.stat.kind} of {self.stat.owner}, {self.stat.permissions:o}")
        return f"{self.path} {', '.join(found)}" if found else ""


@dataclass(frozen=True, slots=True)
class Replica:
    """
    A partner that ``mail_replica`` names.

    Attributes:
        value: The setting.
        scheme: ``tcp``, ``tcps`` or another one; empty if it has none.
        host: Name or address.
        port: TCP port; 0 if none is known.
        addresses: What the host resolves to on the server itself.
    """

    value: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoveadmPort:
    """
    A TCP port on which the doveadm service listens.
    """

    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class ReplicationSide:
    """
    One of the two servers, as its own configuration and tools describe it.

    Attributes:
        host: Its key in the inventory.
        version: Dovecot's version.
        addresses: Its own addresses.
        passdbs: Drivers of its password databases.
        userdbs: Drivers of its user databases.
        backend: Settings of the database or directory that must be alike, without secrets.
        plugins: Plug-ins by protocol, for those that change mail.
        least_replicators: ``process_min_avail`` of the replicator service.
        replicators: Replicator processes that run; None if doveadm does not tell.
        control: The socket ``replicator-doveadm``.
        fifo: The pipe ``replication-notify-fifo``.
        notify: The socket ``replication-notify``.
        ports: Where the doveadm service listens.
        replicas: The partners that it names.
        client_ca: Whether it is told which authorities vouch for the partner's certificate.
        most_connections: ``replication_max_conns``.
        password_length: Characters of ``doveadm_password``; 0 if it is unset.
        sample: Whether that is the password of the guide's example.
        password_files: Files that set it.
        users: Number of users that ``doveadm user '*'`` lists; None if it lists none.
        unlisted: Test accounts that are not among them.
        owners: Account under which the mail of each test account is accessed, by number.
        mail_uid: Number of the declared mail account; empty if there is no such account.
        commands: What was run.
    """

    host: str
    version: str
    addresses: tuple[str, ...]
    passdbs: tuple[str, ...]
    userdbs: tuple[str, ...]
    backend: tuple[tuple[str, str], ...]
    plugins: tuple[tuple[str, tuple[str, ...]], ...]
    least_replicators: int
    replicators: int | None
    control: Listener
    fifo: Listener
    notify: Listener
    ports: tuple[DoveadmPort, ...]
    replicas: tuple[Replica, ...]
    client_ca: bool
    most_connections: int
    password_length: int
    sample: bool
    password_files: tuple[FileStat, ...]
    users: int | None
    unlisted: tuple[str, ...]
    owners: tuple[tuple[str, str], ...]
    mail_uid: str
    commands: tuple[CommandOutput, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """
        Protocols whose changes are not replicated, and the plug-ins that they lack.
        """
        return tuple(
            f"{protocol} without {' and '.join(missing)}"
            for protocol, loaded in self.plugins
            if (missing := [each for each in NEEDED_PLUGINS if each not in loaded])
        )

    def serves(self, port: int) -> DoveadmPort | None:
        """
        The doveadm listener on *port*.
        """
        return next((each for each in self.ports if each.port == port), None)


def writing_protocols(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    The protocols that change mail, of those that are switched on.

    Where mail does not come by LMTP, it comes by Dovecot's delivery agent.
    """
    found = [each for each in ("imap", "pop3", "lmtp", "sieve") if each in dovecot.protocols]
    return (*found, *(() if "lmtp" in found else ("lda",)), "doveadm")


def settings_files(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Files with the settings of the databases and directories that are asked for users.
    """
    found = (*databases(dovecot, "passdb"), *databases(dovecot, "userdb"))
    words = (each.get("args").split() for each in found if each.driver in {"sql", "ldap"})
    return tuple(dict.fromkeys(word for line in words for word in line if word.startswith("/")))


def replicas(dovecot: DovecotConfig) -> tuple[Replica, ...]:
    """
    The partners that ``mail_replica`` and its numbered companions name.
    """
    default = dovecot.setting("doveadm_port")
    named = (
        value
        for section in dovecot.root.of("plugin")
        for name, value in section.settings
        if re.fullmatch(r"mail_replica\d*", name) and value
    )
    return tuple(_replica(value, int(default) if default.isdigit() else 0) for value in named)


def _replica(value: str, default: int) -> Replica:
    parts = _REPLICA.match(value)
    if parts is None:
        return Replica(value, "", value, default)
    port = int(parts["port"]) if parts["port"] else default
    return Replica(value, parts["scheme"], parts["host"].strip("[]"), port)


def parse_side(
    host: str, dovecot: DovecotConfig, output: CommandOutput, accounts: tuple[str, ...]
) -> ReplicationSide:
    """
    What the script in ``probes.replication`` printed about the *accounts*; files come later.
    """
    parts = sections(output.stdout)
    numbers = dict(line.split() for line in parts.get("secret", "").splitlines() if " " in line)
    listed = parts.get("count", "").strip()
    users = parts.get("users", "").split()
    return ReplicationSide(
        host=host,
        version=dovecot.version,
        addresses=tuple(parts.get("addresses", "").split()),
        passdbs=tuple(each.driver for each in databases(dovecot, "passdb")),
        userdbs=tuple(each.driver for each in databases(dovecot, "userdb")),
        backend=tuple(_alike(parts.get("backend", ""))),
        plugins=_plugins(parts.get("plugins", "")),
        least_replicators=_number(dovecot, "service", "replicator", "process_min_avail"),
        replicators=_count(parts.get("replicators", "")),
        control=_listener(dovecot, "replicator", "unix_listener", "replicator-doveadm"),
        fifo=_listener(dovecot, "aggregator", "fifo_listener", "replication-notify-fifo"),
        notify=_listener(dovecot, "aggregator", "unix_listener", "replication-notify"),
        ports=tuple(DoveadmPort(each.port, each.ssl) for each in dovecot.listeners("doveadm")),
        replicas=_resolved(replicas(dovecot), parts.get("resolved", "")),
        client_ca=any(
            dovecot.setting(name) for name in ("ssl_client_ca_file", "ssl_client_ca_dir")
        ),
        most_connections=int(dovecot.setting("replication_max_conns") or 0),
        password_length=int(numbers.get("length", 0)),
        sample=numbers.get("sample") == "yes",
        password_files=(),
        users=int(listed) if listed.isdigit() and listed != "0" else None,
        unlisted=tuple(each for each in accounts if each not in users),
        owners=tuple(_pairs(parts.get("owners", ""))),
        mail_uid=parts.get("uid", "").strip(),
        commands=(output.evidence(),),
    )


def _resolved(named: tuple[Replica, ...], text: str) -> tuple[Replica, ...]:
    rows = (line.partition(" ") for line in text.splitlines())
    addresses = {name: tuple(dict.fromkeys(rest.split())) for name, _, rest in rows}
    return tuple(
        dataclasses.replace(each, addresses=addresses.get(each.host, ())) for each in named
    )


def _plugins(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = (line.split() for line in text.splitlines())
    return tuple((row[0], tuple(row[1:])) for row in rows if row)


def _pairs(text: str) -> list[tuple[str, str]]:
    rows = (line.rpartition(" ") for line in text.splitlines())
    return [(name, value) for name, blank, value in rows if blank]


def _alike(text: str) -> list[tuple[str, str]]:
    rows = (line.partition("=") for line in text.splitlines())
    found = {name.strip(): _BLANKS.sub(" ", value.strip()) for name, sign, value in rows if sign}
    database = re.search(r"\bdbname=(\S+)", found.get("connect", ""))
    kept = {name: value for name, value in found.items() if name not in _SERVERS}
    return sorted({**kept, "dbname": database[1] if database else ""}.items())


def _number(dovecot: DovecotConfig, kind: str, name: str, setting: str) -> int:
    section = dovecot.section(kind, name)
    value = (section.get(setting) if section else "") or "0"
    return int(value) if value.isdigit() else 0


def _count(text: str) -> int | None:
    found = re.search(r"process_count:\s*(\d+)", text)
    return int(found[1]) if found else None


def _listener(dovecot: DovecotConfig, service: str, kind: str, name: str) -> Listener:
    section = dovecot.section("service", service)
    found: tuple[Section, ...] = section.of(kind) if section else ()
    chosen = next((each for each in found if each.name.rpartition("/")[2] == name), None)
    path = chosen.name if chosen and chosen.name.startswith("/") else ""
    path = path or f"{dovecot.setting('base_dir')}/{name}"
    if chosen is None:
        return Listener(path, "", "")
    user = chosen.get("user") or ""
    user = dovecot.setting(user[1:]) if user.startswith("$") else user
    return Listener(path, (chosen.get("mode") or "").lstrip("0") or "0", user)
