"""
Who may read and change files on the host.
"""

import stat
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}

UNKNOWN_ACL = "an access control list that getfacl, not installed there, would show"


@dataclass(frozen=True, slots=True)
class DirectoryStat:
    """
    A directory on the way to a file.

    Attributes:
        path: Absolute path; symbolic links are followed.
        mode: Permission bits, setuid, setgid and sticky included.
        owner: Name of the owner; its number if it has no name.
        group: Name of the group; its number if it has no name.
        acl: Entries of an access control list beyond the permission bits.
    """

    path: str
    mode: int
    owner: str
    group: str
    acl: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileStat:
    """
    A file, symbolic links followed.

    Attributes:
        path: As it was asked for.
        real_path: Where it is, all symbolic links resolved.
        kind: ``file``, ``directory``, ``socket``, ``fifo`` or ``device``.
        mode: Permission bits, setuid, setgid and sticky included.
        owner: Name of the owner; its number if it has no name.
        group: Name of the group; its number if it has no name.
        parents: Every directory above it, as written and as resolved, the root last.
        acl: Entries of an access control list beyond the permission bits.
    """

    path: str
    real_path: str
    kind: str
    mode: int
    owner: str
    group: str
    parents: tuple[DirectoryStat, ...] = ()
    acl: tuple[str, ...] = ()

    @property
    def permissions(self) -> int:
        """
        The nine permission bits; a setgid bit that a distribution leaves behind is not among them.
        """
        return self.mode & 0o777

    @property
    def only_root_writes(self) -> bool:
        """
        Whether it belongs to root, and neither its mode nor a list lets others write.
        """
        listed = any("w" in each.rpartition(":")[2] or each == UNKNOWN_ACL for each in self.acl)
        owned = (self.owner, self.group) == ("root", "root")
        return owned and not self.mode & 0o022 and not listed

    def __str__(self) -> str:
        extra = f" + {', '.join(self.acl)}" if self.acl else ""
        return f"{self.path} {self.owner}:{self.group} {self.mode:o}{extra}"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """
    The files on which the mail servers' safety rests.

    Attributes:
        files: Those that exist.
        missing: Those that were looked for and do not exist.
        commands: What was run.
    """

    files: tuple[FileStat, ...]
    missing: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def stat(self, path: str) -> FileStat | None:
        """
        The file at *path*; None if it does not exist.

        Raises:
            KeyError: Nobody looked for it, so nothing is known about it.
        """
        for each in self.files:
            if path in {each.path, each.real_path}:
                return each
        if path not in self.missing:
            raise KeyError(path)
        return None


def parse_stats(output: str, paths: Iterable[str]) -> tuple[FileStat, ...]:
    """
    The existing ones of *paths* from what the script in ``probes.files`` printed.
    """
    parts = sections(output)
    links = (line.partition("\t") for line in parts.get("real", "").splitlines())
    real = {path: place for path, tab, place in links if tab}
    rows: dict[str, tuple[str, ...]] = {
        row[0]: row
        for row in (tuple(line.split("\t", 3)) for line in parts.get("stat", "").splitlines())
        if len(row) == 4
    }
    acls = _parse_acls(parts.get("acl", ""))
    found = []
    for path in dict.fromkeys(paths):
        if path not in real or real[path] not in rows:
            continue
        _, mode, owner, group = rows[real[path]]
        bits = int(mode, 16)
        found.append(
            FileStat(
                path,
                real[path],
                _KINDS.get(stat.S_IFMT(bits), "other"),
                stat.S_IMODE(bits),
                owner,
                group,
                _directories(path, real[path], rows, acls),
                acls.get(real[path], ()),
            )
        )
    return tuple(found)


def _directories(
    path: str, real: str, rows: dict[str, tuple[str, ...]], acls: dict[str, tuple[str, ...]]
) -> tuple[DirectoryStat, ...]:
    names = dict.fromkeys((*ancestors(real), *ancestors(path)))
    found = []
    for name in sorted(names, key=len, reverse=True):
        if name in rows:
            _, mode, owner, group = rows[name]
            bits = stat.S_IMODE(int(mode, 16))
            found.append(DirectoryStat(name, bits, owner, group, acls.get(name, ())))
    return tuple(found)


def ancestors(path: str) -> tuple[str, ...]:
    """
    Every directory above an absolute *path*, nearest first.
    """
    found = []
    path = path.rstrip("/")
    while path not in {"/", ""}:
        path = path.rpartition("/")[0] or "/"
        found.append(path)
    return tuple(found)


def _parse_acls(output: str) -> dict[str, tuple[str, ...]]:
    """
    Named entries by path: from getfacl, or from the ``+`` that ls shows where getfacl is missing.
    """
    found: dict[str, tuple[str, ...]] = {}
    path = ""
    for line in output.splitlines():
        if line.startswith("# file: "):
            path = line.removeprefix("# file: ")
        elif line.startswith("+\t"):
            found[line[2:]] = (UNKNOWN_ACL,)
        elif path and not line.startswith("#") and _names_somebody(line):
            found[path] = (*found.get(path, ()), line.strip())
    return found


def _names_somebody(entry: str) -> bool:
    words = entry.strip().removeprefix("default:").split(":")
    return len(words) == 3 and words[0] in {"user", "group"} and words[1] != ""
