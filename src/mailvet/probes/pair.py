"""
Reads how two Dovecot servers are set up to replicate, on both of them.
"""

import dataclasses
import re
import secrets

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.pair import PairFacts
from mailvet.facts.passdb import system_name
from mailvet.facts.replication import (
    SAMPLE,
    ReplicationSide,
    parse_side,
    replicas,
    settings_files,
    writing_protocols,
)
from mailvet.model import Cause
from mailvet.probes.dovecot import probe_dovecot
from mailvet.probes.files import stat_paths
from mailvet.probes.reach import addresses, at
from mailvet.probes.shell import quote, run

MOST_USERS = 20_000
"""Lines of a list of users that are looked at."""

# The password is compared by a digest whose key exists for this one comparison and is on no disk;
# it is written by the shell itself, so that no list of processes shows it. Likewise the users.
_SIDE = r"""
digest() { { printf '%s' 'KEY'; cat; } | sha256sum | cut -d' ' -f1; }
echo @@addresses; ip -o addr | sed -nE 's/.* inet6? ([^ /]+).*/\1/p'
echo @@resolved; for h in HOSTS; do echo "$h" $(getent ahosts "$h" | cut -d' ' -f1); done
echo @@plugins; for p in PROTOCOLS; do echo "$p" $(doveconf -h -f protocol=$p mail_plugins); done
echo @@replicators; doveadm service status replicator 2>&1
secret=$(doveconf -h doveadm_password 2>/dev/null | sed 's/^ //')
echo @@secret; echo "length ${#secret}"
if [ "$secret" = 'SAMPLE' ]; then echo 'sample yes'; fi
echo @@password-digest; printf '%s' "$secret" | digest
echo @@password-files; grep -lsE '^[[:space:]]*doveadm_password[[:space:]]*=' FILES
echo @@backend; cat BACKEND </dev/null 2>/dev/null | grep -vE '^[[:space:]]*(#|$)' |
    sed -E 's/\b(pass(word|wd)?|dnpass)[[:space:]]*=[[:space:]]*("[^"]*"|[^[:space:]]+)/\1=***/g'
list=$(timeout 8 doveadm user '*' 2>/dev/null | sort -u | head -n MOST)
echo @@count; printf '%s\n' "$list" | grep -c .
echo @@users-digest; printf '%s' "$list" | digest
echo @@users; printf '%s\n' "$list" | grep -Fx WANTED
echo @@owners
for u in ACCOUNTS; do echo "$u $(timeout 5 doveadm user -f uid "$u" 2>/dev/null)"; done
echo @@uid; id -u -- MAILUSER 2>/dev/null
exit 0
"""
_DIGESTS = ("password-digest", "users-digest")


async def probe_pair(context: ProbeContext) -> PairFacts:
    """
    How the target and its partner are set up to replicate.

    Raises:
        ProbeError: There is no root shell on the target, or no Dovecot.
    """
    key = secrets.token_hex(16)
    own, digests = await _side(context, await context.fact("dovecot"), key)
    own = await _with_files(context, own)
    other, others, failure = await _other(context, key)
    known = other is not None and own.users is not None and other.users is not None
    return PairFacts(
        own=own,
        other=other,
        why_alone=failure.detail if failure else "",
        why_alone_cause=failure.cause if failure else Cause.BLOCKED,
        partner_names=await _names(context),
        same_password=digests[0] == others[0] if other else None,
        same_users=digests[1] == others[1] if known else None,
    )


async def _other(
    context: ProbeContext, key: str
) -> tuple[ReplicationSide | None, tuple[str, ...], ProbeError | None]:
    try:
        partner = context.at_partner()
        side, digests = await _side(partner, await probe_dovecot(partner), key)
    except ProbeError as exc:
        return None, (), exc
    return side, digests, None


async def _side(
    context: ProbeContext, dovecot: DovecotConfig, key: str
) -> tuple[ReplicationSide, tuple[str, ...]]:
    """
    One server, with keyed digests of its password and of its users, which go no further.
    """
    users = tuple(system_name(dovecot, each.user) for each in context.target.accounts.values())
    names = " ".join(quote(each) for each in users)
    wanted = " ".join(f"-e {quote(each)}" for each in users) or "-e ''"
    values = {
        "KEY": key,
        "HOSTS": " ".join(quote(each.host) for each in replicas(dovecot)),
        "PROTOCOLS": " ".join(writing_protocols(dovecot)),
        "SAMPLE": SAMPLE,
        "FILES": " ".join(quote(each) for each in dovecot.config_files) or "/dev/null",
        "BACKEND": " ".join(quote(each) for each in settings_files(dovecot)),
        "MOST": str(MOST_USERS),
        "WANTED": wanted,
        "ACCOUNTS": names,
        "MAILUSER": quote(context.target.expect.dovecot.mail_user),
    }
    script = re.sub("|".join(values), lambda found: values[found[0]], _SIDE)
    title = "doveconf, doveadm user '*', doveadm service status replicator (passwords left out)"
    output = await run(context, script, title=title, timeout=60)
    parts = sections(output.stdout)
    digests = tuple(parts.pop(each, "").strip() for each in _DIGESTS)
    shown = "".join(f"@@{name}\n{text}" for name, text in parts.items())
    kept = CommandOutput(output.command, output.status, shown, output.stderr)
    return parse_side(context.target.key, dovecot, kept, users), digests


async def _with_files(context: ProbeContext, side: ReplicationSide) -> ReplicationSide:
    listeners = (side.control, side.fifo, side.notify)
    named = sections(side.commands[0].stdout).get("password-files", "").split("\n")
    files = [each for each in named if each]
    stats: dict[str, FileStat] = {
        each.path: each
        for each in await stat_paths(context, [*(each.path for each in listeners), *files])
    }
    control, fifo, notify = (
        dataclasses.replace(each, stat=stats.get(each.path)) for each in listeners
    )
    return dataclasses.replace(
        side,
        control=control,
        fifo=fifo,
        notify=notify,
        password_files=tuple(stats[each] for each in files if each in stats),
    )


async def _names(context: ProbeContext) -> tuple[str, ...]:
    partner = context.target.partner
    if partner is None:
        return ()
    found = [partner.name, partner.address, *context.target.expect.replication.partner_addresses]
    for name in (partner.address, partner.name):
        try:
            found += await addresses(at(context, name))
        except ProbeError:
            continue
    return tuple(dict.fromkeys(found))


def _acts(scope: Scope) -> Acts:
    if "replication" not in scope.target.roles:
        return ()
    return (
        Commands("settings, sockets and users of replication; of the password a digest"),
        Commands("owners and modes of its sockets and files"),
    )


def _acts_at_partner(_: Scope) -> Acts:
    return (
        Commands("Dovecot's configuration"),
        Commands("settings and users of replication; of the password a digest"),
    )


FACTS = (
    FactSpec(
        "pair",
        probe_pair,
        PairFacts,
        acts=_acts,
        acts_at_partner=_acts_at_partner,
        needs=("dovecot",),
    ),
)
