"""
The files that Dovecot's configuration consists of, and which setting stands in which of them.

doveconf shows what they come to; only the files show that one of them overrides another, or that
one is never read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

_LEFTOVER = re.compile(
    r"(?:\.(?:rpm|dpkg-|ucf-)\w+|\.(?:bak|old|orig|save|disabled)|~)(?:\.conf)?$"
)

_WELL_KNOWN = re.compile(
    r"\d\d-(?:auth|director|logging|mail|master|metrics|ssl|tcpwrapper|lda|mailboxes|imap|lmtp"
    r"|managesieve|pop3|submission|acl|plugin|quota|sieve|sieve-extprograms|replication|stats)\.conf"
    r"|auth-[a-z]+\.conf\.ext|dovecot\.conf|local\.conf"
)
"""Names of files that Dovecot's packages bring or the guide has made."""

_MERGED = frozenset({"plugin", "dict"})
"""Sections without a name that are one and the same wherever they stand."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    A setting in a file.

    Attributes:
        file: The file.
        name: The setting, behind the sections it stands in: ``protocol lmtp/mail_plugins``.
        value: Its value.
    """

    file: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} = {self.value} in {self.file}"

    @property
    def extends(self) -> bool:
        """
        Whether it takes up the value that was there before: ``protocols = $protocols sieve``.
        """
        return f"${self.name.rpartition('/')[2]}" in self.value


@dataclass(frozen=True, slots=True)
class ConfigTree:
    """
    The files of Dovecot's configuration.

    Attributes:
        main: The file that is read first.
        default: Whether there is a file at the place where it belongs, /etc/dovecot/dovecot.conf.
        read: All files that are read, in their order, the first one included.
        includes: Lines that have other files read, as ``FILE: PATTERN``.
        assignments: What these files set, in the order in which it takes effect.
        unread: What files of the folder conf.d set that are never read.
        folders: Folders from which all files of a kind are read.
        unexplained: Files that no package brought.
        cut: Whether there were more files than are looked at.
        documentation: Folders with the documentation of Dovecot's package.
        without_documentation: What keeps documentation from being installed; empty if nothing.
        commands: What was run.
    """

    main: str
    default: bool
    read: tuple[str, ...]
    includes: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    unread: tuple[Assignment, ...]
    folders: tuple[str, ...]
    unexplained: tuple[str, ...]
    cut: bool
    documentation: tuple[str, ...]
    without_documentation: str
    commands: tuple[CommandOutput, ...]

    @property
    def leftovers(self) -> tuple[str, ...]:
        """
        Files that are read though their name says that something put them aside.
        """
        return tuple(each for each in self.read if _LEFTOVER.search(each))

    def strangers(self, declared: tuple[str, ...]) -> tuple[str, ...]:
        """
        Files that are read and that neither a package, nor the guide, nor the profile knows.
        """
        return tuple(
            each
            for each in self.read
            if each in self.unexplained
            and each not in self.leftovers
            and not _WELL_KNOWN.fullmatch(each.rpartition("/")[2])
            and not _declared(each, declared)
        )

    def conflicts(self, declared: tuple[str, ...]) -> tuple[str, ...]:
        """
        Settings to which two files give different values; a *declared* file may do that.
        """
        found: list[str] = []
        latest: dict[str, Assignment] = {}
        for each in self.assignments:
            old = latest.get(each.name, each)
            silent = old.file != each.file and not _declared(each.file, declared)
            if silent and not each.extends and old.value != each.value:
                found.append(f"{old}, overridden by {each.value} in {each.file}")
            latest[each.name] = each
        return tuple(found)

    def without_effect(self) -> tuple[Assignment, ...]:
        """
        What files that are never read set otherwise than those that are, or alone.
        """
        force = {each.name: each.value for each in self.assignments}
        return tuple(each for each in self.unread if force.get(each.name) != each.value)

    def mentions(self, name: str) -> bool:
        """
        Whether a file that is read sets this.
        """
        return any(each.name == name for each in self.assignments)


def _declared(path: str, declared: tuple[str, ...]) -> bool:
    return path in declared or path.rpartition("/")[2] in declared


def parse_config_tree(output: CommandOutput) -> ConfigTree:
    """
    What the script in ``probes.config_tree`` printed.
    """
    parts = sections(output.stdout)
    main = parts.get("main", "").strip()
    rows = [row.partition("\t") for row in parts.get("tree", "").splitlines()]
    others = [row.partition("\t") for row in parts.get("others", "").splitlines()]
    read = tuple(dict.fromkeys(rest for word, _, rest in rows if word == "open"))
    folders = (rest.rpartition("/")[0] for word, _, rest in rows if word == "glob")
    return ConfigTree(
        main=main,
        default=parts.get("default", "").strip() == "yes",
        read=read,
        includes=tuple(rest for word, _, rest in rows if word == "include"),
        assignments=tuple(_assignments(rows)),
        unread=tuple(_assignments(others)),
        folders=tuple(dict.fromkeys(each for each in folders if each)),
        unexplained=tuple(_lines(parts.get("unexplained", ""))),
        cut=any(word == "cut" for word, _, _ in (*rows, *others)),
        documentation=tuple(_lines(parts.get("documentation", ""))),
        without_documentation="; ".join(_lines(parts.get("excluded", ""))),
        commands=(output.evidence(),),
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _assignments(rows: list[tuple[str, str, str]]) -> Iterator[Assignment]:
    """
    Every setting with its file; sections end with the file in which they began, at the latest.
    """
    files: list[tuple[str, int]] = []
    steps: list[str] = []
    anonymous = 0
    pending = ""
    for word, _, rest in rows:
        if word == "open":
            files.append((rest, len(steps)))
        elif word == "close" and files:
            del steps[files.pop()[1] :]
        elif word == "line" and files:
            text = pending + rest.strip()
            pending = f"{text[:-1].strip()} " if text.endswith("\\") else ""
            if pending:
                continue
            opening = re.fullmatch(r"([\w!.-]+)\s*([^={]*?)\s*\{\s*(\}?)", text)
            if opening and not opening[3]:
                anonymous += 1
                single = opening[2] or opening[1] in _MERGED
                name = f"{opening[1]} {opening[2]}".strip()
                steps.append(name if single else f"{name}#{anonymous}")
            elif text == "}" and len(steps) > files[-1][1]:
                steps.pop()
            elif "=" in text and not text.startswith(("!", "#")):
                key, _, value = text.partition("=")
                name = "/".join((*steps, key.strip()))
                yield Assignment(files[-1][0], name, value.split(" #")[0].strip().strip('"'))
