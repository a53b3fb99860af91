"""
A host that receives no mail, seen from the network and asked on the host itself.

What becomes of mail is asked with ``sendmail -bv``: Postfix goes as far as RCPT at the relay and
logs the answer, without a message. It then mails a report to the sender, unless that is its own
address for bounces of bounces, with the host's name behind it (measured with Postfix 3.7).
"""

import asyncio
import re

from mailvet.acts import Acts, Commands, Connections, Scope, reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.null_client import (
    HandoverFacts,
    NextHop,
    RelayAnswer,
    RelayAnswerFacts,
    next_hops,
    parse_handover,
)
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.reach import ExposureFacts
from mailvet.facts.standpoint import DIRECT, Standpoint
from mailvet.model import Cause, Shell, Target
from mailvet.probes.exposure import AT_ONCE, knock
from mailvet.probes.shell import quote, run
from mailvet.probes.standpoint import own_addresses
from mailvet.transcript import Transcript

SMTP_PORTS = (25, 465, 587)

MAX_RELAYS = 5
"""Elements of relayhost that are tried."""

SSH_PORT = 22

BARE = "postmaster"
"""A recipient without a domain, who exists at every domain (RFC 5321 §4.5.1)."""

PATIENCE = 40
"""Seconds for Postfix to say what becomes of a recipient; a relay may be silent for 30."""

_GREETING = r"""
exec 3<>"/dev/tcp/$1/$2" || exit 7
IFS= read -r -t 20 line <&3 || exit 8
printf '%s\n' "$line"
printf 'QUIT\r\n' >&3
"""
"""For bash, which can connect by itself; a name is resolved as the host's other programs do."""

_NEEDS_BASH = "command -v bash >/dev/null || { echo 'bash is missing' >&2; exit 9; }\n"

_INSIDE_TLS = r"""
printf 'QUIT\r\n' | timeout 20 openssl s_client -quiet -connect "$where" 2>/dev/null | head -n 1
"""

_VERIFY = r"""
since=$(date +%s)
log=$(postconf -hx maillog_file 2>/dev/null)
command=$(postconf -hx sendmail_path 2>/dev/null)
lines() {
    case $log in /dev/*) ;; /*) tail -c 2000000 "$log" 2>/dev/null; return;; esac
    if command -v journalctl >/dev/null; then
        journalctl -q --no-pager -o short-iso SYSLOG_FACILITY=2 --since "@$since" 2>/dev/null
    fi
    for file in /var/log/maillog /var/log/mail.log /var/log/mail; do
        [ -f "$file" ] && tail -c 2000000 "$file"
    done
}
echo @@said
sender=$(postconf -hx double_bounce_sender)@$(postconf -hx myhostname)
"${command:-/usr/sbin/sendmail}" -bv -f "$sender" "$local" "$remote" "$bare" 2>&1
end=$((since + patience))
while [ "$(date +%s)" -lt "$end" ]; do
    id=$(lines | grep -aF "to=<$local>" | head -n 1 | sed 's/.*\]: \([0-9A-Za-z]*\): to=.*/\1/')
    [ -n "$id" ] && lines | grep -q "\]: $id: removed" && break
    sleep 0.3
done
echo @@log
[ -z "$id" ] || lines | grep -a "\]: $id: " | sort -u | head -n 40 | cut -c 1-1000
exit 0
"""


