"""
Sends well-formed mail as a mail client or another mail server does, directly or from a vantage.
"""

import asyncio
import contextlib
import functools
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiosmtplib

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.delivery import Sent
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause, Security, Shell
from mailvet.outlet import Outlet
from mailvet.probes.messages import Message
from mailvet.probes.sasl import SECOND_TRY
from mailvet.probes.session import client_name
from mailvet.probes.vantage import as_socket, pipe_through
from mailvet.transcript import Transcript

Step = Callable[[], Awaitable[aiosmtplib.SMTPResponse]]


async def send(
    context: ProbeContext,
    message: Message,
    *,
    sender: str,
    recipient: str,
    account: Account | None = None,
    through: Shell | None = None,
) -> Sent:
    """
    Sends *message* inside TLS to the endpoint, after logging in if an *account* is given.

    Raises:
        ProbeError: The endpoint cannot be connected to, offers no TLS, or falls silent.
    """
    transcript = Transcript()
    place = context.lane.connections.taken(context.urgency)
    async with place, _reachable(context, through) as connected:
        outlet = context.permit.connection(context.service.port, through=through is not None)
        client = _client(context, connected, outlet)
        try:
            return await _session(context, client, message, sender, recipient, account, transcript)
        except (aiosmtplib.SMTPTimeoutError, TimeoutError) as exc:
            raise _failure(Cause.TIMEOUT, exc, transcript) from exc
        except aiosmtplib.SMTPServerDisconnected as exc:
            failure = _failure(Cause.BLOCKED, exc, transcript)
            raise PeerClosedError(failure.cause, failure.detail, failure.transcript) from exc
        except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
            raise _failure(Cause.UNREACHABLE, exc, transcript) from exc
        finally:
            client.close()


async def _session(
    context: ProbeContext,
    client: aiosmtplib.SMTP,
    message: Message,
    sender: str,
    recipient: str,
    account: Account | None,
    transcript: Transcript,
) -> Sent:
    steps: list[tuple[str, str, Step]] = [
        ("connection", f"connect to port {context.service.port}", client.connect),
        ("EHLO", f"EHLO {client_name(context)}", client.ehlo),
    ]
    if context.service.security is Security.STARTTLS:
        steps.append(("STARTTLS", "STARTTLS", client.starttls))
        steps.append(("EHLO", f"EHLO {client_name(context)}", client.ehlo))
    if account is not None:
        password = context.password(account)
        transcript.hide(password)
        steps.append(
            ("AUTH", "AUTH PLAIN ***", lambda: client.auth_plain(account.user, password.reveal()))
        )
    steps += [
        ("MAIL", f"MAIL FROM:<{sender}>", lambda: client.mail(sender)),
        ("RCPT", f"RCPT TO:<{recipient}>", lambda: client.rcpt(recipient)),
        ("DATA", f"DATA ({message.message_id})", lambda: client.data(message.octets)),
    ]
    sent = Sent("", Reply("", "", ()), ())
    for name, shown, step in steps:
        reply = await _say(transcript, shown, step)
        if name == "AUTH" and not reply.positive:
            # For the reason that sasl.logged_in gives.
            await asyncio.sleep(SECOND_TRY)
            reply = await _say(transcript, shown, step)
        sent = Sent(name, reply, transcript.freeze())
        if not reply.positive:
            break
    with contextlib.suppress(aiosmtplib.SMTPException):
        await client.quit()
    return sent


async def _say(transcript: Transcript, shown: str, step: Step) -> Reply:
    transcript.add(">", shown)
    try:
        response = await step()
    except aiosmtplib.SMTPResponseException as exc:
        response = aiosmtplib.SMTPResponse(exc.code, exc.message)
    lines = tuple(f"{response.code} {line}" for line in response.message.splitlines())
    for line in lines or (str(response.code),):
        transcript.add("<", line.encode())
    return Reply(str(response.code), " ".join(response.message.split()), lines)


class _WatchedClient(aiosmtplib.SMTP):
    """
    Sends what an outlet lets pass.
    """

    outlet: Outlet

    async def connect(self, **options: Any) -> aiosmtplib.SMTPResponse:  # noqa: ANN401
        """
        Connects, and lets the outlet read along.
        """
        response = await super().connect(**options)
        protocol, outlet = self.protocol, self.outlet
        assert protocol is not None  # noqa: S101
        write = protocol.write

        def watched(data: bytes) -> None:
            outlet.passes(data)
            write(data)

        protocol.write = watched  # type: ignore[method-assign]
        return response


def _client(
    context: ProbeContext, connected: socket.socket | None, outlet: Outlet
) -> aiosmtplib.SMTP:
    # Whom the certificate names is judged elsewhere; here it matters what becomes of the mail.
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    trusting.set_ciphers("DEFAULT:@SECLEVEL=0")
    service = context.service
    client = _WatchedClient(
        hostname=None if connected else context.target.address,
        port=None if connected else service.port,
        sock=connected,
        local_hostname=client_name(context),
        timeout=context.reply_timeout,
        use_tls=service.security is Security.IMPLICIT_TLS,
        start_tls=False,
        tls_context=trusting,
    )
    client.outlet = outlet
    return client


@contextlib.asynccontextmanager
async def _reachable(
    context: ProbeContext, through: Shell | None
) -> AsyncIterator[socket.socket | None]:
    """
    A socket whose other end is the target as seen from *through*; None connects directly.
    """
    if through is None:
        yield None
        return
    port, limit = context.service.port, context.connect_timeout
    async with pipe_through(
        through,
        context.target.address,
        port,
        connect_timeout=limit,
        again=functools.partial(context.permit.retried, port),
    ) as pipe:
        try:
            async with as_socket(pipe.reader, pipe.writer) as connected:
                yield connected
        except PeerClosedError as exc:
            raise await pipe.why_ended() or exc from exc


def _failure(cause: Cause, exc: Exception, transcript: Transcript) -> ProbeError:
    detail = str(exc) or type(exc).__name__
    transcript.add("*", detail)
    return ProbeError(cause, detail, transcript.freeze())
