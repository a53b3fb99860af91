"""
What Dovecot says about names in its database or directory.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

FOUND, NO_USER = 0, 67
"""Exit statuses of doveadm: EX_OK and EX_NOUSER of sysexits(3)."""

MOST_USERS = 20_000
"""Lines of a list of users that are looked at."""

_NOTHING_SEEN = frozenset({124, -1})
"""Exit status of timeout(1), and of what was not run."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """
    What Dovecot says about a name.

    Attributes:
        name: The name that was looked up.
        wanted: Whether it is one of a test account.
        user: Exit status of ``doveadm user``, which asks the user database.
        password: Exit status of ``doveadm auth lookup``, which asks the password database.
        local: Whether the host knows it too (``getent passwd``).
        bound: Whether the password database makes a DN of the name and binds as that: without a
            password, it cannot tell whether there is such a user.
    """

    name: str
    wanted: bool
    user: int
    password: int
    local: bool
    bound: bool = False

    @property
    def answers(self) -> tuple[int, ...]:
        """
        Exit statuses of the databases that can be asked for a name.
        """
        return (self.user,) if self.bound else (self.user, self.password)

    @property
    def right(self) -> bool:
        """
        Whether both databases know a test account, and neither knows another name.
        """
        return set(self.answers) == {FOUND if self.wanted else NO_USER}

    @property
    def contradicted(self) -> bool:
        """
        Whether one of the databases says the opposite; one that gives no answer says nothing.
        """
        return (NO_USER if self.wanted else FOUND) in self.answers

    @property
    def broken(self) -> bool:
        """
        Whether a database was asked and could not answer.
        """
        return not set(self.answers) <= {FOUND, NO_USER} | _NOTHING_SEEN

    def __str__(self) -> str:
        databases = zip(("user", "password"), self.answers, strict=False)
        said = (f"{_answer(status)} in the {name} database" for name, status in databases)
        return f"{self.name}: {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class BackendUsers:
    """
    Users of the backend, as Dovecot finds them.

    Attributes:
        lookups: Names that were looked up.
        listed: Number of users that ``doveadm user '*'`` lists; None if it lists none.
        unlisted: Test accounts that are not among them.
        complaint: What doveadm said instead of a list.
        commands: What was run.
    """

    lookups: tuple[Lookup, ...]
    listed: int | None
    unlisted: tuple[str, ...]
    complaint: str
    commands: tuple[CommandOutput, ...]

    @property
    def alive(self) -> bool:
        """
        Whether one of the databases knows a test account, so that it can be asked.
        """
        return any(each.wanted and FOUND in each.answers for each in self.lookups)

    @property
    def wrong(self) -> tuple[Lookup, ...]:
        """
        Names about which Dovecot says the wrong thing.

        One that breaks the look-up is wrong, too, if a test account shows that the backend answers.
        """
        answers = any(each.wanted and each.right for each in self.lookups)
        return tuple(
            each for each in self.lookups if each.contradicted or (each.broken and answers)
        )

    def __str__(self) -> str:
        return f"{self.listed} users" if self.listed else self.complaint or "no user"


def parse_backend_users(
    output: CommandOutput, names: tuple[tuple[str, bool], ...], *, bound: bool = False
) -> BackendUsers:
    """
    What the script in ``probes.backend`` printed about *names*, and whether each is wanted.

    *bound* is whether the password database binds as a DN that it makes of a name.
    """
    parts = sections(output.stdout)
    users = parts.get("users", "").split()
    status, _, complaint = parts.get("listing", "").strip().partition(" ")
    counted = parts.get("count", "").split()
    return BackendUsers(
        lookups=tuple(
            _lookup(name, wanted, parts.get(f"name {number}", ""), bound=bound)
            for number, (name, wanted) in enumerate(names)
        ),
        listed=int(counted[0]) if status == "0" and counted else None,
        unlisted=tuple(name for name, wanted in names if wanted and name not in users),
        complaint=complaint.strip(),
        commands=(output.evidence(),),
    )


def _lookup(name: str, wanted: bool, text: str, *, bound: bool) -> Lookup:
    numbers = [int(word) for word in text.split()] + [-1] * 3
    return Lookup(name, wanted, numbers[0], numbers[1], numbers[2] == 0, bound)


def _answer(status: int) -> str:
    return {FOUND: "found", NO_USER: "unknown"}.get(status, f"no answer (status {status})")
