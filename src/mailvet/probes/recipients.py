"""
Asks port 25 from outside which recipients exist, and never goes beyond RCPT.
"""

from mailvet.acts import ENVELOPE, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.recipients import RecipientFacts, RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.relay import envelope
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import outside
from mailvet.transcript import Line

MAX_KNOWN = 5
"""Test accounts that are tried."""

_TLS_REQUIRED = "530"


async def probe_recipients(context: ProbeContext) -> RecipientFacts:
    """
    The test accounts, and behind them an address that does not exist.

    Raises:
        ProbeError: There is no place outside, no test account, or the server does not talk.
    """
    accounts = tuple(context.target.accounts.values())[:MAX_KNOWN]
    context.account()
    addresses = (*(each.address for each in accounts), nobody_at(context))
    place, replies, transcript = await asked_about(context, addresses)
    return RecipientFacts(place, replies[:-1], replies[-1], transcript)


async def asked_about(
    context: ProbeContext, addresses: tuple[str, ...]
) -> tuple[Standpoint, tuple[RecipientReply, ...], tuple[Line, ...]]:
    """
    From where RCPT was tried, the replies to *addresses*, and all that was said.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    place = await outside(context)
    async with in_clear(context, through=place.through) as (speaker, _):
        reply = await speaker.command("MAIL FROM:<>")
        if reply.status != _TLS_REQUIRED:
            return place, *await _asked(speaker, reply, addresses)
    async with secured(context, through=place.through) as (speaker, _):
        reply = await speaker.command("MAIL FROM:<>")
        return place, *await _asked(speaker, reply, addresses)


async def _asked(
    speaker: Dialogue, reply: Reply, addresses: tuple[str, ...]
) -> tuple[tuple[RecipientReply, ...], tuple[Line, ...]]:
    if not reply.positive:
        raise speaker.wire.error(Cause.BLOCKED, f"the empty sender is refused: {reply}")
    await speaker.command("RSET")
    replies = [await _rcpt(speaker, each) for each in addresses]
    await speaker.quit()
    return tuple(replies), speaker.wire.transcript.freeze()


async def _rcpt(speaker: Dialogue, address: str) -> RecipientReply:
    reply = await envelope(speaker, "", address)
    if reply.status == "421":
        raise speaker.wire.error(Cause.BLOCKED, f"the server hangs up: {reply}")
    return RecipientReply(address, address, reply)


def nobody_at(context: ProbeContext, domain: str = "") -> str:
    """
    An address of *domain*, by default the mail domain, that does not exist.

    It has no delimiter in it, which could change that.

    Raises:
        ProbeError: Neither the profile nor an account tells the mail domain.
    """
    domain = domain or context.target.expect.mail.domain
    domain = domain or context.account().address.rpartition("@")[2]
    return f"nobody{''.join(each for each in context.nonce if each.isalnum())}@{domain}"


FACTS = (
    FactSpec(
        "recipients",
        probe_recipients,
        RecipientFacts,
        acts=lambda scope: (talks(scope.service, 2, *ENVELOPE, anywhere=True),),
        needs=("standpoints",),
        per_endpoint=True,
    ),
)
