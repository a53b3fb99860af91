"""
Opens one account's mail on two servers that replicate, when both have come to rest.
"""

import contextlib
from collections.abc import AsyncIterator, Callable

from mailvet.acts import REMOVE, Act, Acts, Commands, MailboxChanges, Scope, opens_mailbox
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.model import Account, Cause
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import account_of, same_user
from mailvet.probes.imap_mailbox import REOPENED, Mailbox, open_mailbox
from mailvet.probes.replicator import dovecot_user, synchronised
from mailvet.probes.stage import Chooser, Stage, travelling_account


@contextlib.asynccontextmanager
async def two_mailboxes(
    context: ProbeContext, choose: Chooser = travelling_account
) -> AsyncIterator[Stage]:
    """
    The mail of the chosen account, open on the target and on its partner.

    Raises:
        ProbeError: The inventory names no partner, no account, or one of them cannot log in.
    """
    partner = context.at_partner()
    account = choose(context.target, partner.target.key)
    if account is None:
        raise ProbeError(
            Cause.CREDENTIALS, f"no account to change mail with (see {context.target.key})"
        )
    await after_first_use(context)
    other = account_of(partner, account)
    async with context.exclusive(account), contextlib.AsyncExitStack() as stack:
        users = (await dovecot_user(context, account), await dovecot_user(partner, other))
        await _use(context, account)
        await synchronised(context, partner, users)
        await _use(partner, other)
        await synchronised(context, partner, users)
        near = await _open(stack, context, account)
        far = await _open(stack, partner, other)
        yield Stage(context, partner, account, near, far, users)


async def _open(
    stack: contextlib.AsyncExitStack, context: ProbeContext, account: Account
) -> Mailbox:
    with context.permit.in_force():
        return await stack.enter_async_context(open_mailbox(context, account, lasting=True))


async def _use(context: ProbeContext, account: Account) -> None:
    """
    Opens every mailbox once.

    Those that the server lists by itself are made when they are first opened, were it only to look
    at them: done later on the far server, that would wake its synchronisation. Where both servers
    made one, they agree on one of the two, and whoever has the other one open is thrown out.
    """
    with context.permit.in_force():
        async with open_mailbox(context, account) as mailbox:
            for name in ("INBOX", *(each.name for each in await mailbox.folders())):
                await mailbox.select(name)


def at_partner(
    changes: Callable[[Scope, Account | None], Acts],
    scope: Scope,
    *,
    choose: Chooser = travelling_account,
) -> Acts:
    """
    What *changes* says of the partner and its account of the same user, as acts there.
    """
    partner = scope.target.partner
    account = choose(scope.target, partner.key) if partner else None
    if partner is None or account is None:
        return ()
    return changes(Scope(partner), same_user(partner, account))


def opens_both(
    scope: Scope, account: Account | None, changes: str, *, more: int = 0
) -> tuple[Act, ...]:
    """
    The acts of ``two_mailboxes`` on one of the two hosts, with so many sessions *more*.

    Args:
        scope: The host.
        account: The account there; None if it has none, and nothing can be done.
        changes: What is changed in its mail besides messages, in words.
        more: Sessions beyond those that it opens itself.
    """
    if account is None:
        return ()
    asks = "asks for a synchronisation of the test account"
    return (
        *opens_mailbox(scope.target, account, 2 + REOPENED + more, *_VERBS),
        MailboxChanges(account.name, changes),
        Commands("Dovecot's configuration"),
        Commands("state of the replicator", 4, changes=asks),
    )


_VERBS = (
    "NAMESPACE",
    "LIST",
    "LSUB",
    "STATUS",
    "CREATE",
    "RENAME",
    "DELETE",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "APPEND",
    "UID FETCH",
    *REMOVE,
)
