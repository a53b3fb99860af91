"""
Follows the test message of the delivery probe through the host's log and file system.
"""

from dataclasses import dataclass

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.lmtp import LmtpFacts
from mailvet.facts.lmtp_trace import LmtpTrace, other_places, parse_log, places_in
from mailvet.facts.postfix import PostfixConfig
from mailvet.model import Account, Cause
from mailvet.probes.shell import quote, run

# The log may be a moment behind the mailbox.
_FOLLOW = r"""
log() {
    journalctl -q --no-pager -o short --since=-30min SYSLOG_FACILITY=2
    for f in $(postconf -hx maillog_file) /var/log/maillog /var/log/mail.log /var/log/mail; do
        [ -f "$f" ] && tail -n 20000 -- "$f"
    done
} 2>/dev/null
id=MESSAGE_ID
for try in 1 2 3 4 5 6; do
    queue_ids=$(log | grep -F "message-id=$id" |
        sed -n 's/.*\]: \([[:alnum:]]*\): message-id=.*/\1/p' | sort -u)
    lines=$(for q in $queue_ids; do log | grep -F ": $q: "; done | sort -u)
    case $lines in *status=*) break;; esac
    sleep 0.5
done
echo "$lines"
exit 0
"""

_WHERE = r"""
echo @@mail; doveadm user -f mail USER
echo @@home; doveadm user -f home USER
echo @@passwd; getent passwd USER | cut -d: -f6
exit 0
"""

# A file of a Maildir holds this one message and can be removed; an mbox holds others, too.
_SEARCH = r"""
for p in PLACES; do
    [ -e "$p" ] || continue
    real=$(readlink -f -- "$p")
    case "OWN" in *"|$real|"*) continue;; esac
    echo "@@$p"
    find "$real" -xdev PRUNE -type f -mmin -60 -exec grep -lF -- MESSAGE_ID {} + |
        while read -r f; do
            echo "$f"
            case $f in */new/*|*/cur/*) rm -f -- "$f";; esac
        done
done
exit 0
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """
    Where an account's mail may be, and what was found beside Dovecot's places.
    """

    own: tuple[str, ...]
    searched: tuple[str, ...]
    copies: tuple[str, ...]
    commands: tuple[CommandOutput, ...]


async def probe_lmtp_trace(context: ProbeContext) -> LmtpTrace:
    """
    What the host knows about the test message that came in at this endpoint.

    Raises:
        ProbeError: No message could be sent, or there is no root shell on the target.
    """
    delivery: DeliveryFacts = await context.fact("delivery", context.endpoint)
    lmtp: LmtpFacts = await context.fact("lmtp")
    account = _recipient(context, delivery.recipient)
    followed = await _follow(context, delivery.message_id)
    found = await _search(context, account, delivery.message_id)
    return LmtpTrace(
        recipient=account.address,
        message_id=delivery.message_id,
        taken=delivery.accepted,
        reply=delivery.reply,
        arrived=delivery.arrived,
        received=delivery.received,
        attempts=parse_log(followed.stdout),
        socket=lmtp.route.socket if lmtp.route else "",
        own_places=found.own,
        searched=found.searched,
        copies=found.copies,
        commands=(followed.evidence(), *found.commands),
    )


def _recipient(context: ProbeContext, address: str) -> Account:
    for account in context.target.accounts.values():
        if account.address == address:
            return account
    raise ProbeError(Cause.CREDENTIALS, f"no test account has the address {address}")


async def _follow(context: ProbeContext, message_id: str) -> CommandOutput:
    script = _FOLLOW.replace("MESSAGE_ID", quote(message_id))
    title = f"Postfix's log about {message_id}"
    return await run(context, script, title=title, timeout=60)


async def _search(context: ProbeContext, account: Account, message_id: str) -> _Found:
    where = await run(
        context,
        _WHERE.replace("USER", quote(account.user)),
        title=f"doveadm user {account.user}; getent passwd {account.user}",
    )
    parts = {name: text.strip() for name, text in sections(where.stdout).items()}
    own = places_in(parts.get("mail", ""), parts.get("home", ""))
    if not own:
        return _Found((), (), (), (where.evidence(),))
    home, postfix = parts.get("passwd", ""), await _settings(context)
    places = other_places(account.user, home, own, postfix)
    prune = " -o ".join(f"-path {quote(each)}" for each in own)
    script = (
        _SEARCH.replace("PLACES", " ".join(quote(each) for each in places))
        .replace("OWN", "".join(f"|{each}|" for each in own))
        .replace("PRUNE", rf"\( {prune} \) -prune -o")
        .replace("MESSAGE_ID", quote(message_id))
    )
    title = f"find {' '.join(places)} -exec grep -lF {message_id}"
    output = await run(context, script, title=title, timeout=60)
    found = sections(output.stdout)
    copies = tuple(
        dict.fromkeys(line for text in found.values() for line in text.split("\n") if line)
    )
    return _Found(own, tuple(found), copies, (where.evidence(), output.evidence()))


async def _settings(context: ProbeContext) -> dict[str, str]:
    try:
        postfix: PostfixConfig = await context.fact("postfix")
    except ProbeError:
        return {}
    return {name: postfix.setting(name) for name in ("mail_spool_directory", "home_mailbox")}


_ACTS = reads(
    "log lines about the test message, mail directories of the test account",
    most=3,
    changes="removes copies of the test message that lie beside the mailbox",
)


FACTS = (
    FactSpec(
        "lmtp_trace",
        probe_lmtp_trace,
        LmtpTrace,
        acts=_ACTS,
        needs=("delivery", "lmtp", "postfix"),
        per_endpoint=True,
    ),
)
