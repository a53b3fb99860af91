"""
What a submission service takes before and after login; never goes beyond RCPT.
"""

import asyncio

from mailvet.acts import ENVELOPE, Acts, Scope, logs_in
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.relay import Submission, SubmissionRelayFacts
from mailvet.facts.replies import Reply
from mailvet.model import Account, Protocol, Security
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.relay import envelope, foreign_addresses, local_recipients
from mailvet.probes.sasl import SECOND_TRY, encoded
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import elsewhere
from mailvet.secret import Secret


async def probe_submission_relay(context: ProbeContext) -> SubmissionRelayFacts:
    """
    Local and foreign recipients without a login, then in the same session with one.

    Raises:
        ProbeError: There is no place outside, or the service does not talk.
    """
    place = await elsewhere(context)
    local = local_recipients(context)[0]
    foreign = foreign_addresses(context)[1]
    account, password = _credentials(context)
    login: Reply | None = None
    taken: list[Submission] = []
    async with secured(context, through=place.through) as (speaker, _):
        strangers = await _strangers(context, speaker, tls=True)
        if account and password:
            login = await _login(context, speaker, account, password)
            if login.positive:
                for recipient in (local, foreign):
                    reply = await envelope(speaker, account.address, recipient)
                    taken.append(Submission(account.address, recipient, True, reply))
        await speaker.quit()
        transcript = speaker.wire.transcript.freeze()
    if context.service.security is Security.STARTTLS:
        async with in_clear(context, through=place.through) as (speaker, _):
            strangers += await _strangers(context, speaker, tls=False)
            await speaker.quit()
            transcript += speaker.wire.transcript.freeze()
    own, outward = taken or (None, None)
    return SubmissionRelayFacts(place, tuple(strangers), login, own, outward, transcript)


async def _strangers(context: ProbeContext, speaker: Dialogue, *, tls: bool) -> list[Submission]:
    stranger, foreign = foreign_addresses(context)
    local = local_recipients(context)[0]
    envelopes = [(stranger, foreign), (stranger, local), (local, local)]
    if "@" not in local:
        # Postfix takes mail for the bare postmaster past all restrictions; that opens nothing.
        envelopes = envelopes[:1]
    found = []
    for sender, recipient in envelopes:
        reply = await envelope(speaker, sender, recipient)
        found.append(Submission(sender, recipient, tls, reply))
    return found


def _credentials(context: ProbeContext) -> tuple[Account | None, Secret | None]:
    try:
        account = context.account(fresh=False)
        return account, context.password(account)
    except ProbeError:
        return None, None


async def _login(
    context: ProbeContext, speaker: Dialogue, account: Account, password: Secret
) -> Reply:
    """
    Logs in; a refusal is asked again, once, for the reason that ``sasl.logged_in`` gives.
    """
    token = encoded(f"\0{account.user}\0{password.reveal()}")
    speaker.wire.transcript.hide(password, token)
    command, shown, limit = f"AUTH PLAIN {token}", "AUTH PLAIN ***", context.login_timeout
    reply = await speaker.command(command, shown=shown, timeout=limit)
    if not reply.positive:
        await asyncio.sleep(SECOND_TRY)
        reply = await speaker.command(command, shown=shown, timeout=limit)
    return reply


def _acts(scope: Scope) -> Acts:
    if scope.service.protocol is not Protocol.SUBMISSION:
        return ()
    account = scope.account(fresh=False)
    return logs_in(scope.service, account, 2, *ENVELOPE, anywhere=True)


FACTS = (
    FactSpec(
        "submission_relay",
        probe_submission_relay,
        SubmissionRelayFacts,
        acts=_acts,
        needs=("standpoints",),
        per_endpoint=True,
    ),
)
