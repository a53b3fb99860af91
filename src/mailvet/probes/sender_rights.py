"""
Tries to send as oneself and as somebody else; never goes beyond RCPT.
"""

from mailvet.acts import ENVELOPE, Acts, Scope, logs_in
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.login import Answer
from mailvet.facts.sender_rights import SenderRightsFacts
from mailvet.model import Cause, Protocol
from mailvet.probes import sasl
from mailvet.probes.relay import envelope


async def probe_sender_rights(context: ProbeContext) -> SenderRightsFacts:
    """
    One session of an authenticated user: the own address first, then another user's.

    Raises:
        ProbeError: There are no two accounts, or the login does not work.
    """
    account = context.account(fresh=False)
    other = context.account(other_than=account.name)
    async with sasl.logged_in(context, account) as (speaker, _, login):
        if login.answer is not Answer.ACCEPTED:
            raise speaker.wire.error(Cause.BLOCKED, f"the login does not work: {login}")
        own_reply = await envelope(speaker, account.address, account.address)
        other_reply = await envelope(speaker, other.address, account.address)
        await speaker.quit()
        transcript = speaker.wire.transcript.freeze()
    return SenderRightsFacts(
        account.user, account.address, own_reply, other.address, other_reply, transcript
    )


def _acts(scope: Scope) -> Acts:
    if scope.service.protocol is not Protocol.SUBMISSION:
        return ()
    return logs_in(scope.service, scope.account(fresh=False), 2, *ENVELOPE)


FACTS = (
    FactSpec(
        "sender_rights", probe_sender_rights, SenderRightsFacts, acts=_acts, per_endpoint=True
    ),
)
