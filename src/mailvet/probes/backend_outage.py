"""
Cuts Dovecot off from its database or directory for some seconds, and watches what it answers.

The way is cut on the audited host, so that nobody else who asks the same backend notices. Packets
are refused at once, as if the service were stopped; the kernel forgets about it after a time that
is set with the rule itself, and a timer of systemd removes the rest, also if the audit is killed.
"""

import asyncio
import contextlib
import dataclasses
import secrets
import time
from collections.abc import AsyncIterator

from mailvet.acts import Acts, Commands, FailingLogins, Scope, logs_in, takes_logins
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFacts, central_driver
from mailvet.facts.backend_outage import (
    MOST_SECONDS,
    BackendOutageFacts,
    Delivery,
    delivery,
    parse_cut,
    parse_refused,
    servers,
)
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.lmtp import LmtpFacts
from mailvet.facts.login import Answer, Login
from mailvet.facts.recipients import RecipientReply
from mailvet.model import Cause, Endpoint, Protocol, Target
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.recipients import nobody_at
from mailvet.probes.session import client_name, secured
from mailvet.probes.shell import quote, run
from mailvet.probes.socket_talk import SocketTalks
from mailvet.secret import Secret

_BETWEEN = 1.0
"""Seconds between two logins, when the backend is back."""

_PATIENCE = 3
"""Seconds to wait for an answer of LMTP: the longer Dovecot tries in vain, the longer it rests."""

_CUT = r"""
table=TABLE
command -v nft >/dev/null || { echo @@missing; exit 0; }
systemd-run --quiet --collect --on-active=SECONDS --unit=$table nft delete table inet $table || exit
nft -f - <<END || exit
table inet $table {
    counter refused { }
    set four { type ipv4_addr . inet_service; flags timeout; }
    set six { type ipv6_addr . inet_service; flags timeout; }
    chain out {
        type filter hook output priority -200; policy accept;
        ip daddr . tcp dport @four counter name refused reject with tcp reset
        ip6 daddr . tcp dport @six counter name refused reject with tcp reset
    }
}
END
echo @@cut
cut_off() {
    for address in $(getent ahosts "$1" | awk '{ print $1 }' | sort -u); do
        case $address in *:*) family=six;; *) family=four;; esac
        nft add element inet $table $family "{ $address . $2 timeout SECONDSs }" &&
            echo "$address $2"
    done
}
SERVERS
exit 0
"""

_RESTORE = r"""
table=TABLE
echo @@counter; nft list counter inet $table refused
nft delete table inet $table
systemctl stop $table.timer
exit 0
"""


async def probe_backend_outage(context: ProbeContext) -> BackendOutageFacts:
    """
    Logins and recipients without the backend, and again when it is back.

    Raises:
        ProbeError: There is no such backend on the network, no way to cut it off, no account, or
            the login did not work before.
    """
    own = dataclasses.replace(context, endpoint=await _usable(context))
    backend: BackendFacts = await context.fact("backend")
    ways = servers(backend)
    if not ways:
        detail = "Dovecot asks its backend through a socket of the host: there is no way to cut"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    post = await _post(context)
    start = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        first, second = [(await stack.enter_async_context(secured(own)))[0] for _ in range(2)]
        gone = await stack.enter_async_context(_without(context, ways))
        login, wrong, known, unknown = await asyncio.gather(
            sasl.log_in(own, first, own.account()),
            _log_in_wrongly(own, second),
            post.ask(context, post.known),
            post.ask(context, post.unknown),
        )
        transcript = first.wire.transcript.freeze() + second.wire.transcript.freeze()
        seconds = time.monotonic() - start
    recovery, later = await _recovered(own)
    later_known = await post.ask(context, post.known)
    return BackendOutageFacts(
        servers=gone.servers,
        refused=gone.refused,
        seconds=round(seconds, 3),
        login=login,
        wrong=wrong,
        known=known,
        unknown=unknown,
        recovery=recovery,
        later=later,
        later_known=later_known,
        transcript=transcript,
        commands=(*gone.commands, *post.commands),
    )


@dataclasses.dataclass(slots=True)
class _Gone:
    """
    What is cut off, and how often it was missed.
    """

    servers: tuple[str, ...]
    commands: tuple[CommandOutput, ...]
    refused: int = 0


