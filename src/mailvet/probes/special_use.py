"""
Which special-use mailboxes a new user finds, seen so that an earlier audit cannot have made them.

Dovecot writes a mailbox with ``auto = subscribe`` to the disk and into the subscription file when
it is first opened. The same account seen again would then look well on a server that was changed
to ``auto = create`` or ``auto = no``. But what the server provides by itself cannot be taken away
(measured with Dovecot 2.3.19): after UNSUBSCRIBE, LSUB goes on listing mailboxes with ``auto =
subscribe`` and those alone; after DELETE of an empty one, LIST goes on listing those with ``auto``
set. So the probe deletes the empty special-use mailboxes of the dedicated fresh account and
unsubscribes from them, looks at what is still there, and puts back what is not; likewise with the
mailboxes that the configuration or the profile names.
"""

import contextlib
from collections.abc import AsyncIterator

from mailvet.acts import REMOVE, Acts, MailboxChanges, Scope, Stored, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.folders import Folder
from mailvet.facts.special_use import FolderTrial, SpecialUseFacts, having, provided
from mailvet.ledger import Residue
from mailvet.model import Account
from mailvet.probes.claim import CLAIM, VERBS, claimed, without_claim
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.messages import compose, residue
from mailvet.probes.replicator import at_rest, rests

MAX_NAMED = 20
"""Mailboxes that the configuration and the profile name, at most, that are looked at."""

MAX_OF_A_USE = 3
"""Mailboxes for each use, on average, that are tried; there should be one."""


async def probe_special_use(context: ProbeContext) -> SpecialUseFacts:
    """
    The special-use mailboxes of the fresh account, each of them used.

    Raises:
        ProbeError: There is no fresh account, or it cannot log in.
    """
    account = context.account(fresh=True)
    named = await _named(context)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(context.exclusive(account))
        await at_rest(context, account)
        mailbox = await stack.enter_async_context(open_mailbox(context, account))
        await stack.enter_async_context(claimed(context, account, mailbox))
        before = without_claim(await mailbox.folders())
        subscribed_before = await mailbox.subscriptions()
        present = (each.name for each in before if each.name in named)
        names = tuple(dict.fromkeys((*_special(context, before), *present)))
        async with _put_back(context, account, mailbox, names, subscribed_before):
            remaining = await _take_away(context, account, mailbox, names, subscribed_before)
            folders = without_claim(await mailbox.folders())
            subscribed = await mailbox.subscriptions()
            # The partner still has the mailboxes, and its next synchronisation would replace the
            # ones that the trials make.
            await at_rest(context, account)
            trials = [
                await _try(context, account, mailbox, name, number)
                for number, name in enumerate(_special(context, folders))
            ]
        return SpecialUseFacts(
            account.name,
            before,
            subscribed_before,
            folders,
            subscribed,
            remaining,
            tuple(trials),
            mailbox.transcript.freeze(),
        )


async def _named(context: ProbeContext) -> tuple[str, ...]:
    """
    Mailboxes that the configuration, as far as it can be seen, and the profile speak about.
    """
    expect = context.target.expect.mailboxes
    configured: tuple[str, ...] = ()
    with contextlib.suppress(ProbeError):
        dovecot: DovecotConfig = await context.fact("dovecot")
        configured = (*provided(dovecot, "create"), *provided(dovecot, "no"))
    return tuple(dict.fromkeys((*expect.created, *expect.not_created, *configured)))[:MAX_NAMED]


def _special(context: ProbeContext, folders: tuple[Folder, ...]) -> tuple[str, ...]:
    uses = context.target.expect.mailboxes.special_use
    names = dict.fromkeys(name for use in uses for name in having(folders, use))
    return tuple(names)[: MAX_OF_A_USE * len(uses)]


async def _take_away(
    context: ProbeContext,
    account: Account,
    mailbox: Mailbox,
    names: tuple[str, ...],
    subscribed: tuple[str, ...],
) -> tuple[tuple[str, str], ...]:
    """
    Deletes and unsubscribes; returns what could not be taken away, and why.
    """
    remaining: list[tuple[str, str]] = []
    for name in names:
        messages = await mailbox.count(name)
        if messages:
            remaining.append((name, f"holds {messages} messages, so the account is not fresh"))
        elif messages == 0:
            # A refusal leaves nothing open: then there was no mailbox on the disk.
            await mailbox.delete(name)
    for name in names:
        if name in subscribed:
            context.ledger.announce(_subscription(context, account, name))
            reply = await mailbox.unsubscribe(name)
            if not reply.positive:
                remaining.append((name, f"UNSUBSCRIBE {reply}"))
    return tuple(remaining)


@contextlib.asynccontextmanager
async def _put_back(
    context: ProbeContext,
    account: Account,
    mailbox: Mailbox,
    names: tuple[str, ...],
    subscribed: tuple[str, ...],
) -> AsyncIterator[None]:
    try:
        yield
    finally:
        there = {each.name for each in await mailbox.folders()}
        for name in names:
            if name not in there:
                await mailbox.create(name)
        listed = await mailbox.subscriptions()
        for name in subscribed:
            if name not in listed:
                await mailbox.subscribe(name)
            context.ledger.settle(_subscription(context, account, name))


def _subscription(context: ProbeContext, account: Account, folder: str) -> Residue:
    return Residue("subscription", context.target.key, account.name, folder)


async def _try(
    context: ProbeContext, account: Account, mailbox: Mailbox, name: str, number: int
) -> FolderTrial:
    select = await mailbox.select(name)
    if not select.positive:
        return FolderTrial(name, select, None, removed=False)
    message = compose(
        context, f"mailbox{number}", sender=account.address, recipient=account.address
    )
    context.ledger.announce(residue(context, account, message))
    append = await mailbox.append(name, message.octets)
    removed = not await mailbox.remove(message.message_id, (name,))
    if removed:
        context.ledger.settle(residue(context, account, message))
    return FolderTrial(name, select, append, removed=removed)


def _rests(scope: Scope) -> Acts:
    return rests(scope, 2)


def _acts(scope: Scope) -> Acts:
    account = scope.account(fresh=True)
    if account is None:
        return ()
    address = account.address
    most = MAX_OF_A_USE * len(scope.target.expect.mailboxes.special_use)
    verbs = ("LSUB", "SUBSCRIBE", "UNSUBSCRIBE", "APPEND")
    return (
        *_rests(scope),
        *opens_mailbox(scope.target, account, 1, *verbs, *VERBS, *REMOVE),
        MailboxChanges(
            account.name,
            "deletes empty mailboxes that the server names, and subscriptions; puts them back; "
            f"has a mailbox {CLAIM} meanwhile, which keeps other audits away",
        ),
        Stored(
            address, address, account.name, "IMAP APPEND to each special-use mailbox", most=most
        ),
    )


FACTS = (
    FactSpec(
        "special_use",
        probe_special_use,
        SpecialUseFacts,
        acts=_acts,
        acts_at_partner=_rests,
        needs=("dovecot",),
    ),
)
