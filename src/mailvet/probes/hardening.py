"""
Looks at the queue's file system, at what is exported over NFS, and at accounts with a shell.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.hardening import HardeningFacts, parse_hardening
from mailvet.facts.limits import LimitExceptions
from mailvet.facts.postfix import PostfixConfig
from mailvet.probes.networks import MAX_SOURCES, read_lists
from mailvet.probes.shell import quote, run

MAX_USERS = 20
"""Test users and declared accounts that are asked for by name."""

EXCEPTIONS = "smtpd_client_event_limit_exceptions"

_SCRIPT = r"""
queue=$(readlink -e -- QUEUE)
echo @@queue; echo "$queue"
echo @@folders
for d in "$queue" "$queue"/*/; do
    [ -d "$d" ] || continue
    type=$(stat -f -c %T -- "$d" 2>/dev/null)
    mount=$(findmnt -n -o FSTYPE,OPTIONS -T "$d" 2>/dev/null | tail -n 1 | tr -s ' ' '\t')
    printf '%s\t%s\t%s\n' "${d%/}" "$type" "${mount:-$(printf '\t')}"
done
echo @@free; stat -f -c '%a %S' -- "$queue"
echo @@exports; cat /etc/exports /etc/exports.d/*.exports 2>/dev/null
echo @@live; exportfs -v 2>/dev/null
min=$(awk '$1 == "UID_MIN" { print $2 }' /etc/login.defs 2>/dev/null)
echo @@passwd
{ getent passwd | awk -F: -v least="${min:-1000}" '$3 >= least'; getent passwd -- NAMES; } |
    head -n 5000
echo @@listed; getent passwd root
exit 0
"""


async def probe_hardening(context: ProbeContext) -> HardeningFacts:
    """
    The queue, the exports, and the accounts of people.

    Raises:
        ProbeError: There is no root shell on the target, or no Postfix.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    users = [each.user for each in context.target.accounts.values()][:MAX_USERS]
    names = " ".join(quote(each) for each in (context.target.expect.dovecot.mail_user, *users))
    queue = postfix.setting("queue_directory")
    script = _SCRIPT.replace("QUEUE", quote(queue)).replace("NAMES", names)
    title = f"stat -f {queue}; findmnt; exportfs -v; getent passwd"
    return parse_hardening(await run(context, script, title=title))


async def probe_limit_exceptions(context: ProbeContext) -> LimitExceptions:
    """
    Whom Postfix exempts from its limits, for main.cf and for every SMTP server.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    users: dict[str, list[str]] = {postfix.setting(EXCEPTIONS): ["main.cf"]}
    for service in postfix.networked:
        users.setdefault(postfix.setting(EXCEPTIONS, service.key), []).append(service.key)
    return LimitExceptions(*await read_lists(context, users))


FACTS = (
    FactSpec(
        "hardening",
        probe_hardening,
        HardeningFacts,
        acts=reads("the queue's file system, NFS exports, and accounts with their shells"),
        needs=("postfix",),
    ),
    FactSpec(
        "limit_exceptions",
        probe_limit_exceptions,
        LimitExceptions,
        acts=reads(f"each file and table that {EXCEPTIONS} names", most=MAX_SOURCES),
        needs=("postfix",),
    ),
)