@contextlib.asynccontextmanager
async def _without(
    context: ProbeContext, ways: tuple[tuple[str, str], ...]
) -> AsyncIterator[_Gone]:
    """
    Cuts the way to the backend, and opens it again whatever happens.
    """
    table = f"mailvet_{''.join(each for each in context.nonce if each.isalnum())}"
    cuts = "\n".join(f"cut_off {quote(host)} {quote(port)}" for host, port in ways)
    script = _CUT.replace("SERVERS", cuts).replace("SECONDS", str(MOST_SECONDS))
    named = ", ".join(f"{host} port {port}" for host, port in ways)
    try:
        done = await run(
            context, script.replace("TABLE", table), title=f"nft: refuse packets to {named}"
        )
        if "missing" in sections(done.stdout):
            raise ProbeError(Cause.TOOL, "nft is not installed on the host (package nftables)")
        gone = _Gone(parse_cut(done), (done.evidence(),))
        if not gone.servers:
            said = done.stderr.strip().splitlines()
            detail = f"the way to {named} could not be cut: {said[-1] if said else 'no address'}"
            raise ProbeError(Cause.TOOL, detail)
        yield gone
    finally:
        title = "nft: refuse nothing any more"
        done = await run(context, _RESTORE.replace("TABLE", table), title=title)
    gone.refused = parse_refused(done)
    gone.commands = (*gone.commands, done.evidence())


@dataclasses.dataclass(frozen=True, slots=True)
class _Post:
    """
    Dovecot's LMTP service, and whom to ask it about; no socket if there is no such service.
    """

    socket: str
    known: RecipientReply | None
    unknown: RecipientReply
    commands: list[CommandOutput] = dataclasses.field(default_factory=list)

    async def ask(self, context: ProbeContext, recipient: RecipientReply | None) -> Delivery | None:
        """
        Asks about one recipient; the other need not wait for the answer.
        """
        if not self.socket or recipient is None:
            return None
        talks = SocketTalks(seconds=_PATIENCE)
        rcpt = f"RCPT TO:<{recipient.handed_over}>"
        hello = f"LHLO {client_name(context)}"
        talks.add("root", self.socket, hello, "MAIL FROM:<>", rcpt, "RSET", "QUIT")
        (talk,), held = await talks.hold(context)
        self.commands.extend(held)
        return delivery(talk, recipient)


async def _post(context: ProbeContext) -> _Post:
    lmtp: LmtpFacts = await context.fact("lmtp")
    dovecot: DovecotConfig = await context.fact("dovecot")
    socket = lmtp.used
    if not socket and lmtp.enabled:
        ports = (each.port for each in dovecot.listeners("lmtp") if each.port)
        socket = next((f"inet:localhost:{port}" for port in ports), "")
    name = nobody_at(context)
    return _Post(socket, next(iter(lmtp.recipients), None), RecipientReply(name, name, None))


async def _log_in_wrongly(own: ProbeContext, speaker: Dialogue) -> Login:
    """
    A wrong password for the same account.
    """
    user, wrong = own.account().user, Secret(secrets.token_urlsafe(12))
    reply = await sasl.begin(speaker)
    if reply.continuation:
        return await sasl.finish(own, speaker, user, wrong)
    return Login(own.service.protocol, user, sasl.PLAIN, None, f"no exchange begins: {reply}", 0.0)


async def _usable(context: ProbeContext) -> Endpoint:
    """
    A service on which the login works.
    """
    failure = ProbeError(Cause.BLOCKED, "no service with logins inside TLS is declared")
    for endpoint in _services(context.target):
        try:
            found = await context.fact("login", endpoint)
        except ProbeError as exc:
            failure = exc
            continue
        if found.plain.answer is Answer.ACCEPTED:
            return endpoint
        failure = ProbeError(Cause.BLOCKED, f"the login does not work anyway: {found.plain}")
    raise failure


def _services(target: Target) -> list[Endpoint]:
    return sorted(takes_logins(target), key=lambda each: each.protocol is not Protocol.IMAP)


async def _recovered(own: ProbeContext) -> tuple[float | None, Login]:
    """
    Logs in until it works, and tells how long that took.
    """
    start = time.monotonic()
    while True:
        async with secured(own) as (speaker, _):
            login = await sasl.log_in(own, speaker, own.account())
        seconds = time.monotonic() - start
        if login.answer is Answer.ACCEPTED:
            return round(seconds, 3), login
        if seconds + _BETWEEN > own.target.expect.dovecot.backend_recovery:
            return None, login
        await asyncio.sleep(_BETWEEN)


def _acts(scope: Scope) -> Acts:
    services = _services(scope.target)
    if not central_driver(scope.target.roles) or not services:
        return ()
    most = 3 + int(scope.target.expect.dovecot.backend_recovery / _BETWEEN)
    rule = f"a rule that refuses packets from the host to its backend, for {MOST_SECONDS} s at most"
    return (
        Commands("the way to the database or directory", 2, changes=rule),
        Commands("what LMTP says to two recipients without it, and to one with it", 3),
        FailingLogins(1, "a test account, while its backend is away"),
        *(act for each in services for act in logs_in(each, scope.account(), most)),
    )


FACTS = (
    FactSpec(
        "backend_outage",
        probe_backend_outage,
        BackendOutageFacts,
        acts=_acts,
        needs=("backend", "dovecot", "lmtp", "login"),
        stage=Stage.OUTAGE,
    ),
)
