"""
Files on the host that hold passwords of the servers or of users, and who may read them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import UNKNOWN_ACL, FileStat
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.settings_files import tables
from mailvet.facts.tables import COMPILED

SERVERS = ("root", "dovecot", "postfix")
"""Accounts and groups that may read passwords besides the mail account."""

_DATABASES = frozenset({"ldap", "mysql", "pgsql", "sqlite", "memcache"})
"""Types of tables whose path is that of a file with the way to a database, password included."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """
    A file with a password in it.

    Attributes:
        holds: What kind of secret, in words: the names of the settings.
        stat: Who may do what with it.
    """

    holds: str
    stat: FileStat

    def exposure(self, trusted: frozenset[str]) -> str:
        """
        Who but the *trusted* may read it; empty if nobody.
        """
        file = self.stat
        reachable = all(each.mode & 0o001 for each in file.parents)
        readers = [
            each
            for each in file.acl
            if each == UNKNOWN_ACL
            or ("r" in each.rpartition(":")[2] and each.split(":")[-2] not in trusted)
        ]
        if file.mode & 0o004 and reachable:
            readers.append("everybody")
        if file.mode & 0o040 and file.group not in trusted:
            readers.append(f"group {file.group}")
        if file.mode & 0o400 and file.owner not in trusted:
            readers.append(f"account {file.owner}")
        return f"{file} ({self.holds}): {', '.join(readers)}" if readers else ""


@dataclass(frozen=True, slots=True)
class SecretFileFacts:
    """
    The files with passwords.

    Attributes:
        files: Those that were found.
        looked: How many files were looked through.
        commands: What was run.
    """

    files: tuple[SecretFile, ...]
    looked: int
    commands: tuple[CommandOutput, ...]

    def exposed(self, *trusted: str) -> tuple[str, ...]:
        """
        Those that others than the *trusted* and the servers may read.
        """
        names = frozenset((*SERVERS, *trusted))
        return tuple(each for file in self.files if (each := file.exposure(names)))


def dovecot_password_files(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Files that hold nothing but passwords of users, or of masters.
    """
    return _account_files(dovecot.root.of("passdb"))


def dovecot_user_files(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Files of the same form that tell where users' mail is, and may leave their passwords empty.
    """
    return _account_files(dovecot.root.of("userdb"))


def _account_files(databases: Iterable[Section]) -> tuple[str, ...]:
    return tuple(
        word
        for section in databases
        if section.get("driver") == "passwd-file"
        for word in (section.get("args") or section.get("passwd_file_path") or "").split()
        if word.startswith("/") and "%" not in word
    )


def dovecot_candidates(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Files that may have a password in them.
    """
    databases = (
        word
        for section in (*dovecot.root.of("passdb"), *dovecot.root.of("userdb"))
        for word in (section.get("args") or "").split()
        if word.startswith("/") and "%" not in word
    )
    return (dovecot.config_file, *dovecot.config_files, *databases)


def postfix_password_files(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Tables with the passwords that Postfix logs in with elsewhere, compiled ones included.
    """
    value = " ".join(postfix.setting(f"{each}_sasl_password_maps") for each in ("smtp", "lmtp"))
    return tuple(
        path + suffix
        for kind, path in tables(postfix)
        if f"{kind}:{path}" in value
        for suffix in ("", *COMPILED.get(kind, ()))
    )


def postfix_candidates(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Files that may have a password in them.
    """
    databases = (path for kind, path in tables(postfix) if kind in _DATABASES)
    main = (f"{postfix.config_directory}/{name}" for name in ("main.cf", "master.cf"))
    return (*main, *databases)


def parse_found(output: CommandOutput) -> dict[str, str]:
    """
    Paths with the names of the secret settings in them, from what the script printed.
    """
    found: dict[str, list[str]] = {}
    for row in sections(output.stdout).get("found", "").splitlines():
        path, tab, name = row.partition("\t")
        if tab and name not in found.setdefault(path, []):
            found[path].append(name)
    return {path: ", ".join(names) for path, names in found.items()}
