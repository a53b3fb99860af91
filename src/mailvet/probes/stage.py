"""
Two servers with one account's mail open on each, and a stop-watch: for changes that travel.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.convergence import Operation, Trial
from mailvet.facts.replies import Reply
from mailvet.ledger import Residue
from mailvet.model import Account, Cause, Target
from mailvet.probes.home import account_of
from mailvet.probes.imap_mailbox import Mailbox
from mailvet.probes.messages import Message, compose
from mailvet.transcript import Line

INTERVAL = 0.05
"""Seconds between two looks at the far server."""

BUDGET = 120.0
"""Seconds after which no further change is tried; what was not tried is not judged."""


class MissedError(Exception):
    """
    A change did not arrive, so what builds on it cannot.
    """


class Stage:
    """
    The near server, on which changes are made, and the far one, which is only looked at.

    Args:
        context: The probe's context at the near server.
        partner: The same at the far one.
        account: The account on the near server.
        near: Its mail there.
        far: Its mail on the partner.
        users: The names under which Dovecot knows the account on either server.

    Attributes:
        trials: What was tried.
        unused: What could not be tried, and why.
        limit: Seconds within which a change must arrive.
    """

    def __init__(
        self,
        context: ProbeContext,
        partner: ProbeContext,
        account: Account,
        near: Mailbox,
        far: Mailbox,
        users: tuple[str, str],
    ) -> None:
        self.context = context
        self.partner = partner
        self.account = account
        self.near = near
        self.far = far
        self.users = users
        self.trials: list[Trial] = []
        self.unused: dict[Operation, str] = {}
        self.limit = context.target.expect.replication.limit
        self._until = time.monotonic() + BUDGET
        self._folders: dict[str, None] = {}
        self._messages: dict[str, None] = {}

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        All that was said to both.
        """
        return (*self.near.transcript.freeze(), *self.far.transcript.freeze())

    async def name(self, word: str) -> str:
        """
        The name of a mailbox that is this probe's own.
        """
        prefix = await self.near.prefix()
        return f"{prefix}mailvet-{self.context.nonce}-{self.context.target.key}-{word}"

    def message(self, purpose: str) -> Message:
        """
        A message from the account to itself.
        """
        address = self.account.address
        return compose(self.context, purpose, sender=address, recipient=address)

    def over(self, operations: Iterable[Operation]) -> bool:
        """
        Whether no time is left for *operations*; those never tried are then noted as such.
        """
        if time.monotonic() < self._until:
            return False
        for each in operations:
            if not any(trial.operation is each for trial in self.trials):
                self.unused.setdefault(each, "no time was left for it")
        return True

    def broken(self, operations: Iterable[Operation]) -> bool:
        """
        Whether one of *operations* failed, so that more of them would only take more time.
        """
        wanted = set(operations)
        return any(each.seconds is None for each in self.trials if each.operation in wanted)

    async def time(
        self, operation: Operation, number: int, seen: Callable[[], Awaitable[str | None]]
    ) -> None:
        """
        Waits until *seen* returns what the far server shows, and notes how long that took.

        Raises:
            MissedError: It did not within the limit.
        """
        start = time.monotonic()
        while (detail := await seen()) is None:
            if time.monotonic() - start > self.limit:
                words = f"not there after {self.limit:g} s"
                self.trials.append(Trial(operation, number, None, words))
                raise MissedError(operation.value)
            await asyncio.sleep(INTERVAL)
        taken = round(time.monotonic() - start, 3)
        self.trials.append(Trial(operation, number, taken, detail))

    def fault(self, words: str) -> None:
        """
        Says what was wrong with what arrived last.
        """
        last = self.trials.pop()
        self.trials.append(
            Trial(last.operation, last.number, last.seconds, last.detail, fault=words)
        )

    def lost(self, operations: Iterable[Operation], number: int, why: str) -> None:
        """
        Notes that *operations* had nothing to work on, because what they need did not arrive.
        """
        tried = {each.operation for each in self.trials if each.number == number}
        self.trials += [
            Trial(each, number, None, f"'{why}' did not arrive before it")
            for each in operations
            if each not in tried
        ]

    def interrupted(self, operations: Iterable[Operation], number: int, why: str) -> None:
        """
        Notes that *operations* could not be tried to the end, for a reason that is not the sync's.
        """
        tried = {each.operation for each in self.trials if each.number == number}
        for each in operations:
            if each not in tried:
                self.unused[each] = why

    def announce(self, *, folder: str = "", message: Message | None = None) -> None:
        """
        Writes down on both servers what is about to be made on one of them.
        """
        if folder:
            self._folders[folder] = None
        if message:
            self._messages[message.message_id] = None
        for context in (self.context, self.partner):
            for residue in self._residues(context, folder, message.message_id if message else ""):
                context.ledger.announce(residue)

    async def leave(self) -> None:
        """
        Closes the mailboxes that are open on both servers, before one of them goes.
        """
        await asyncio.gather(self.near.leave(), self.far.leave())

    async def tidy(self) -> tuple[str, ...]:
        """
        Removes everything on the near server, then from the far one what is still there.

        Returns what could not be removed.
        """
        left: list[str] = []
        await self.leave()
        for context, mailbox in ((self.context, self.near), (self.partner, self.far)):
            if mailbox is self.far:
                await self._leave_alone()
            for name in self._messages:
                there = await mailbox.remove(name)
                self._settle(context, bool(there), "", name, left)
            await mailbox.leave()
            for folder in self._folders:
                await mailbox.unsubscribe(folder)
                gone = await mailbox.discard(folder)
                self._settle(context, not gone, folder, "", left)
        return tuple(left)

    async def _leave_alone(self) -> None:
        """
        Gives removals the time that changes took to travel.
        """
        if any(each.seconds is None for each in self.trials):
            return
        until = time.monotonic() + self.limit
        while time.monotonic() < until:
            names = {each.name for each in await self.far.folders()}
            found = [await self.far.find("INBOX", each) for each in self._messages]
            if not names & set(self._folders) and not any(found):
                return
            await asyncio.sleep(4 * INTERVAL)

    def _settle(
        self, context: ProbeContext, there: bool, folder: str, message: str, left: list[str]
    ) -> None:
        if there:
            left.append(f"{folder or message} on {context.target.key}")
            return
        for residue in self._residues(context, folder, message):
            context.ledger.settle(residue)

    def _residues(self, context: ProbeContext, folder: str, message: str) -> list[Residue]:
        key, name = context.target.key, account_of(context, self.account).name
        found = [Residue("folder", key, name, folder)] if folder else []
        return found + ([Residue("message", key, name, message)] if message else [])


