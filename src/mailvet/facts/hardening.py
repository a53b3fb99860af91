"""
Where the queue is, who shares it, and which accounts have a shell.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.mail_account import NO_SHELL, Passwd, parse_passwd

_EXPORT = re.compile(r'\s*(?:"([^"]+)"|(/\S*))')
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class QueueFolder:
    """
    The queue directory, or a directory in it.

    Attributes:
        path: Where it is.
        file_system: What ``stat -f`` calls the file system; empty if it could not tell.
        mounted: What the mount table calls it; empty if it could not tell.
        options: Options of the mount.
    """

    path: str
    file_system: str
    mounted: str
    options: tuple[str, ...]

    @property
    def over_nfs(self) -> bool:
        """
        Whether it comes over NFS.
        """
        return self.file_system.startswith("nfs") or self.mounted.startswith("nfs")

    @property
    def kerberos(self) -> bool:
        """
        Whether NFS identifies users by Kerberos, not by numbers that anybody can claim.
        """
        return any(each.startswith("sec=krb5") for each in self.options)

    def __str__(self) -> str:
        how = " with Kerberos" if self.over_nfs and self.kerberos else ""
        return f"{self.path}: {self.mounted or self.file_system or 'unknown'}{how}"


@dataclass(frozen=True, slots=True)
class HardeningFacts:
    """
    What the guide's chapter on hardening is about, on the host.

    Attributes:
        queue: The queue directory, all symbolic links resolved; empty if it does not exist.
        folders: It, and the directories in it.
        free: Octets that are free there for others than root; None if that could not be told.
        exports: What is exported over NFS, and where that stands.
        accounts: Accounts of people, of the test users, and the account that owns all mail.
        listed: Whether the accounts could be listed.
        commands: What was run.
    """

    queue: str
    folders: tuple[QueueFolder, ...]
    free: int | None
    exports: tuple[tuple[str, str], ...]
    accounts: tuple[Passwd, ...]
    listed: bool
    commands: tuple[CommandOutput, ...]

    @property
    def on_nfs(self) -> tuple[QueueFolder, ...]:
        """
        Directories of the queue that come over NFS, where users are told by their numbers.
        """
        return tuple(each for each in self.folders if each.over_nfs and not each.kerberos)

    @property
    def unknown(self) -> bool:
        """
        Whether some file system could not be told.
        """
        seen = [each for each in self.folders if each.file_system or each.mounted]
        return not seen or len(seen) < len(self.folders)

    @property
    def exported(self) -> tuple[str, ...]:
        """
        Exports that contain the queue, or a part of it.
        """
        return tuple(
            f"{path} ({source})"
            for path, source in self.exports
            if _within(self.queue, path) or _within(path, self.queue)
        )

    def with_shell(self, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """
        Accounts that have a shell and are not *allowed* to; an empty field means /bin/sh.
        """
        return tuple(
            f"{each.name} ({each.shell or '/bin/sh'})"
            for each in self.accounts
            if each.name not in allowed and each.shell.rpartition("/")[2] not in NO_SHELL
        )


def parse_hardening(output: CommandOutput) -> HardeningFacts:
    """
    What the script in ``probes.hardening`` printed.
    """
    parts = sections(output.stdout)
    folders = [line.split("\t") for line in parts.get("folders", "").splitlines()]
    passwd = parts.get("passwd", "")
    return HardeningFacts(
        queue=parts.get("queue", "").strip(),
        folders=tuple(
            QueueFolder(each[0], each[1], each[2], tuple(each[3].split(",")))
            for each in folders
            if len(each) == 4
        ),
        free=_product(parts.get("free", "").split()),
        exports=(
            *_exports(parts.get("exports", ""), "/etc/exports"),
            *_exports(parts.get("live", ""), "exportfs"),
        ),
        accounts=parse_passwd(passwd),
        listed=bool(parts.get("listed", "").strip()),
        commands=(output.evidence(),),
    )


def _product(words: list[str]) -> int | None:
    """
    Free blocks times their size; None if these are not what *words* holds.
    """
    if len(words) != 2 or not all(each.isdecimal() for each in words):
        return None
    return int(words[0]) * int(words[1])


def _exports(text: str, source: str) -> tuple[tuple[str, str], ...]:
    """
    The paths that lines of exports(5), or of ``exportfs -v``, begin with.
    """
    joined = re.sub(r"\\\n", " ", text)
    found = []
    for line in joined.splitlines():
        path = _EXPORT.match(line)
        if path and not line.lstrip().startswith("#"):
            name = path[1] or path[2]
            found.append((_OCTAL.sub(lambda each: chr(int(each[1], 8)), name), source))
    return tuple(dict.fromkeys(found))


def _within(path: str, folder: str) -> bool:
    return bool(path) and f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")
