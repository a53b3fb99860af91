"""
Logging in with SASL PLAIN and LOGIN, in every protocol's way (RFC 4616, 4954, 5034, 5804, 9051).
"""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError
from mailvet.facts.login import Answer, Login
from mailvet.facts.replies import Capabilities, Reply
from mailvet.model import Account
from mailvet.probes.dialogue import Dialogue, Imap, Sieve
from mailvet.probes.session import secured
from mailvet.secret import Secret

SECOND_TRY = 1.0
"""Seconds after which a refused good login is tried again."""

PLAIN = "PLAIN"
LOGIN = "LOGIN"


@contextlib.asynccontextmanager
async def logged_in(
    context: ProbeContext, account: Account, mechanism: str = PLAIN
) -> AsyncIterator[tuple[Dialogue, Capabilities, Login]]:
    """
    A dialogue inside TLS in which *account* tried to log in, with what was announced before.

    A refusal is asked again, once: some seconds after a reload Dovecot ends the processes of its
    old configuration, and logins that are under way fail as if the password were wrong.

    Raises:
        ProbeError: There is no TLS, or the password is not to be found.
    """
    for last in (False, True):
        async with secured(context) as (speaker, announced):
            login = await log_in(context, speaker, account, mechanism)
            if login.answer is Answer.ACCEPTED or last:
                yield speaker, announced, login
                return
        await asyncio.sleep(SECOND_TRY)


async def log_in(
    context: ProbeContext, speaker: Dialogue, account: Account, mechanism: str = PLAIN
) -> Login:
    """
    Logs *account* in with its own password; a server that hangs up over it is a fact.

    Raises:
        ProbeError: CREDENTIALS if its password is not to be found, or the server is silent.
    """
    password = context.password(account)
    start = time.monotonic()
    try:
        reply = await begin(speaker, mechanism)
    except PeerClosedError as exc:
        return _login(context, account.user, mechanism, start, None, exc.detail)
    if not reply.continuation:
        return _login(context, account.user, mechanism, start, reply)
    return await finish(context, speaker, account.user, password, mechanism)


async def begin(speaker: Dialogue, mechanism: str = PLAIN) -> Reply:
    """
    Starts *mechanism* without an initial response: every server must take that.

    A continuation means that the server waits for the password. Dovecot decides here, not when the
    password comes, how long it will punish the address for earlier failures.
    """
    if isinstance(speaker, Sieve):
        return await speaker.command(f'AUTHENTICATE "{mechanism}"')
    if isinstance(speaker, Imap):
        return await speaker.command(f"AUTHENTICATE {mechanism}")
    return await speaker.command(f"AUTH {mechanism}")


async def finish(
    context: ProbeContext, speaker: Dialogue, user: str, password: Secret, mechanism: str = PLAIN
) -> Login:
    """
    Sends what ``begin`` made the server wait for.
    """
    start = time.monotonic()
    secret = password.reveal()
    try:
        if mechanism == PLAIN:
            reply = await _answer(context, speaker, f"\0{user}\0{secret}", password)
        else:
            reply = await speaker.answer(encoded(user), timeout=context.login_timeout)
            if reply.continuation:
                reply = await _answer(context, speaker, secret, password)
    except PeerClosedError as exc:
        return _login(context, user, mechanism, start, None, exc.detail)
    return _login(context, user, mechanism, start, reply)


async def _answer(
    context: ProbeContext, speaker: Dialogue, message: str, password: Secret
) -> Reply:
    token = encoded(message)
    speaker.wire.transcript.hide(password, token)
    quoted = f'"{token}"' if isinstance(speaker, Sieve) else token
    return await speaker.answer(quoted, shown="***", timeout=context.login_timeout)


def _login(
    context: ProbeContext,
    user: str,
    mechanism: str,
    start: float,
    reply: Reply | None,
    failure: str = "",
) -> Login:
    seconds = round(time.monotonic() - start, 3)
    return Login(context.service.protocol, user, mechanism, reply, failure, seconds)


def encoded(text: str) -> str:
    """
    Base64, as SASL travels in all these protocols.
    """
    return base64.b64encode(text.encode()).decode()