def worked(reply: Reply, what: str) -> None:
    """
    Raises:
        ProbeError: BLOCKED if the near server itself refused the change.
    """
    if not reply.positive:
        raise ProbeError(Cause.BLOCKED, f"the near server refuses {what}: {reply}")


Chooser = Callable[[Target, str], Account | None]
"""Chooses an account of a target for changes that travel to another server."""


def resting_account(target: Target, other: str) -> Account | None:
    """
    An account for changes during an outage, apart from those of ``travelling_account``.

    A sync of Dovecot that hangs holds up one user, and what was tried before must not decide about
    this. With fewer than five accounts there is none apart.
    """
    usable = _usable(target)
    if target.expect.replication.account or len(usable) < 5:
        return travelling_account(target, other)
    return _last(usable[:-2], target, other)


def travelling_account(target: Target, other: str) -> Account | None:
    """
    The account in whose mail changes of *target* are made: the declared one, or one near the end.

    Those at the beginning are busy with other probes. Of two servers the one whose key comes first
    takes the last account, and the *other* the one before it: each direction has its own.
    """
    usable = _usable(target)
    named = target.expect.replication.account
    if named:
        return next((each for each in usable if each.name == named), None)
    return _last(usable, target, other)


def _usable(target: Target) -> list[Account]:
    return [each for each in target.accounts.values() if not each.fresh]


def _last(usable: list[Account], target: Target, other: str) -> Account | None:
    chosen = usable[-1:] if target.key < other else usable[-2:][:1]
    return chosen[0] if chosen else None
