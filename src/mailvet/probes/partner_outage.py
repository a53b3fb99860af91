"""
Cuts two servers that replicate off from each other for some seconds, and lets both be used.

Dovecot leaves a user alone for five minutes after a sync that failed, unless something changes in
that user's mail. So the mail is used on, as people do, when the way is open again.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from mailvet.acts import Acts, Scope, Stored
from mailvet.context import FactSpec, ProbeContext
from mailvet.context import Stage as When
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.partner_outage import PartnerOutageFacts, Served
from mailvet.facts.replication import replicas
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause
from mailvet.probes.cut import Way, cut_off, cuts_off
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.lmtp_delivery import deliver_by_lmtp, takes_lmtp
from mailvet.probes.lmtp_session import talks_lmtp
from mailvet.probes.messages import Message
from mailvet.probes.stage import INTERVAL, Stage, resting_account, worked
from mailvet.probes.travel import found_anywhere, listed
from mailvet.probes.two_mailboxes import at_partner, opens_both, two_mailboxes

NUDGE = 5.0
"""Seconds between two changes that a user makes when the partner is back."""


async def probe_partner_outage(context: ProbeContext) -> PartnerOutageFacts:
    """
    What a user can do on the target meanwhile, and when both servers have everything.

    Raises:
        ProbeError: The servers do not replicate through TCP, or not even now; the way cannot be
            cut; or as ``two_mailboxes`` says.
    """
    ways = await _ways(context)
    async with (
        context.alone(context.lane.parting),
        two_mailboxes(context, resting_account) as stage,
    ):
        rehearsal = _Rehearsal(stage, await stage.name("outage"), await stage.name("meanwhile"))
        try:
            await rehearsal.prepare()
            async with cut_off(context, "partner", ways, silent=True) as cut:
                await rehearsal.use()
                await cut.missed()
                crossed = await rehearsal.crossed()
            recovery = await rehearsal.agree()
        finally:
            left = await stage.tidy()
        return PartnerOutageFacts(
            near=context.target.key,
            far=stage.partner.target.key,
            account=stage.account.name,
            cut=cut.freeze(),
            served=tuple(rehearsal.served),
            crossed=crossed,
            made=tuple(rehearsal.wanted),
            recovery=recovery,
            missing=rehearsal.missing,
            repeated=rehearsal.repeated,
            left=left,
            transcript=stage.transcript,
            commands=tuple(cut.commands),
        )


async def _ways(context: ProbeContext) -> list[Way]:
    dovecot: DovecotConfig = await context.fact("dovecot")
    partner = context.at_partner().target
    expect = context.target.expect.replication
    out = [Way(each.host, each.port) for each in replicas(dovecot) if each.port]
    if not out:
        detail = "mail_replica names no TCP port of a partner: there is no way to cut"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    addresses = expect.partner_addresses or (partner.address,)
    return [*out, *(Way(each, expect.port, incoming=True) for each in addresses)]


class _Rehearsal:
    """
    Changes on both servers while neither reaches the other.

    Attributes:
        folder: A mailbox that both have before.
        other: One that is made meanwhile.
        served: What the near server did.
        wanted: What both must have in the end: the mailbox it is in, and the message; None for the
            mailbox alone, an empty name for wherever a delivery goes.
        missing: What one of them does not have.
        repeated: What one of them has more than once.
    """

    def __init__(self, stage: Stage, folder: str, other: str) -> None:
        self.stage = stage
        self.folder = folder
        self.other = other
        self.served: list[Served] = []
        self.wanted: dict[str, tuple[str, Message | None]] = {}
        self.missing: tuple[str, ...] = ()
        self.repeated: tuple[str, ...] = ()

    async def prepare(self) -> None:
        """
        Makes a mailbox that is on both.

        Raises:
            ProbeError: BLOCKED if it does not travel.
        """
        self.stage.announce(folder=self.folder)
        worked(await self.stage.near.create(self.folder), "CREATE")
        until = time.monotonic() + self.stage.limit
        while await listed(self.stage.far, self.folder) is None:
            if time.monotonic() > until:
                raise ProbeError(Cause.BLOCKED, "changes do not reach the partner anyway")
            await asyncio.sleep(INTERVAL)

    async def use(self) -> None:
        """
        Does on both servers what users do; the near one is timed.
        """
        stage = self.stage
        here, there = stage.message("outage-near"), stage.message("outage-far")
        stage.announce(message=here)
        if await self._serve("APPEND", stage.near.append(self.folder, here.octets)):
            self.wanted["a message stored here"] = (self.folder, here)
        stage.announce(folder=self.other)
        if await self._serve("CREATE", stage.near.create(self.other)):
            self.wanted["a mailbox made here"] = (self.other, None)
        await self._serve("a new login, and the message", self._look(here))
        if takes_lmtp(stage.context.target):
            mail = stage.message("outage-delivered")
            stage.announce(message=mail)
            if await self._serve("a delivery by LMTP", self._deliver(mail)):
                self.wanted["a message delivered here"] = ("", mail)
        stage.announce(message=there)
        stored = await stage.far.append(self.folder, there.octets)
        if not stored.positive:
            raise ProbeError(Cause.BLOCKED, f"the partner refuses APPEND meanwhile: {stored}")
        self.wanted["a message stored there"] = (self.folder, there)

    async def _serve(self, what: str, work: Awaitable[Reply]) -> bool:
        start = time.monotonic()
        reply: Reply | None = None
        failure = ""
        try:
            reply = await work
        except ProbeError as exc:
            failure = exc.detail
        seconds = round(time.monotonic() - start, 3)
        self.served.append(Served(what, reply, failure, seconds))
        return reply is not None and reply.positive

    async def _deliver(self, message: Message) -> Reply:
        sent = await deliver_by_lmtp(self.stage.context, self.stage.account.address, message)
        return sent.reply

    async def _look(self, message: Message) -> Reply:
        context, account = self.stage.context, self.stage.account
        with context.permit.in_force():
            async with open_mailbox(context, account) as mailbox:
                found = await mailbox.find(self.folder, message.message_id)
        return Reply("OK", "", ()) if found else Reply("NO", "the message is not there", ())

    async def crossed(self) -> bool:
        """
        Whether something came across although nothing should.
        """
        near, far = await asyncio.gather(
            self._counts(self.stage.near), self._counts(self.stage.far)
        )
        return any(near[each] and far[each] for each in self.wanted)

    async def agree(self) -> float | None:
        """
        Uses the mail until both servers have everything, and returns how long that took.
        """
        start, nudged, subscribed = time.monotonic(), float("-inf"), False
        while True:
            sides = await asyncio.gather(
                self._counts(self.stage.near), self._counts(self.stage.far)
            )
            self.missing = self._named(sides, lambda count: count == 0)
            self.repeated = self._named(sides, lambda count: count > 1)
            seconds = time.monotonic() - start
            if not self.missing:
                return round(seconds, 3)
            if seconds > self.stage.context.target.expect.replication.recovery:
                return None
            if seconds - nudged >= NUDGE:
                nudged, subscribed = seconds, not subscribed
                near = self.stage.near
                await (near.subscribe if subscribed else near.unsubscribe)(self.folder)
            await asyncio.sleep(4 * INTERVAL)

    async def _counts(self, mailbox: Mailbox) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, (folder, message) in self.wanted.items():
            if message is None:
                found[name] = int(await listed(mailbox, folder) is not None)
                continue
            place = folder or await found_anywhere(mailbox, message) or "INBOX"
            found[name] = len(await mailbox.find(place, message.message_id))
        return found

    def _named(
        self, sides: Sequence[Mapping[str, int]], wrong: Callable[[int], bool]
    ) -> tuple[str, ...]:
        hosts = (self.stage.context.target.key, self.stage.partner.target.key)
        return tuple(
            f"{name} on {host}"
            for host, counts in zip(hosts, sides, strict=True)
            for name, count in counts.items()
            if wrong(count)
        )


def _acts(scope: Scope) -> Acts:
    partner = scope.target.partner
    if "replication" not in scope.target.roles or partner is None:
        return ()
    account = resting_account(scope.target, partner.key)
    if account is None:
        return ()
    found = [*_changes(scope, account), cuts_off("the partner", looks=1)]
    if takes_lmtp(scope.target):
        found.append(talks_lmtp(scope, 1, "MAIL", "RCPT", "DATA"))
        found.append(Stored("", account.address, account.name, "LMTP over TCP"))
    return tuple(found)


def _changes(scope: Scope, account: Account | None) -> Acts:
    if account is None:
        return ()
    changes = "makes and deletes mailboxes of its own, subscribes to one"
    return (
        *opens_both(scope, account, changes, more=1),
        Stored(account.address, account.address, account.name, "IMAP APPEND"),
    )


FACTS = (
    FactSpec(
        "partner_outage",
        probe_partner_outage,
        PartnerOutageFacts,
        acts=_acts,
        acts_at_partner=functools.partial(at_partner, _changes, choose=resting_account),
        needs=("dovecot", "first_use", "lmtp_port", "standpoints"),
        stage=When.PARTNER_OUTAGE,
        patience=4.0,
    ),
)
