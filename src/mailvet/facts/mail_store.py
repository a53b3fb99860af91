"""
The files of the mail store: whose they are, who else can reach them, and their SELinux types.
"""

import re
from dataclasses import dataclass, field

from mailvet.facts.host import CommandOutput, sections

MAIL_TYPE = "mail_spool_t"

STANDARD_ROOTS = frozenset({"/var/mail", "/var/spool/mail"})
"""Folders that the SELinux policy knows to hold mail."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    What an unprivileged account was able to do.

    Attributes:
        user: Name of the account.
        works: Whether it could be taken on: it reads a file that everybody may read.
        reached: What it could list or read, though it is mail.
        denied: What it tried in vain.
        enters: Folders that it may pass through, though perhaps not list.
        owner_reads: Whether the mail account, taken on in the same way, reads those files.
    """

    user: str
    works: bool
    reached: tuple[str, ...]
    denied: tuple[str, ...]
    enters: tuple[str, ...]
    owner_reads: bool


@dataclass(frozen=True, slots=True)
class MailStoreFacts:
    """
    The mail store on disk.

    Attributes:
        roots: Folders that were looked at: the mail root, and those of indexes kept apart.
        missing: Those that do not exist.
        seen: Number of files and folders that were looked at.
        complete: Whether those were all.
        gap: Why not, in words.
        foreign: Some that do not belong to the mail account and its group, with owners.
        attempts: What others were able to reach.
        selinux: Mode of SELinux; empty if there is none.
        types: Paths and their SELinux types, the mail root first.
        policy: Paths and the types that a relabel would give them.
        commands: What was run.
    """

    roots: tuple[str, ...]
    missing: tuple[str, ...]
    seen: int
    complete: bool
    gap: str
    foreign: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    selinux: str
    types: tuple[tuple[str, str], ...]
    policy: tuple[tuple[str, str], ...]
    commands: tuple[CommandOutput, ...] = field(default=())

    @property
    def reached(self) -> tuple[str, ...]:
        """
        What others could reach, with their names.
        """
        return tuple(f"{each.user}: {path}" for each in self.attempts for path in each.reached)

    @property
    def doubt(self) -> str:
        """
        Why attempts that were denied do not prove that nobody reads mail; empty if they do.
        """
        real = [each for each in self.attempts if each.works and each.denied]
        if not real:
            return "no unprivileged account could be taken on (setpriv of util-linux is needed)"
        if self.missing:
            return f"there is no {', '.join(self.missing)}"
        entered = dict.fromkeys(path for each in real for path in each.enters)
        if entered and not self.complete:
            return f"others pass through {', '.join(entered)}, and below it {self.gap}"
        return ""

    @property
    def mistyped(self) -> tuple[str, ...]:
        """
        Paths whose SELinux type is not that of mail.
        """
        return tuple(f"{path}: {kind}" for path, kind in self.types if kind != MAIL_TYPE)

    @property
    def relabelled(self) -> tuple[str, ...]:
        """
        Paths that a relabel would give another type than that of mail.
        """
        return tuple(f"{path}: {kind}" for path, kind in self.policy if kind != MAIL_TYPE)


def parse_mail_store(output: CommandOutput, roots: tuple[str, ...]) -> MailStoreFacts:
    """
    What the script in ``probes.mail_store`` printed.
    """
    parts = sections(output.stdout)
    count = re.match(r"(\d+) (\d+)", parts.get("count", ""))
    seen, others = (int(count[1]), int(count[2])) if count else (0, 0)
    ended = parts.get("end", "").strip() == "0"
    gap = "" if ended else "there are more of them, or looking took too long"
    if others:
        gap = f"{others} of them are mount points that were not entered"
    return MailStoreFacts(
        roots=roots,
        missing=tuple(parts.get("missing", "").splitlines()),
        seen=seen,
        complete=ended and not others and seen > 0,
        gap=gap,
        foreign=tuple(parts.get("foreign", "").splitlines()),
        attempts=tuple(
            _attempt(title.removeprefix("as "), text)
            for title, text in parts.items()
            if title.startswith("as ")
        ),
        selinux=parts.get("selinux", "").strip(),
        types=_types(parts.get("types", "")),
        policy=_types(parts.get("policy", "")),
        commands=(output.evidence(),),
    )


def _attempt(user: str, text: str) -> Attempt:
    rows = [line.split("\t", 1) for line in text.splitlines() if "\t" in line]
    return Attempt(
        user=user,
        works=["works", "yes"] in rows,
        reached=tuple(what for how, what in rows if how == "reached"),
        denied=tuple(what for how, what in rows if how == "denied"),
        enters=tuple(what for how, what in rows if how == "enters"),
        owner_reads=["owner", "reads"] in rows,
    )


def _types(text: str) -> tuple[tuple[str, str], ...]:
    """
    Lines of a context and a path: ``system_u:object_r:mail_spool_t:s0 /var/mail``.
    """
    rows = (line.split(None, 1) for line in text.splitlines())
    return tuple(
        (row[1], row[0].split(":")[2] if row[0].count(":") >= 2 else row[0])
        for row in rows
        if len(row) == 2
    )
