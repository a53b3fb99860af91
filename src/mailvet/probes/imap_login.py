"""
Logins of IMAPClient, and what its exceptions mean.

IMAPClient blocks, so whatever it does runs in a thread of its own that nobody has to wait for:
closing the socket ends the call.
"""

import asyncio
import contextlib
import functools
import imaplib
import re

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause, Endpoint, Protocol, Security
from mailvet.probes.imap_client import Guard, GuardedClient
from mailvet.probes.sasl import SECOND_TRY
from mailvet.probes.threads import in_daemon_thread
from mailvet.transcript import Transcript

NOT_IMAP = (ValueError, LookupError, TypeError, AssertionError)
"""What IMAPClient stumbles over when a server talks nonsense."""


async def log_in(
    context: ProbeContext, account: Account, password: str, transcript: Transcript
) -> IMAPClient:
    """
    Logs in to the first declared IMAP service that takes connections.

    A refusal is asked again, once, for the reason that ``sasl.logged_in`` gives.

    Raises:
        ProbeError: There is no such service, or the login does not work.
    """
    for last in (False, True):
        client = await _connect(context, transcript)
        try:
            await in_daemon_thread(functools.partial(client.plain_login, account.user, password))
        except LoginError as exc:
            hang_up(client)
            if last:
                detail = f"{account.name} cannot log in to IMAP: {refusal(exc).text}"
                raise ProbeError(Cause.BLOCKED, detail, transcript.freeze()) from exc
            await asyncio.sleep(SECOND_TRY)
        except (imaplib.IMAP4.error, OSError, *NOT_IMAP) as exc:
            hang_up(client)
            raise lost(exc, transcript) from exc
        except BaseException:
            hang_up(client)
            raise
        else:
            break
    return client


async def _connect(context: ProbeContext, transcript: Transcript) -> IMAPClient:
    services = [each for each in context.target.endpoints if each.protocol is Protocol.IMAP]
    services = [each for each in services if each.security is not Security.CLEARTEXT]
    failure = ProbeError(Cause.BLOCKED, "no IMAP service with TLS is declared to see the mailbox")
    for service in sorted(services, key=lambda each: each.security is Security.STARTTLS):
        transcript.add("*", f"connecting to {context.target.address} port {service.port}")
        try:
            return await _client(context, service)
        except (imaplib.IMAP4.error, OSError, *NOT_IMAP) as exc:
            failure = lost(exc, transcript)
    raise failure


async def _client(context: ProbeContext, service: Endpoint) -> IMAPClient:
    guard = Guard(context.permit.connection(service.port))
    try:
        return await in_daemon_thread(functools.partial(GuardedClient, context, service, guard))
    except asyncio.CancelledError:
        guard.end()
        raise


def hang_up(client: IMAPClient) -> None:
    """
    Closes the connection, whatever state it is in.
    """
    with contextlib.suppress(OSError, imaplib.IMAP4.error):
        client.shutdown()


def refusal(exc: Exception) -> Reply:
    """
    The server's words in an exception of IMAPClient.
    """
    text = str(exc)
    found = re.match(r"\w+ failed: (.*)", text, re.DOTALL)
    return Reply("NO", found[1] if found else text, ())


def lost(exc: Exception, transcript: Transcript) -> ProbeError:
    """
    The end of a connection, and why; PeerClosedError if the server may have ended it.
    """
    detail = f"IMAP: {exc or type(exc).__name__}"
    transcript.add("*", detail)
    if isinstance(exc, TimeoutError):
        return ProbeError(Cause.TIMEOUT, detail, transcript.freeze())
    if isinstance(exc, ConnectionRefusedError):
        return ProbeError(Cause.UNREACHABLE, detail, transcript.freeze())
    return PeerClosedError(Cause.BLOCKED, detail, transcript.freeze())
