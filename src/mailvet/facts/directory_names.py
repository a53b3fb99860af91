"""
Names that nobody may log in with, as Dovecot's password database sees them.
"""

from dataclasses import dataclass

from mailvet.facts.backend_users import FOUND, NO_USER
from mailvet.facts.host import CommandOutput, sections


@dataclass(frozen=True, slots=True)
class DirectoryNames:
    """
    What Dovecot says about names that should lead to nobody, and to one person each.

    Attributes:
        patterns: Names with characters that mean something in a filter, with the exit status of
            ``doveadm auth lookup`` for each.
        local: Accounts of the host that have a password there, or are root, likewise.
        doubles: Exit statuses for names that ``doveadm user '*'`` lists more than once.
        commands: What was run.
    """

    patterns: tuple[tuple[str, int], ...]
    local: tuple[tuple[str, int], ...]
    doubles: tuple[int, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def matched(self) -> tuple[str, ...]:
        """
        Patterns that lead to somebody.
        """
        return tuple(name for name, status in self.patterns if status == FOUND)

    @property
    def unclear(self) -> tuple[str, ...]:
        """
        Patterns about which Dovecot says neither that there is such a user nor that there is none.
        """
        return tuple(name for name, status in self.patterns if status not in {FOUND, NO_USER})

    @property
    def known(self) -> tuple[str, ...]:
        """
        Accounts of the host that the password database has, too, or cannot deny.
        """
        return tuple(name for name, status in self.local if status != NO_USER)


def parse_directory_names(output: CommandOutput, patterns: tuple[str, ...]) -> DirectoryNames:
    """
    What the script in ``probes.directory_names`` printed; *patterns* are the names that it tried.
    """
    parts = sections(output.stdout)
    local = (line.split() for line in parts.get("local", "").splitlines())
    return DirectoryNames(
        patterns=tuple(
            (name, _status(parts.get(f"name {number}", ""))) for number, name in enumerate(patterns)
        ),
        local=tuple((words[0], _status(words[1])) for words in local if len(words) == 2),
        doubles=tuple(map(_status, parts.get("doubles", "").split())),
        commands=(output.evidence(),),
    )


def _status(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isdecimal() else -1
