"""
Says something to a server that should not go along with it, where a refusal may be a closed line.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.attempt import Attempt
from mailvet.facts.replies import Reply
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Protocol
from mailvet.probes.dialogue import Dialogue, Pop3
from mailvet.probes.session import in_clear, secured

HARMLESS = {
    Protocol.SMTP: "NOOP",
    Protocol.SUBMISSION: "NOOP",
    Protocol.IMAP: "NOOP",
    Protocol.POP3: "CAPA",
    Protocol.SIEVE: "CAPABILITY",
}
"""What everybody may say, at any time."""


@contextlib.asynccontextmanager
async def as_clients_do(context: ProbeContext) -> AsyncIterator[Dialogue]:
    """
    A dialogue inside TLS where the service has it, otherwise in clear text.

    A server that ends every session after some words would look like one that refuses, so a
    harmless command comes first.

    Raises:
        ProbeError: The server turns us away, or does not do what everybody may ask for.
    """
    session: SessionFacts = await context.fact("session", context.service)
    layer = secured if session.secured else in_clear
    async with layer(context) as (speaker, _):
        command = HARMLESS[context.service.protocol]
        reply = await (speaker.multiline if isinstance(speaker, Pop3) else speaker.command)(command)
        if not reply.positive:
            raise speaker.wire.error(Cause.BLOCKED, f"{command}: {reply}")
        yield speaker


async def ask(speaker: Dialogue, command: str) -> Attempt:
    """
    Says *command*.
    """
    return await attempted(command, speaker.command(command))


async def attempted(said: str, reply: Awaitable[Reply]) -> Attempt:
    """
    What became of an attempt whose answer is *reply*.
    """
    try:
        return Attempt(said, await reply)
    except PeerClosedError as exc:
        return Attempt(said, None, closed=True, detail=exc.detail)
    except ProbeError as exc:
        return Attempt(said, None, detail=exc.detail)
