"""
Changes mail on one server and times until the server that it replicates with shows the change.

The far server is only looked at while times are taken (EXAMINE, LIST, LSUB, LISTSCRIPTS): whatever
is written there wakes its own synchronisation, which works both ways and would fetch what the near
server failed to send (measured with Dovecot 2.3.19). For the same reason each direction has an
account of its own, and both servers come to rest before the first change.
"""

import asyncio
import contextlib

from mailvet.acts import (
    REMOVE,
    Act,
    Acts,
    Commands,
    MailboxChanges,
    Scope,
    Stored,
    logs_in,
    opens_mailbox,
)
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.convergence import ConvergenceFacts, ReplicatorStatus, parse_status
from mailvet.facts.passdb import system_name
from mailvet.model import Account, Cause
from mailvet.probes.dovecot import probe_dovecot
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import REOPENED, Mailbox, open_mailbox
from mailvet.probes.lmtp_session import talks_lmtp
from mailvet.probes.shell import quote, run
from mailvet.probes.sieve_scripts import sieve_service
from mailvet.probes.stage import Stage, account_of, same_user, travelling_account
from mailvet.probes.travel import delivery_rounds, mail_rounds, merge_rounds, script_rounds

REST = 2.0
"""Seconds of rest where nobody can ask the replicator whether it has any work left."""

# Ends when no synchronisation waits, or after some seconds.
_COME_TO_REST = r"""
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    waiting=$(doveadm replicator status 2>/dev/null |
        sed -nE "s/^Queued '(sync|high|low)' requests *([1-9][0-9]*).*/\2/p")
    [ -n "$waiting" ] || break
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


async def probe_convergence(context: ProbeContext) -> ConvergenceFacts:
    """
    Every kind of change, several times.

    Raises:
        ProbeError: The inventory names no partner, no account, or one of them cannot log in.
    """
    partner = context.at_partner()
    account = travelling_account(context.target, partner.target.key)
    if account is None:
        raise ProbeError(
            Cause.CREDENTIALS, f"no account to change mail with (see {context.target.key})"
        )
    await after_first_use(context)
    times = max(1, context.target.expect.replication.trials)
    other = account_of(partner, account)
    async with context.exclusive(account), contextlib.AsyncExitStack() as stack:
        await asyncio.gather(_use(context, account), _use(partner, other))
        users = (await _user(context, account), await _user(partner, other))
        await _synchronised(context, partner, users)
        near = await _open(stack, context, account)
        far = await _open(stack, partner, other)
        stage = Stage(context, partner, account, near, far)
        try:
            await mail_rounds(stage, times)
            # What is still under way would carry a script or a delivery that nobody reported.
            await _synchronised(context, partner, users)
            await script_rounds(stage, times)
            await _synchronised(context, partner, users)
            await delivery_rounds(stage, times)
            status = await _status(context, users[0])
            await merge_rounds(stage, times)
        finally:
            left = await stage.tidy()
        return ConvergenceFacts(
            near=context.target.key,
            far=partner.target.key,
            account=account.name,
            limit=stage.limit,
            trials=tuple(stage.trials),
            unused=tuple(stage.unused.items()),
            left=left,
            status=status,
            transcript=(*near.transcript.freeze(), *far.transcript.freeze()),
        )


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


async def _synchronised(
    context: ProbeContext, partner: ProbeContext, users: tuple[str, str]
) -> None:
    """
    Lets each server synchronise the account once, and waits until neither has anything to do.
    """
    for each, user in zip((context, partner), users, strict=True):
        script = _SYNCHRONISE.replace("USER", quote(user)) + _COME_TO_REST
        try:
            await run(each, script, title=f"doveadm replicator replicate {user}; its status")
        except ProbeError:
            await asyncio.sleep(REST)


async def _status(context: ProbeContext, user: str) -> ReplicatorStatus | None:
    with contextlib.suppress(ProbeError):
        overall = await run(context, _COME_TO_REST + _STATUS, title=_STATUS)
        single = await run(context, f"{_STATUS} {quote(user)}", title=f"{_STATUS} {user}")
        return parse_status(user, overall, single)
    return None


_STATUS = "doveadm replicator status"
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


def _acts(scope: Scope) -> Acts:
    partner = scope.target.partner
    if "replication" not in scope.target.roles or partner is None:
        return ()
    account = travelling_account(scope.target, partner.key)
    times = max(1, scope.target.expect.replication.trials)
    found = [*_changes(scope, account), *_commands(), Commands("state of the replicator", 2)]
    if "lmtp-inet" in scope.target.roles and account is not None:
        found.append(talks_lmtp(scope, times, "MAIL", "RCPT", "DATA"))
        found.append(Stored("", account.address, account.name, "LMTP over TCP", most=times))
    return tuple(found)


def _acts_at_partner(scope: Scope) -> Acts:
    partner = scope.target.partner
    account = travelling_account(scope.target, partner.key) if partner else None
    if partner is None or account is None:
        return ()
    changes = _changes(Scope(partner), same_user(partner, account))
    return (*changes, *_commands())


def _commands() -> Acts:
    asks = "asks for a synchronisation of the test account"
    return (
        Commands("Dovecot's configuration"),
        Commands("state of the replicator", 3, changes=asks),
    )


def _changes(scope: Scope, account: Account | None) -> list[Act]:
    if account is None:
        return []
    found: list[Act] = [*opens_mailbox(scope.target, account, 2 + REOPENED, *_VERBS)]
    service = sieve_service(scope.target)
    if service is not None:
        verbs = ("LISTSCRIPTS", "PUTSCRIPT", "DELETESCRIPT")
        found += logs_in(service, account, 2, *verbs)
    times = max(1, scope.target.expect.replication.trials)
    found.append(
        Stored(account.address, account.address, account.name, "IMAP APPEND", most=2 * times)
    )
    changes = "makes, renames and deletes mailboxes of its own, stores and deletes Sieve scripts"
    return [*found, MailboxChanges(account.name, changes)]


FACTS = (
    FactSpec(
        "convergence",
        probe_convergence,
        ConvergenceFacts,
        acts=_acts,
        acts_at_partner=_acts_at_partner,
        needs=("first_use", "lmtp_port", "standpoints"),
        patience=2.0,
    ),
)
