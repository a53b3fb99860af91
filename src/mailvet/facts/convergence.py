"""
How long changes on one server take to reach the server that it replicates with.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from mailvet.facts.host import CommandOutput
from mailvet.model import Convergence, Journey
from mailvet.transcript import Line

_AGE = re.compile(r"^(\d+):(\d\d):(\d\d)$")


class Operation(StrEnum):
    """
    What is changed on one server and looked for on the other.
    """

    CREATE = "mailbox created"
    APPEND = "message stored"
    FLAGS = "flags set"
    EXPUNGE = "message expunged"
    SUBSCRIBE = "mailbox subscribed"
    RENAME = "mailbox renamed"
    DELETE = "mailbox deleted"
    SCRIPT = "Sieve script stored"
    DELIVERY = "message delivered"
    BOTH = "changes on both at once"


MAILBOX = (Operation.CREATE, Operation.SUBSCRIBE, Operation.RENAME, Operation.DELETE)
"""Changes of mailboxes themselves."""


@dataclass(frozen=True, slots=True)
class Trial:
    """
    One change.

    Attributes:
        operation: What was changed.
        number: Which try it was, from 1.
        seconds: From the near server's confirmation until the far server showed it; None if that
            did not happen within the limit.
        detail: What else was seen; why it was not seen, if it was not.
        fault: What was wrong with what arrived; empty if nothing was.
    """

    operation: Operation
    number: int
    seconds: float | None
    detail: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class UserStatus:
    """
    What the replicator says about one user.

    Attributes:
        user: Login name.
        success: Seconds since the last sync that went well; None if there was none.
        failed: Whether the last one failed.
    """

    user: str
    success: int | None
    failed: bool


@dataclass(frozen=True, slots=True)
class ReplicatorStatus:
    """
    What ``doveadm replicator status`` says: evidence, never proof.

    Attributes:
        exit_status: Its exit status.
        counters: Numbers by name, in small letters: ``waiting 'failed' requests``.
        user: The user whose mail was changed; None if the replicator does not know it.
        commands: What was run.
    """

    exit_status: int
    counters: tuple[tuple[str, int], ...]
    user: UserStatus | None
    commands: tuple[CommandOutput, ...]

    @property
    def pending(self) -> tuple[str, ...]:
        """
        Counters of requests that failed or wait, if they are not 0.
        """
        return tuple(
            f"{name}: {number}"
            for name, number in self.counters
            if number and ("failed" in name or re.search(r"'(sync|high|low)'", name))
        )


@dataclass(frozen=True, slots=True)
class ConvergenceFacts:
    """
    Changes that were made on the audited server, as its partner shows them.

    Attributes:
        near: The audited server.
        far: Its partner.
        account: The account in whose mail they were made.
        limit: Seconds within which they must arrive.
        trials: All of them.
        unused: Operations that could not be tried, each with the reason.
        left: What could not be removed.
        status: The replicator's own words on the near server; None if nobody could ask.
        transcript: All that was said to both servers.
    """

    near: str
    far: str
    account: str
    limit: float
    trials: tuple[Trial, ...]
    unused: tuple[tuple[Operation, str], ...]
    left: tuple[str, ...]
    status: ReplicatorStatus | None
    transcript: tuple[Line, ...]

    def of(self, *operations: Operation) -> tuple[Trial, ...]:
        """
        The trials of some *operations*.
        """
        return tuple(each for each in self.trials if each.operation in operations)

    def missed(self, *operations: Operation) -> tuple[Trial, ...]:
        """
        Those of them that did not arrive in time, or not as they should.
        """
        return tuple(
            each
            for each in self.of(*operations)
            if each.seconds is None or each.seconds > self.limit or each.fault
        )

    def why_unused(self, *operations: Operation) -> str:
        """
        Why some of the *operations* were never tried; empty if all were.
        """
        return "; ".join(f"{name}: {why}" for name, why in self.unused if name in operations)

    def report(self) -> Convergence:
        """
        The times, as reports draw them.
        """
        return Convergence(
            self.near,
            self.far,
            self.limit,
            tuple(
                Journey(
                    name,
                    tuple(each.seconds for each in times),
                    tuple(dict.fromkeys(_why(each) for each in self.missed(name))),
                )
                for name in Operation
                if (times := self.of(name))
            ),
        )

    def words(self, *operations: Operation) -> str:
        """
        How long each of the *operations* took.
        """
        return "; ".join(
            f"{name}: {summary(times)}" for name in operations if (times := self.of(name))
        )


def _why(trial: Trial) -> str:
    return trial.fault or (trial.detail if trial.seconds is None else "too late")


def summary(trials: Iterable[Trial]) -> str:
    """
    Median and worst of the times, and what did not arrive.
    """
    known = list(trials)
    times = [each.seconds for each in known if each.seconds is not None]
    lost = [each for each in known if each.seconds is None]
    words = []
    if times:
        words = [f"median {median(times):.2f} s, worst {max(times):.2f} s of {len(times)}"]
    words += [f"not arrived{f' ({each.detail})' if each.detail else ''}" for each in lost]
    words += [each.fault for each in known if each.fault]
    return ", ".join(words)


def parse_status(user: str, overall: CommandOutput, single: CommandOutput) -> ReplicatorStatus:
    """
    The output of ``doveadm replicator status``, and of the same about *user*.
    """
    rows = (re.match(r"^(.*?)\s+(\d+)\s*$", line) for line in overall.stdout.splitlines())
    counters = tuple((row[1].strip().lower(), int(row[2])) for row in rows if row)
    return ReplicatorStatus(overall.status, counters, _user(user, single.stdout), (overall, single))


def _user(user: str, text: str) -> UserStatus | None:
    for line in text.splitlines():
        words = line.split()
        # username, priority, fast sync, full sync, success sync, failed
        if len(words) >= 6 and words[0] == user:
            age = _AGE.match(words[4])
            hours, minutes, seconds = map(int, age.groups()) if age else (0, 0, 0)
            success = 3600 * hours + 60 * minutes + seconds if age else None
            return UserStatus(user, success, words[5] != "-")
    return None
