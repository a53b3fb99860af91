"""
Cuts Dovecot off from its database or directory until it has answered, and watches what it says.

The way is cut on the audited host, so that nobody else who asks the same backend notices.
"""

import asyncio
import contextlib
import dataclasses
import secrets
import time

from mailvet.acts import Acts, Commands, FailingLogins, Scope, logs_in, takes_logins
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.backend import central_driver
from mailvet.facts.backend_outage import (
    BackendOutageFacts,
    Delivery,
    delivery,
    servers,
)
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput
from mailvet.facts.lmtp import LmtpFacts
from mailvet.facts.login import Answer, Login
from mailvet.facts.recipients import RecipientReply
from mailvet.model import Cause, Endpoint, Protocol, Target
from mailvet.probes import sasl
from mailvet.probes.cut import Way, cut_off, cuts_off
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.outage_mail import acts_of_outage_mail, outage_mail
from mailvet.probes.recipients import nobody_at
from mailvet.probes.session import client_name, secured
from mailvet.probes.socket_talk import SocketTalks
from mailvet.secret import Secret

ANSWERS = 80
"""Seconds to wait for an answer: Dovecot 2.3 keeps a question to its backend for sixty, in the hope
that a connection comes about."""

_BETWEEN = 3.0
"""Seconds between two attempts, when the backend is back."""


async def probe_backend_outage(context: ProbeContext) -> BackendOutageFacts:
    """
    Logins and recipients without the backend, and again when it is back.

    Raises:
        ProbeError: There is no such backend on the network, no way to cut it off, no account, or
            the login did not work before.
    """
    own = dataclasses.replace(context, endpoint=await _usable(context), login_timeout=ANSWERS)
    backend = servers(await context.fact("dovecot"), await context.fact("backend"))
    if not backend:
        detail = "Dovecot asks its backend through a socket of the host: there is no way to cut"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    post, mail = await _post(context), await outage_mail(context)
    start = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        first, second = [(await stack.enter_async_context(secured(own)))[0] for _ in range(2)]
        ways = [Way(each.name, each.port) for each in backend]
        cut = await stack.enter_async_context(cut_off(context, "backend", ways))
        if mail:
            await mail.send()
        login, wrong, known, unknown = await asyncio.gather(
            _log_in(own, first, context.password(own.account())),
            _log_in(own, second, Secret(secrets.token_urlsafe(12))),
            post.ask(context, post.known),
            post.ask(context, post.unknown),
        )
        transcript = first.wire.transcript.freeze() + second.wire.transcript.freeze()
        seconds = time.monotonic() - start
        if mail:
            await mail.wait()
    back = await _recovered(own, post)
    waiting = await mail.follow(recovered=back.seconds is not None) if mail else None
    return BackendOutageFacts(
        cut=cut.freeze(),
        seconds=round(seconds, 3),
        login=login,
        wrong=wrong,
        known=known,
        unknown=unknown,
        recovery=back.seconds,
        later=back.login,
        later_known=back.known,
        waiting=waiting,
        transcript=transcript,
        commands=(*cut.commands, *post.commands, *(mail.commands if mail else ())),
    )


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
        talks = SocketTalks(seconds=ANSWERS)
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


async def _log_in(own: ProbeContext, speaker: Dialogue, password: Secret) -> Login:
    """
    A login of the test account; that no answer comes is an answer, too.
    """
    user, start = own.account().user, time.monotonic()
    try:
        reply = await sasl.begin(speaker)
        if reply.continuation:
            return await sasl.finish(own, speaker, user, password)
        why = f"no exchange begins: {reply}"
    except ProbeError as exc:
        why = exc.detail
    seconds = round(time.monotonic() - start, 3)
    return Login(own.service.protocol, user, sasl.PLAIN, None, why, seconds)


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


@dataclasses.dataclass(frozen=True, slots=True)
class _Back:
    """
    How Dovecot does when its backend is back; no seconds if it does not do well in time.
    """

    seconds: float | None
    login: Login
    known: Delivery | None


async def _recovered(own: ProbeContext, post: _Post) -> _Back:
    """
    Logs in and asks for the recipient until both work: other processes of Dovecot answer each.
    """
    start = time.monotonic()
    while True:
        login = await _log_in_anew(own)
        known = await post.ask(own, post.known) if login.answer is Answer.ACCEPTED else None
        seconds = time.monotonic() - start
        if login.answer is Answer.ACCEPTED and (known is None or known.accepted):
            return _Back(round(seconds, 3), login, known)
        if seconds + _BETWEEN > own.target.expect.dovecot.backend_recovery:
            return _Back(None, login, known)
        await asyncio.sleep(_BETWEEN)


async def _log_in_anew(own: ProbeContext) -> Login:
    """
    A login in a new session; a service that does not answer has not recovered.
    """
    try:
        async with secured(own) as (speaker, _):
            return await _log_in(own, speaker, own.password(own.account()))
    except ProbeError as exc:
        return Login(own.service.protocol, own.account().user, sasl.PLAIN, None, exc.detail, 0.0)


def _acts(scope: Scope) -> Acts:
    services = _services(scope.target)
    if not central_driver(scope.target.roles) or not services:
        return ()
    tries = 1 + int(scope.target.expect.dovecot.backend_recovery / _BETWEEN)
    return (
        cuts_off("the database or directory"),
        Commands("what LMTP says to two recipients without it, and to one with it", 2 + tries),
        *acts_of_outage_mail(scope),
        FailingLogins(1, "a test account, while its backend is away"),
        *(act for each in services for act in logs_in(each, scope.account(), 2 + tries)),
    )


FACTS = (
    FactSpec(
        "backend_outage",
        probe_backend_outage,
        BackendOutageFacts,
        acts=_acts,
        needs=("backend", "dovecot", "first_use", "lmtp", "login"),
        stage=Stage.OUTAGE,
        patience=4.0,
    ),
)
