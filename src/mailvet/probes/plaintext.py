"""
Tries to log in before TLS, with an account and a password that cannot exist.
"""

import base64
import secrets
from collections.abc import Awaitable, Callable

from mailvet.acts import ENVELOPE, LOGIN_VERBS, Acts, FailingLogins, Scope, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.plaintext import (
    ClearLogin,
    ClearMailFacts,
    PlaintextFacts,
    Treatment,
    treatment,
)
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Protocol
from mailvet.probes.dialogue import Dialogue, Pop3, Smtp
from mailvet.probes.relay import TLS_REQUIRED, envelope, foreign_addresses, local_recipients
from mailvet.probes.session import client_name, in_clear
from mailvet.probes.standpoint import elsewhere
from mailvet.probes.wire import Wire, dial
from mailvet.transcript import Line

GREETING_PATIENCE = 3.5
"""How many times the usual timeout the greeting may take; the probe's deadline is near then."""

Attempt = Callable[[Dialogue, str, str], Awaitable[Reply]]


async def probe_plaintext(context: ProbeContext) -> PlaintextFacts:
    """
    What is announced before TLS, and every usual way to log in, one connection each.

    The ways that are broken off before the password come first, and the first that the server
    takes is the last: a server that looks at wrong passwords makes us wait for each of them.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    place = await elsewhere(context)
    transcript: list[Line] = []
    async with in_clear(context, through=place.through) as (speaker, announced):
        await speaker.quit()
        transcript += speaker.wire.transcript.freeze()
    logins: list[ClearLogin] = []
    protocol = context.service.protocol
    for name, attempt in _WAYS[protocol]:
        logins.append(await _try(context, place, name, attempt, transcript))
        if treatment(protocol, logins[-1]) is Treatment.LOOKED:
            break
    return PlaintextFacts(protocol, place, announced, tuple(logins), tuple(transcript))


async def _try(
    context: ProbeContext, place: Standpoint, name: str, attempt: Attempt, transcript: list[Line]
) -> ClearLogin:
    user = f"{context.nonce}-nobody"
    answered = False
    reply: Reply | None = None
    async with context.lane.failing:
        try:
            async with in_clear(context, through=place.through) as (speaker, announced):
                answered = _answered(speaker, announced)
                reply = await attempt(speaker, user, secrets.token_urlsafe(12))
                after = await _still_there(speaker)
                transcript += speaker.wire.transcript.freeze()
                return ClearLogin(name, answered, reply, after)
        except ProbeError as exc:
            transcript += exc.transcript
            return ClearLogin(name, answered, reply, False, exc.detail)


def _answered(speaker: Dialogue, announced: Capabilities) -> bool:
    hello = getattr(speaker, "ehlo_reply", None)
    return bool(announced.items) or (hello is not None and hello.positive)


async def _still_there(speaker: Dialogue) -> bool | None:
    """
    Whether another command succeeds, None if the server hung up.

    POP3 has no NOOP before login; that CAPA is answered says little, that STLS is accepted a lot.
    """
    try:
        if isinstance(speaker, Pop3):
            return (await speaker.request_tls()).positive
        reply = await speaker.command("NOOP")
        await speaker.quit()
    except PeerClosedError:
        return None
    return reply.positive


def _token(user: str, password: str) -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def _with_token(command: str) -> Attempt:
    """
    A command that carries the password.
    """

    async def attempt(speaker: Dialogue, user: str, password: str) -> Reply:
        values = {"user": user, "password": password, "token": _token(user, password)}
        hidden = {"user": user, "password": "***", "token": "***"}
        return await speaker.command(command.format(**values), shown=command.format(**hidden))

    return attempt


def _broken_off(command: str) -> Attempt:
    """
    A command that makes the server ask for the password, which it does not get.
    """

    async def attempt(speaker: Dialogue, user: str, password: str) -> Reply:  # noqa: ARG001
        reply = await speaker.command(command)
        if reply.continuation:
            await speaker.answer('"*"' if command.startswith('AUTHENTICATE "') else "*")
        return reply

    return attempt


async def _user_and_pass(speaker: Dialogue, user: str, password: str) -> Reply:
    """
    USER, and PASS if the server takes USER; some refuse only the latter.
    """
    reply = await speaker.command(f"USER {user}")
    if not reply.positive:
        return reply
    return await speaker.command(f"PASS {password}", shown="PASS ***")


_SMTP = (
    ("AUTH PLAIN", _broken_off("AUTH PLAIN")),
    ("AUTH LOGIN", _broken_off("AUTH LOGIN")),
    ("AUTH PLAIN with a password", _with_token("AUTH PLAIN {token}")),
)

_WAYS: dict[Protocol, tuple[tuple[str, Attempt], ...]] = {
    Protocol.SMTP: _SMTP,
    Protocol.SUBMISSION: _SMTP,
    Protocol.IMAP: (
        ("AUTHENTICATE PLAIN", _broken_off("AUTHENTICATE PLAIN")),
        ("LOGIN", _with_token("LOGIN {user} {password}")),
        ("AUTHENTICATE PLAIN with a password", _with_token("AUTHENTICATE PLAIN {token}")),
    ),
    Protocol.POP3: (
        ("AUTH PLAIN", _broken_off("AUTH PLAIN")),
        ("USER and PASS", _user_and_pass),
        ("AUTH PLAIN with a password", _with_token("AUTH PLAIN {token}")),
    ),
    Protocol.SIEVE: (
        ("AUTHENTICATE PLAIN", _broken_off('AUTHENTICATE "PLAIN"')),
        ("AUTHENTICATE PLAIN with a password", _with_token('AUTHENTICATE "PLAIN" "{token}"')),
    ),
}


async def probe_clear_mail(context: ProbeContext) -> ClearMailFacts:
    """
    EHLO, MAIL and a local RCPT without TLS, as strangers' mail servers may send them.

    Raises:
        ProbeError: The endpoint cannot be connected to.
    """
    steps: list[tuple[str, Reply]] = []
    failure, hung_up = "", False
    async with dial(context) as wire:
        try:
            await _as_a_stranger(context, wire, steps)
        except ProbeError as exc:
            failure, hung_up = exc.detail, isinstance(exc, PeerClosedError)
        return ClearMailFacts(tuple(steps), failure, hung_up, wire.transcript.freeze())


async def _as_a_stranger(context: ProbeContext, wire: Wire, steps: list[tuple[str, Reply]]) -> None:
    """
    Fills *steps* up to the first local recipient that is accepted.
    """
    speaker = Smtp(wire, client_name=client_name(context))
    # Postfix goes silent for a minute after a crash of smtpd; only then it shows that it crashes.
    patience = GREETING_PATIENCE * context.reply_timeout
    steps.append(("greeting", await speaker.reply(timeout=patience)))
    if steps[-1][1].positive:
        steps.append(("EHLO", await speaker.command(f"EHLO {client_name(context)}")))
    if not steps[-1][1].positive:
        return
    # Some servers take no mail from domains that have no mail server, such as the reserved ones.
    for sender in (foreign_addresses(context)[0], ""):
        for recipient in local_recipients(context):
            reply = await envelope(speaker, sender, recipient)
            steps.append((f"MAIL FROM:<{sender}> RCPT TO:<{recipient}>", reply))
            if reply.positive or reply.status in {TLS_REQUIRED, "421"}:
                await speaker.quit()
                return


_VERBS: dict[Protocol, tuple[str, ...]] = {
    Protocol.IMAP: ("LOGIN", "NOOP"),
    Protocol.POP3: ("USER", "PASS"),
}
"""What the ways send besides the protocol's command for SASL."""


def _acts(scope: Scope) -> Acts:
    protocol = scope.service.protocol
    verbs = (LOGIN_VERBS[protocol], *_VERBS.get(protocol, ("NOOP",)))
    with_password = 2 if protocol in _VERBS else 1
    return (
        talks(scope.service, 1 + len(_WAYS[protocol]), *verbs, anywhere=True),
        FailingLogins(with_password, "an account that does not exist, before TLS"),
    )


FACTS = (
    FactSpec(
        "plaintext",
        probe_plaintext,
        PlaintextFacts,
        acts=_acts,
        needs=("standpoints",),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
    FactSpec(
        "clear_mail",
        probe_clear_mail,
        ClearMailFacts,
        acts=lambda scope: (talks(scope.service, 1, *ENVELOPE),),
        per_endpoint=True,
    ),
)
