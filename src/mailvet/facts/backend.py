"""
Where Dovecot's accounts are when they are not the system's: a database or a directory.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.dovecot import ON, DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.option_file import GROUP, OptionFile, includes, parse_options
from mailvet.facts.passdb import Database, databases

MARIADB_PORT = 3306

CENTRAL = ("sql", "ldap")
"""Roles of a profile that name such a backend, and the drivers that go with them."""

PACKAGES = {"sql": ("dovecot-mysql",), "ldap": ("dovecot-ldap",)}
"""Packages with the drivers on Debian; elsewhere LDAP comes with Dovecot itself."""

SAMPLES = ("dovecotPW", "password")
"""Passwords that stand in the guide's examples."""

_SETTING = re.compile(r"^\s*([\w.]+)\s*=\s*(.*?)\s*$")
_SELECT = re.compile(r"^\s*select\s+(?:distinct\s+)?(.*?)\s+from\s", re.IGNORECASE | re.DOTALL)
_HELPERS = frozenset({"prefetch", "static"})
"""Drivers of user databases that ask nobody."""


@dataclass(frozen=True, slots=True)
class BackendFile:
    """
    A file that tells Dovecot how its backend is asked.

    Attributes:
        path: Its path.
        stat: Its owner and mode, and the directories above it; None if it does not exist.
        settings: What it sets; passwords are ``***``.
        sample: Whether a password in it is one of the guide's examples.
        for_passwords: Whether a password database names it.
        client: The file that ``option_file=`` in ``connect`` names; None if there is none, or
            nobody looked into it.
    """

    path: str
    stat: FileStat | None
    settings: tuple[tuple[str, str], ...]
    sample: bool
    for_passwords: bool = True
    client: OptionFile | None = None

    def get(self, name: str) -> str:
        """
        A setting; empty if it is unset.
        """
        return dict(self.settings).get(name, "")

    def words(self, name: str) -> dict[str, str]:
        """
        A setting that consists of ``name=value``; of two with the same name, the last.

        Dovecot splits such a setting at blanks and knows no quotes inside of it.
        """
        return dict(self._pairs(name))

    def _pairs(self, name: str) -> list[tuple[str, str]]:
        parts = (word.partition("=") for word in self.get(name).split())
        return [(key, value) for key, equals, value in parts if equals]

    @property
    def connection(self) -> dict[str, str]:
        """
        The way to the database: ``connect``, and what it leaves to a file of the client library.
        """
        left = dict(self.client.options) if self.client else {}
        return left | self.words("connect")

    @property
    def databases(self) -> tuple[BackendServer, ...]:
        """
        The database servers; Dovecot shares its questions among those of ``connect``.
        """
        found = [value for key, value in self._pairs("connect") if key in {"host", "hostaddr"}]
        found = found or [self.connection.get("host", "")]
        port = self.connection.get("port", "")
        number = int(port) if port.isascii() and port.isdecimal() else MARIADB_PORT
        return tuple(
            BackendServer(host, 0 if host.startswith("/") else number, self.database_authorities)
            for host in dict.fromkeys(found)
            if host
        )

    @property
    def database_authorities(self) -> str:
        """
        File or directory with the certificates that database servers are verified with.
        """
        return self.connection.get("ssl_ca") or self.connection.get("ssl_ca_path", "")

    @property
    def unverified(self) -> str:
        """
        Why nobody compares a database server's certificate with its name; empty if it is done.

        Dovecot does so unless it is told not to; the library only if it is told to.
        """
        words = self.words("connect")
        here = "ssl_ca" in words or "ssl_ca_path" in words
        verify = (words if here else self.connection).get("ssl_verify_server_cert")
        if verify is None and not here and self.client:
            return f"{self.client.path}: no ssl-verify-server-cert"
        return f"ssl_verify_server_cert={verify}" if verify in {"no", "0", "false"} else ""

    @property
    def elsewhere(self) -> bool:
        """
        Whether one of its database servers is not this machine.
        """
        return any(not each.on_this_machine for each in self.databases)

    @property
    def option_file(self) -> str:
        """
        Another file in which the client library finds settings; empty if ``connect`` names none.
        """
        return self.words("connect").get("option_file", "")

    @property
    def option_group(self) -> str:
        """
        The section of it that counts.
        """
        return self.words("connect").get("option_group", GROUP)

    @property
    def unread(self) -> str:
        """
        Where settings are that nobody has looked into; empty if all are known.
        """
        if self.client is None:
            return self.option_file
        return f"files that {self.client.path} includes" if self.client.includes else ""


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """
    The backend as Dovecot is told to ask it.

    Attributes:
        driver: Its driver, ``sql`` or ``ldap``.
        files: The files with its settings, in the order in which they are named.
        authorities: Files with certificates of authorities that these settings name.
        commands: What was run.
    """

    driver: str
    files: tuple[BackendFile, ...]
    authorities: tuple[FileStat, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """
        Files that are named and do not exist.
        """
        return tuple(each.path for each in self.files if each.stat is None)

    @property
    def stats(self) -> tuple[FileStat, ...]:
        """
        The files that exist.
        """
        return tuple(each.stat for each in self.files if each.stat)

    @property
    def careless(self) -> tuple[FileStat, ...]:
        """
        Files of the client library with a password that is not for everybody, but can be read.
        """
        files = (each.client for each in self.files if each.client)
        return tuple(
            each.stat
            for each in files
            if each.stat and "password" in dict(each.options) and each.stat.permissions & 0o007
        )

    @property
    def named_authorities(self) -> tuple[str, ...]:
        """
        Paths of certificates of authorities that the settings name.
        """
        found = [each.database_authorities or each.get("tls_ca_cert_file") for each in self.files]
        return tuple(dict.fromkeys(each for each in found if each))

    @property
    def unread(self) -> tuple[str, ...]:
        """
        Files with further settings of the client library, which nobody has looked into.
        """
        return tuple(
            f"{each.path} leaves settings to {each.unread}, which is not read"
            for each in self.files
            if each.unread
        )

    @property
    def remote(self) -> tuple[BackendFile, ...]:
        """
        Files that name a database server on another host.
        """
        return tuple(each for each in self.files if each.elsewhere)

    @property
    def unprotected(self) -> tuple[str, ...]:
        """
        What is missing for TLS with a verified certificate to database servers elsewhere.
        """
        found = []
        for each in self.remote:
            path = each.database_authorities
            if not path and not each.unread:
                found.append(f"{each.path}: neither ssl_ca nor ssl_ca_path")
            elif path and path not in {it.path for it in self.authorities}:
                found.append(f"{each.path}: {path} does not exist")
            if each.unverified and path:
                found.append(f"{each.path}: {each.unverified}")
        return tuple(found)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """
        What the way to the database does not say, or still says as the guide's example does.
        """
        found = [
            f"{each.path}: no {name}"
            for each in self.files
            if not each.unread
            for name in ("host", "dbname", "user", "password")
            if not (each.databases if name == "host" else each.connection.get(name))
        ]
        found += [
            f"{each.option_file} does not exist"
            for each in self.files
            if each.client and each.client.stat is None
        ]
        return (
            *found,
            *(f"{each.path}: a password of an example" for each in self.files if each.sample),
        )

    @property
    def connections(self) -> str:
        """
        The ways to the database, in words.
        """
        return ", ".join(f"{each.path}: {each.get('connect')}" for each in self.files)


def central_driver(roles: Iterable[str]) -> str:
    """
    The driver of the backend that a profile with these *roles* declares; empty for none.
    """
    return next((each for each in CENTRAL if each in set(roles)), "")


def backend_files(dovecot: DovecotConfig, driver: str) -> tuple[str, ...]:
    """
    The files that the password and user databases of *driver* name.
    """
    return tuple(
        dict.fromkeys(
            (*settings_files(dovecot, "passdb", driver), *settings_files(dovecot, "userdb", driver))
        )
    )


def settings_files(dovecot: DovecotConfig, kind: str, driver: str) -> tuple[str, ...]:
    """
    The files that the databases of one *kind*, ``passdb`` or ``userdb``, name.
    """
    named = (each.get("args").split() for each in databases(dovecot, kind) if each.driver == driver)
    return tuple(dict.fromkeys(word for words in named for word in words if word.startswith("/")))


def strangers(
    dovecot: DovecotConfig, driver: str, accepted: Iterable[str]
) -> tuple[tuple[str, Database], ...]:
    """
    Databases of other backends than *driver*, and than those that are *accepted*.

    A password database for master users or for people who are refused lets nobody in.
    """
    known = {driver, *accepted}
    found = [
        ("passdb", each)
        for each in databases(dovecot, "passdb")
        if each.driver not in known and not each.denies and each.get("master").lower() not in ON
    ]
    found += [
        ("userdb", each)
        for each in databases(dovecot, "userdb")
        if each.driver not in known | _HELPERS
    ]
    return tuple(found)


def selected(query: str) -> tuple[str, ...] | None:
    """
    Names of the columns that a plain SELECT gives, in small letters; None if it is not plain.
    """
    matched = _SELECT.match(query)
    if not matched or "(" in matched[1] or "*" in matched[1]:
        return None
    columns = (each.split() for each in matched[1].split(","))
    return tuple(words[-1].rpartition(".")[2].strip("`\"'").lower() for words in columns if words)


def parse_settings(text: str) -> tuple[tuple[str, str], ...]:
    """
    The settings of a file such as ``dovecot-sql.conf.ext``; a line may go on after a backslash.
    """
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (line for line in joined.splitlines() if not line.lstrip().startswith("#"))
    rows = map(_SETTING.match, lines)
    return tuple((row[1], _unquoted(row[2])) for row in rows if row)


def parse_backend(driver: str, output: CommandOutput, paths: tuple[str, ...]) -> BackendFacts:
    """
    What the script in ``probes.backend`` printed about the files *paths*.
    """
    parts = sections(output.stdout)
    files = tuple(_file(path, parts, number) for number, path in enumerate(paths))
    return BackendFacts(driver, files, (), (output.evidence(),))


def parse_option_files(
    backend: BackendFacts, output: CommandOutput, stats: Iterable[FileStat]
) -> BackendFacts:
    """
    The same settings, with what another script printed about the files of the client library.
    """
    parts = sections(output.stdout)
    found = {each.path: each for each in stats}
    texts = [parts.get(f"file {number}", "") for number in range(len(backend.files))]
    files = tuple(
        replace(each, client=_option_file(each, text, found.get(each.option_file)))
        if each.option_file
        else each
        for each, text in zip(backend.files, texts, strict=True)
    )
    return replace(backend, files=files, commands=(*backend.commands, output.evidence()))


def _option_file(file: BackendFile, text: str, stat: FileStat | None) -> OptionFile:
    options = parse_options(text, file.option_group)
    return OptionFile(file.option_file, stat, options, includes(text))


def _file(path: str, parts: dict[str, str], number: int) -> BackendFile:
    text = parts.get(f"file {number}", "")
    return BackendFile(path, None, parse_settings(text), bool(parts.get(f"sample {number}")))


def _unquoted(value: str) -> str:
    plain = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if plain else value