async def probe_relay_answer(context: ProbeContext) -> RelayAnswerFacts:
    """
    The greeting of every relay that ``relayhost`` names, as the host itself gets it.

    Raises:
        ProbeError: BLOCKED if no relay is named.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    hops = [each for each in next_hops(postfix) if each.host][:MAX_RELAYS]
    if not hops:
        raise ProbeError(Cause.BLOCKED, "relayhost names no host")
    wrapped = postfix.enabled("smtp_tls_wrappermode")
    answers, commands = [], []
    for hop in hops:
        title = f"the first line of {hop.text}"
        output = await run(context, _greeting_script(hop, wrapped=wrapped), title=title, timeout=40)
        greeting = output.stdout.strip().split("\n")[0].strip()[:300]
        failure = output.complaints[-1] if output.complaints else ""
        answers.append(RelayAnswer(hop.text, greeting, failure))
        commands.append(output.evidence())
    return RelayAnswerFacts(tuple(answers), tuple(commands))


def _greeting_script(hop: NextHop, *, wrapped: bool) -> str:
    host, port = hop.place
    if wrapped:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"where={quote(where)}\n{_INSIDE_TLS}"
    words = " ".join(quote(each) for each in (_GREETING, "relay", host, port))
    return f"{_NEEDS_BASH}bash -c {words}"


async def probe_handover(context: ProbeContext) -> HandoverFacts:
    """
    What becomes of mail to the host itself, and of mail to the mail domain.

    Raises:
        ProbeError: There is no shell, or nobody in the mail domain is known.
    """
    remote = _recipient(context.target)
    if not remote:
        detail = (
            "nobody is known to whom mail could go: declare expect.mail.domain, or add "
            f"[hosts.{context.target.key}.accounts.NAME]"
        )
        raise ProbeError(Cause.CREDENTIALS, detail)
    # Nobody has this address, so no alias leads elsewhere; and it tells our lines in the log.
    local = f"mailvet-{context.nonce}@[127.0.0.1]"
    values = {
        "local": local,
        "remote": remote,
        "bare": BARE,
        "patience": str(PATIENCE),
    }
    settings = "".join(f"{name}={quote(value)}\n" for name, value in values.items())
    title = f"sendmail -bv {local} {remote} {BARE}; the mail log about it"
    output = await run(context, settings + _VERIFY, title=title, timeout=PATIENCE + 20)
    return parse_handover(output, local, remote, BARE)


def _recipient(target: Target) -> str:
    """
    A test account, or the address that every mail domain has (RFC 5321 §4.5.1).
    """
    domain = target.expect.mail.domain
    addresses = [each.address for each in target.accounts.values()]
    return next(iter(addresses), f"postmaster@{domain}" if domain else "")


async def probe_closed_ports(context: ProbeContext) -> ExposureFacts:
    """
    Whether the SMTP ports accept connections from the network.

    Raises:
        ProbeError: BLOCKED if the host's sshd does not answer either, for then silence says
            nothing; VANTAGE if the host is known by a loopback address.
    """
    if any(_loopback(each) for each in await own_addresses(context)):
        detail = f"{context.target.address} is an address of the loopback interface"
        raise ProbeError(Cause.VANTAGE, detail)
    log = Transcript()
    limit = asyncio.Semaphore(AT_ONCE)
    port = ssh_port(context.target.shell)
    places = [Standpoint(DIRECT, None, "")]
    places += [Standpoint(name.value, each, "") for name, each in context.target.vantages.items()]
    for place in places:
        control = await knock(context, place, port, limit, log)
        if control.open:
            states = [await knock(context, place, each, limit, log) for each in SMTP_PORTS]
            return ExposureFacts(place.name, (port,), tuple(states), log.freeze())
    tried = ", ".join(each.name for each in places)
    detail = f"port {port} (sshd) does not answer from {tried}, so silence proves nothing"
    raise ProbeError(Cause.BLOCKED, detail, log.freeze())


def _loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def ssh_port(shell: Shell | None) -> int:
    """
    The port of the host's sshd, which shows that the host is there.
    """
    found = re.search(r"^ssh://.*:(\d+)$", shell.connection) if shell else None
    return int(found[1]) if found else SSH_PORT


def _exposure_acts(scope: Scope) -> Acts:
    ports = (ssh_port(scope.target.shell), *SMTP_PORTS)
    return tuple(Connections(port, 1 + len(scope.target.vantages), anywhere=True) for port in ports)


def _handover_acts(_: Scope) -> Acts:
    changes = "has Postfix ask the relay whether it would take a recipient; no message is sent"
    return (Commands("what sendmail -bv and the mail log say", changes=changes),)


FACTS = (
    FactSpec("closed_ports", probe_closed_ports, ExposureFacts, acts=_exposure_acts),
    FactSpec(
        "relay_answer",
        probe_relay_answer,
        RelayAnswerFacts,
        acts=reads(
            "the greetings of the relays that relayhost names",
            most=MAX_RELAYS,
            changes="connects to these relays from the host, once each",
        ),
        needs=("postfix",),
    ),
    FactSpec("handover", probe_handover, HandoverFacts, acts=_handover_acts),
)
