"""
Offers envelopes of a small and of too large a size; no message follows.
"""

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.replies import Capabilities
from mailvet.facts.size_limit import SizeFacts
from mailvet.model import Cause, Security
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.session import in_clear, secured

_TLS_REQUIRED = "530"
_SMALL = 1000


async def probe_size_limit(context: ProbeContext) -> SizeFacts:
    """
    Announced and enforced size; inside TLS where the server insists on it.

    Raises:
        ProbeError: The server does not talk, or not to us.
    """
    if context.service.security is not Security.IMPLICIT_TLS:
        async with in_clear(context) as (speaker, announced):
            facts = await _measure(context, speaker, announced)
        if facts.small is None or facts.small.status != _TLS_REQUIRED:
            return facts
    async with secured(context) as (speaker, announced):
        return await _measure(context, speaker, announced)


async def _measure(context: ProbeContext, speaker: Dialogue, announced: Capabilities) -> SizeFacts:
    size = next(iter(announced.parameters("SIZE")), "") if "SIZE" in announced else None
    small = await speaker.command(f"MAIL FROM:<> SIZE={_SMALL}" if size else "MAIL FROM:<>")
    large = recipient = None
    if small.positive and size and size.isdecimal() and int(size):
        await speaker.command("RSET")
        large = await speaker.command(f"MAIL FROM:<> SIZE={int(size) + 1}")
        if large.positive and context.target.accounts:
            recipient = await speaker.command(f"RCPT TO:<{context.account().address}>")
    for reply in (small, large, recipient):
        if reply is not None and reply.status == "421":
            # A limit on this client's connections is no verdict on anything else.
            raise speaker.wire.error(Cause.BLOCKED, f"the server hangs up: {reply}")
    await speaker.quit()
    return SizeFacts(size, small, large, recipient, speaker.wire.transcript.freeze())


def _acts(scope: Scope) -> Acts:
    return (talks(scope.service, 2, "MAIL", "RCPT", "RSET"),)


FACTS = (FactSpec("size_limit", probe_size_limit, SizeFacts, acts=_acts, per_endpoint=True),)
