"""
What a probe gets to work with.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from mailvet.acts import Plan
from mailvet.errors import ProbeError
from mailvet.ledger import Ledger
from mailvet.model import Account, Cause, Endpoint, Target
from mailvet.permit import Permit
from mailvet.places import Places
from mailvet.secret import Secret, SecretUnavailableError

CONNECT_TIMEOUT = 8.0
"""Seconds after which a connection that was not accepted counts as silently dropped."""

REPLY_TIMEOUT = 20.0
"""Seconds for a reply; postscreen and name look-ups make honest servers slow to greet."""

LOGIN_TIMEOUT = 45.0
"""Seconds for the answer to a login; Dovecot delays it up to 15 s after failures."""

DEADLINE = 90.0
"""Seconds after which a probe is given up, whatever it waits for."""

CONNECTIONS_PER_HOST = 8
"""Connections open at once to one target; Postfix counts them, its default limit is 50."""

OFFERS_PER_HOST = 6
"""Of these, connections for nothing but a ClientHello."""

COMMANDS_PER_HOST = 6
"""Commands that run at once on one host; sshd's MaxSessions allows 10 on a shared connection."""


@dataclass(slots=True)
class Lane:
    """
    What all probes of one target share: its limits.

    Attributes:
        connections: Bounds the connections that are open at once.
        offers: Bounds those of them that are there for one ClientHello: hundreds of these wait, and
            everything else would wait behind them.
        accounts: One lock for each account, for probes that change its mailbox; servers that
            replicate with each other have them in common.
        failing: Makes failing logins wait for each other: servers punish the address for them.
        parting: Makes the probes wait for each other that cut servers off from each other, which
            have this lock in common.
        silent: Ports on which a direct connection was neither accepted nor refused, and how that
            was said; they are not tried again, or a filtered host would take minutes.
        commands: Bounds the commands that run at once on the host.
    """

    connections: Places = field(default_factory=lambda: Places(CONNECTIONS_PER_HOST))
    offers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OFFERS_PER_HOST))
    accounts: dict[str, asyncio.Lock] = field(default_factory=dict)
    failing: asyncio.Lock = field(default_factory=asyncio.Lock)
    parting: asyncio.Lock = field(default_factory=asyncio.Lock)
    silent: dict[int, str] = field(default_factory=dict)
    commands: Places = field(default_factory=lambda: Places(COMMANDS_PER_HOST))

    @contextlib.asynccontextmanager
    async def idle(self) -> AsyncIterator[None]:
        """
        Lets others have the place of a connection on which nothing is said for seconds.
        """
        self.connections.release()
        try:
            yield
        finally:
            # The place is given back by whoever has the connection, whatever happens here.
            await asyncio.shield(self.connections.acquire())


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """
    One probe's view of the run.

    Attributes:
        target: The audited host.
        endpoint: The service to probe; None for probes of the whole target.
        nonce: Marks everything that this run creates.
        lane: Limits of the target.
        ledger: Clean-up ledger.
        permit: What the probe may do; everything that leaves asks it first.
        recall: Gives another fact of the same target, gathering it if need be.
        visit: Gives the same probe's view of a neighbour of the target, ``partner`` or
            ``mailboxes``; None if there is none, or it may do nothing there.
        unhurried: Stops the probe's clock meanwhile: for waiting on other probes.
        urgency: How many kinds of facts wait for this one; it goes first where places are few.
        connect_timeout: Seconds for a connection to be accepted.
        reply_timeout: Seconds for one line of a reply to be complete.
        login_timeout: Seconds for the answer to a login.
    """

    target: Target
    endpoint: Endpoint | None
    nonce: str
    lane: Lane
    ledger: Ledger
    permit: Permit
    recall: Callable[[str, Endpoint | None], Awaitable[Any]]
    visit: "Callable[[str], ProbeContext | None]" = lambda _: None
    unhurried: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    urgency: int = 0
    connect_timeout: float = CONNECT_TIMEOUT
    reply_timeout: float = REPLY_TIMEOUT
    login_timeout: float = LOGIN_TIMEOUT

    async def fact(self, name: str, endpoint: Endpoint | None = None) -> Any:  # noqa: ANN401
        """
        Another fact of this target; of *endpoint* if it is one of an endpoint.

        Raises:
            ProbeError: That fact could not be gathered.
        """
        return await self.recall(name, endpoint)

    def at_partner(self) -> "ProbeContext":
        """
        This probe's view of the host that the target replicates with.

        Raises:
            ProbeError: BLOCKED if the inventory names none.
        """
        found = self.visit("partner")
        if found is None:
            key = self.target.key
            detail = f"the inventory names no partner of {key} (add partner to [hosts.{key}])"
            raise ProbeError(Cause.BLOCKED, detail)
        return found

    def at_mailboxes(self) -> "ProbeContext":
        """
        This probe's view of the host that keeps the mailboxes; its own if that is the target.
        """
        return self.visit("mailboxes") or self

    @property
    def service(self) -> Endpoint:
        """
        The endpoint of a probe that has one.
        """
        assert self.endpoint is not None, "a probe of an endpoint was planned without one"  # noqa: S101
        return self.endpoint

    def account(self, *, fresh: bool | None = None, other_than: str = "") -> Account:
        """
        A test account; a *fresh* one, or one that is not.

        Raises:
            ProbeError: The inventory has none.
        """
        for account in self.target.accounts.values():
            if (fresh is None or account.fresh == fresh) and account.name != other_than:
                return account
        wanted = "a second account" if other_than else "a fresh account" if fresh else "an account"
        raise ProbeError(
            Cause.CREDENTIALS,
            f"the inventory names {wanted} for {self.target.key} nowhere "
            f"(add [hosts.{self.target.key}.accounts.NAME])",
        )

    def password(self, account: Account) -> Secret:
        """
        The password of *account*.

        Raises:
            ProbeError: Its reference leads nowhere.
        """
        try:
            password = account.password.resolve()
        except SecretUnavailableError as exc:
            raise ProbeError(
                Cause.CREDENTIALS, f"account {account.name} of {self.target.key}: {exc}"
            ) from exc
        self.permit.knows(account, password)
        return password

    @contextlib.asynccontextmanager
    async def exclusive(self, account: Account) -> AsyncIterator[None]:
        """
        Keeps other probes of this run out of *account* while its mailbox is changed.
        """
        async with self.alone(self.lane.accounts.setdefault(account.user, asyncio.Lock())):
            yield

    @contextlib.asynccontextmanager
    async def alone(self, lock: asyncio.Lock) -> AsyncIterator[None]:
        """
        Holds *lock*; waiting for it takes nothing from the probe's time.
        """
        with self.unhurried():
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()


