"""
Opens one account's mail on two servers that replicate, when both have come to rest.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from mailvet.acts import REMOVE, Act, Acts, Commands, MailboxChanges, Scope, opens_mailbox
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.passdb import system_name
from mailvet.model import Account, Cause
from mailvet.probes.dovecot import probe_dovecot
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import account_of, same_user
from mailvet.probes.imap_mailbox import REOPENED, Mailbox, open_mailbox
from mailvet.probes.shell import quote, run
from mailvet.probes.stage import Chooser, Stage, travelling_account

REST = 2.0
"""Seconds of rest where nobody can ask the replicator whether it has any work left."""

# Ends when no synchronisation waits, or after some seconds.
COME_TO_REST = r"""
for try in $(seq 40); do
    waiting=$(doveadm replicator status 2>/dev/null |
        sed -nE "s/^Queued '(sync|high|low)' requests *([1-9][0-9]*).*/\2/p")
    [ -n "$waiting" ] || break
    sleep 0.5
done
"""
"""Waits until no synchronisation is queued, as a script."""

# Two syncs of one user that begin at the same moment wait for each other. With tcps: they may do so
# for ten minutes (measured with Dovecot 2.3.19), so none is asked for while another one runs.
_ALONE = r"""
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    doveadm replicator dsync-status | awk -v user=USER '$1 == user { found = 1 }
        END { exit !found }' || break
    sleep 0.5
done
"""

# After a sync that failed, because the partner was restarted for example, Dovecot leaves the user
# alone for five minutes. One that is asked for ends that. It has ended when the last success is
# younger than the request; what is under way stands in no queue.
_SYNCHRONISE = r"""
doveadm replicator replicate USER
begun=$(date +%s)
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.5
    age=$(doveadm replicator status USER | sed -n '2p' | awk '$(NF-1) ~ /:/ {
        split($(NF-1), part, ":"); print part[1] * 3600 + part[2] * 60 + part[3] }')
    [ -n "$age" ] && [ "$try" -gt 3 ] && [ "$age" -le $(($(date +%s) - begun)) ] && break
done
"""

_IF_IT_FAILED = r"""
case $(doveadm replicator status USER | awk 'NR == 2 { print $NF }') in -) exit 0;; esac
"""


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
        users = (await _user(context, account), await _user(partner, other))
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


async def _user(context: ProbeContext, account: Account) -> str:
    """
    The name under which Dovecot knows *account*.
    """
    with contextlib.suppress(ProbeError):
        return system_name(await probe_dovecot(context), account.user)
    return account.user


async def synchronised(
    context: ProbeContext, partner: ProbeContext, users: tuple[str, str]
) -> None:
    """
    Lets the near server synchronise the account, which works both ways, and waits until neither has
    anything to do. The far one is asked for it only where its own last attempt failed.
    """
    near = _ALONE + _SYNCHRONISE + COME_TO_REST
    far = _ALONE + COME_TO_REST + _IF_IT_FAILED + _SYNCHRONISE
    for each, user, script in zip((context, partner), users, (near, far), strict=True):
        title = f"doveadm replicator replicate {user}; its status"
        try:
            await run(each, script.replace("USER", quote(user)), title=title, timeout=60.0)
        except ProbeError:
            await asyncio.sleep(REST)


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
