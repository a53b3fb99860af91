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

MAX_KNOWN = 5
"""Test accounts that are tried."""

_TLS_REQUIRED = "530"


async def probe_recipients(context: ProbeContext) -> RecipientFacts:
    """
    The test accounts, and behind them an address that does not exist.

    Raises:
        ProbeError: There is no place outside, no test account, or the server does not talk.
    """
    place = await outside(context)
    context.account()
    async with in_clear(context, through=place.through) as (speaker, _):
        reply = await speaker.command("MAIL FROM:<>")
        if reply.status != _TLS_REQUIRED:
            return await _asked(context, place, speaker, reply)
    async with secured(context, through=place.through) as (speaker, _):
        return await _asked(context, place, speaker, await speaker.command("MAIL FROM:<>"))


async def _asked(
    context: ProbeContext, place: Standpoint, speaker: Dialogue, reply: Reply
) -> RecipientFacts:
    if not reply.positive:
        raise speaker.wire.error(Cause.BLOCKED, f"the empty sender is refused: {reply}")
    await speaker.command("RSET")
    accounts = tuple(context.target.accounts.values())[:MAX_KNOWN]
    known = [await _rcpt(speaker, each.address) for each in accounts]
    unknown = await _rcpt(speaker, nobody_at(context))
    await speaker.quit()
    return RecipientFacts(place, tuple(known), unknown, speaker.wire.transcript.freeze())


async def _rcpt(speaker: Dialogue, address: str) -> RecipientReply:
    reply = await envelope(speaker, "", address)
    if reply.status == "421":
        raise speaker.wire.error(Cause.BLOCKED, f"the server hangs up: {reply}")
    return RecipientReply(address, address, reply)


def nobody_at(context: ProbeContext) -> str:
    """
    An address of the mail domain that does not exist; without a delimiter that could change that.

    Raises:
        ProbeError: Neither the profile nor an account tells the mail domain.
    """
    domain = context.target.expect.mail.domain or context.account().address.rpartition("@")[2]
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
