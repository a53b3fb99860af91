"""
Waits for Dovecot's replicator, so that a probe does not take its work for the server's own.
"""

import asyncio
import contextlib

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.passdb import system_name
from mailvet.model import Account
from mailvet.probes.dovecot import probe_dovecot
from mailvet.probes.home import same_user
from mailvet.probes.shell import quote, run

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


async def dovecot_user(context: ProbeContext, account: Account) -> str:
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


async def at_rest(context: ProbeContext, account: Account) -> None:
    """
    Lets the partner of the target, if it has one, synchronise *account*, and waits for both.

    Mail that a probe has changed on the partner goes on changing here for a while, and who looks at
    the queue just then finds it empty.
    """
    partner = context.visit("partner")
    there = same_user(partner.target, account) if partner else None
    if partner is None or there is None:
        return
    with context.unhurried():
        users = (await dovecot_user(partner, there), await dovecot_user(context, account))
        await synchronised(partner, context, users)


def rests(scope: Scope, times: int = 1) -> Acts:
    """
    The acts of ``at_rest``, *times* over, as they are on the target and on its partner.
    """
    if scope.target.partner is None:
        return ()
    asks = "asks for a synchronisation of the test account"
    return (
        Commands("Dovecot's configuration", times),
        Commands("state of the replicator", times, changes=asks),
    )
