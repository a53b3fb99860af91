"""
Asks ManageSieve for too much: a script without bounds, and one outside of the user's folder.
"""

from mailvet.acts import Acts, MailboxChanges, Scope, logs_in
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.attempt import Attempt
from mailvet.facts.login import Answer
from mailvet.facts.script_limits import ScriptLimits
from mailvet.facts.sieve import quoted
from mailvet.ledger import Residue
from mailvet.model import Cause, Protocol
from mailvet.probes import sasl
from mailvet.probes.attempt import ask
from mailvet.probes.sieve_scripts import SCRIPT

_OCTETS = 2_000_000_000


async def probe_script_limits(context: ProbeContext) -> ScriptLimits:
    """
    What the server says to the first test account; what it stores nevertheless is removed.

    Raises:
        ProbeError: There is no account, or it cannot log in.
    """
    account = context.account(fresh=False)
    name = f"../mailvet-{context.nonce}"
    residue = Residue(SCRIPT, context.target.key, account.name, name)
    async with sasl.logged_in(context, account) as (speaker, _, login):
        if login.answer is not Answer.ACCEPTED:
            detail = f"{account.name} cannot log in to ManageSieve: {login}"
            raise speaker.wire.error(Cause.BLOCKED, detail)
        size = await ask(speaker, f'HAVESPACE "mailvet-{context.nonce}" {_OCTETS}')
        if size.closed:
            # Who was thrown out for the one request was not refused the other one.
            unasked = Attempt(f"PUTSCRIPT {quoted(name)}", None, detail="not asked any more")
            return ScriptLimits(account.name, size, unasked, speaker.wire.transcript.freeze())
        context.ledger.announce(residue)
        strange = await ask(speaker, f'PUTSCRIPT {quoted(name)} "keep;"')
        if not strange.refused:
            removed = await ask(speaker, f"DELETESCRIPT {quoted(name)}")
            if removed.reply is None or not removed.reply.positive:
                return ScriptLimits(account.name, size, strange, speaker.wire.transcript.freeze())
        context.ledger.settle(residue)
        await speaker.quit()
        return ScriptLimits(account.name, size, strange, speaker.wire.transcript.freeze())


def _acts(scope: Scope) -> Acts:
    account = scope.account(fresh=False)
    if scope.service.protocol is not Protocol.SIEVE or account is None:
        return ()
    changes = "uploads a Sieve script under a name that the server should refuse, and removes it"
    return (
        *logs_in(scope.service, account, 2, "HAVESPACE", "PUTSCRIPT", "DELETESCRIPT"),
        MailboxChanges(account.name, changes),
    )


FACTS = (
    FactSpec(
        "script_limits",
        probe_script_limits,
        ScriptLimits,
        acts=_acts,
        needs=("session",),
        per_endpoint=True,
    ),
)
