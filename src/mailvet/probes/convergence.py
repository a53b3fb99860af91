"""
Changes mail on one server and times until the server that it replicates with shows the change.

The far server is only looked at while times are taken (EXAMINE, LIST, LSUB, LISTSCRIPTS): whatever
is written there wakes its own synchronisation, which works both ways and would fetch what the near
server failed to send (measured with Dovecot 2.3.19). For the same reason each direction has an
account of its own, and both servers come to rest before the first change.
"""

import contextlib
import functools

from mailvet.acts import (
    Act,
    Acts,
    Commands,
    Scope,
    Stored,
    logs_in,
)
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.convergence import ConvergenceFacts, ReplicatorStatus, parse_status
from mailvet.model import Account
from mailvet.probes.lmtp_delivery import takes_lmtp
from mailvet.probes.lmtp_session import talks_lmtp
from mailvet.probes.replicator import COME_TO_REST, synchronised
from mailvet.probes.shell import quote, run
from mailvet.probes.sieve_scripts import sieve_service
from mailvet.probes.stage import travelling_account
from mailvet.probes.travel import delivery_rounds, mail_rounds, merge_rounds, script_rounds
from mailvet.probes.two_mailboxes import at_partner, opens_both, two_mailboxes


async def probe_convergence(context: ProbeContext) -> ConvergenceFacts:
    """
    Every kind of change, several times.

    Raises:
        ProbeError: The inventory names no partner, no account, or one of them cannot log in.
    """
    times = max(1, context.target.expect.replication.trials)
    async with two_mailboxes(context) as stage:
        try:
            await mail_rounds(stage, times)
            # What is still under way would carry a script or a delivery that nobody reported.
            await synchronised(context, stage.partner, stage.users)
            await script_rounds(stage, times)
            await synchronised(context, stage.partner, stage.users)
            await delivery_rounds(stage, times)
            status = await _status(context, stage.users[0])
            await merge_rounds(stage, times)
        finally:
            left = await stage.tidy()
        return ConvergenceFacts(
            near=context.target.key,
            far=stage.partner.target.key,
            account=stage.account.name,
            limit=stage.limit,
            trials=tuple(stage.trials),
            unused=tuple(stage.unused.items()),
            left=left,
            status=status,
            transcript=stage.transcript,
        )


# After a sync that failed, because the partner was restarted for example, Dovecot leaves the user
# alone for five minutes. Whether it fails again is known sooner when it is asked for.
_TRY_AGAIN = r"""
failed() { doveadm replicator status '*' | awk 'NR > 1 && $NF == "y" { print $1 }' | head -n 20; }
for user in $(failed); do doveadm replicator replicate "$user" >/dev/null; done
for try in $(seq 40); do
    [ -n "$(failed)" ] || break
    sleep 0.5
done
"""


async def _status(context: ProbeContext, user: str) -> ReplicatorStatus | None:
    with contextlib.suppress(ProbeError):
        script = COME_TO_REST + _TRY_AGAIN + _STATUS
        overall = await run(context, script, title=_STATUS, timeout=60.0)
        single = await run(context, f"{_STATUS} {quote(user)}", title=f"{_STATUS} {user}")
        return parse_status(user, overall, single)
    return None


_STATUS = "doveadm replicator status"


def _acts(scope: Scope) -> Acts:
    partner = scope.target.partner
    if "replication" not in scope.target.roles or partner is None:
        return ()
    account = travelling_account(scope.target, partner.key)
    times = max(1, scope.target.expect.replication.trials)
    again = "asks for syncs of users whose last one failed"
    status = Commands("state of the replicator", 2, changes=again)
    found: list[Act] = [*_changes(scope, account), status]
    if takes_lmtp(scope.target) and account is not None:
        found.append(talks_lmtp(scope, times, "MAIL", "RCPT", "DATA"))
        found.append(Stored("", account.address, account.name, "LMTP over TCP", most=times))
    return tuple(found)


def _changes(scope: Scope, account: Account | None) -> Acts:
    if account is None:
        return ()
    changes = "makes, renames and deletes mailboxes of its own, stores and deletes Sieve scripts"
    found: list[Act] = [*opens_both(scope, account, changes)]
    service = sieve_service(scope.target)
    if service is not None:
        verbs = ("LISTSCRIPTS", "PUTSCRIPT", "DELETESCRIPT")
        found += logs_in(service, account, 2, *verbs)
    times = max(1, scope.target.expect.replication.trials)
    found.append(
        Stored(account.address, account.address, account.name, "IMAP APPEND", most=2 * times)
    )
    return tuple(found)


FACTS = (
    FactSpec(
        "convergence",
        probe_convergence,
        ConvergenceFacts,
        acts=_acts,
        acts_at_partner=functools.partial(at_partner, _changes),
        needs=("first_use", "lmtp_port", "standpoints"),
        patience=2.0,
    ),
)