class Stage(IntEnum):
    """
    When a probe may start: when everything of earlier stages on its target is done.

    Failing logins come late: Dovecot delays every later login from the address that made them. The
    answers to them are waited for beside what needs no login and much time: handshakes that end
    before one, and servers that are silent.
    What takes something away from the target comes last of all, because all others would miss it;
    the backend last, because it takes Dovecot minutes to get over that.
    """

    NORMAL = 0
    FAILING_LOGINS = 1
    PARTNER_OUTAGE = 2
    OUTAGE = 3


LATER = tuple(stage for stage in Stage if stage is not Stage.NORMAL)
"""The stages that wait for others."""


@dataclass(frozen=True, slots=True)
class FactSpec:
    """
    A kind of fact that checks can ask for by naming it among their arguments.

    Attributes:
        name: Name of the argument.
        probe: Gathers it.
        type: The frozen dataclass that the probe returns; the way back from JSON.
        acts: What the probe may do, from declaration alone; it is let do nothing else.
        acts_at_partner: Likewise, what it may do to the host that the target replicates with; it is
            asked about the target, too.
        acts_at_mailboxes: Likewise, to the host that keeps the mailboxes, where it is another one.
        needs: The other facts that the probe may ask for: of its own endpoint, or of all of them.
        per_endpoint: True if there is one for each endpoint, false if one for the target.
        stage: When the probe may start.
        patience: How many times the usual deadline it may take, where servers take their time.
    """

    name: str
    probe: Callable[[ProbeContext], Awaitable[Any]]
    type: type
    acts: Plan = field(kw_only=True)
    acts_at_partner: Plan | None = field(default=None, kw_only=True)
    acts_at_mailboxes: Plan | None = field(default=None, kw_only=True)
    needs: tuple[str, ...] = field(default=(), kw_only=True)
    per_endpoint: bool = False
    stage: Stage = Stage.NORMAL
    patience: float = 1.0

    def visits(self, target: Target) -> Iterator[tuple[str, Target, Plan]]:
        """
        The neighbours of *target* to which the probe may do something, and what says what.
        """
        ways = (
            ("partner", target.partner, self.acts_at_partner),
            ("mailboxes", target.mailboxes, self.acts_at_mailboxes),
        )
        for name, neighbour, acts in ways:
            if neighbour is not None and acts is not None:
                yield name, neighbour, acts
