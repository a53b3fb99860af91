"""
Removes what runs created and did not remove: at the end of a run, after an interruption, and at the
start of the next run for one that was killed.
"""

import contextlib
import dataclasses
import re

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer
from mailvet.ledger import Residue
from mailvet.model import Account, Cause, Protocol
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox

_IN_MAILBOX = frozenset({"message", "subscription"})


async def clean_up(context: ProbeContext) -> tuple[Residue, ...]:
    """
    Removes everything in the ledger of the target; returns what could not be removed.
    """
    for account in context.target.accounts.values():
        own = [each for each in _outstanding(context) if each.account == account.name]
        stored = [each for each in own if each.kind in _IN_MAILBOX]
        scripts = [each for each in own if each.kind == "script"]
        # What cannot be reached stays in the ledger, and thus in the answer.
        with contextlib.suppress(ProbeError):
            if scripts:
                await _remove_scripts(context, account, scripts)
        with contextlib.suppress(ProbeError):
            if stored:
                await _tidy_mailbox(context, account, stored)
    return _outstanding(context)


def _outstanding(context: ProbeContext) -> tuple[Residue, ...]:
    return context.ledger.outstanding(context.target.key)


async def _tidy_mailbox(context: ProbeContext, account: Account, entries: list[Residue]) -> None:
    async with context.exclusive(account), open_mailbox(context, account) as mailbox:
        for entry in entries:
            if await _tidied(mailbox, entry):
                context.ledger.settle(entry)


async def _tidied(mailbox: Mailbox, entry: Residue) -> bool:
    """
    Expunges a message, or subscribes again to a folder; True if that is so now.
    """
    if entry.kind == "message":
        return not await mailbox.remove(entry.name)
    if entry.name in await mailbox.subscriptions():
        return True
    return (await mailbox.subscribe(entry.name)).positive


async def _remove_scripts(context: ProbeContext, account: Account, entries: list[Residue]) -> None:
    services = [each for each in context.target.endpoints if each.protocol is Protocol.SIEVE]
    if not services:
        return
    own = dataclasses.replace(context, endpoint=services[0])
    async with context.exclusive(account), sasl.logged_in(own, account) as (speaker, _, login):
        if login.answer is not Answer.ACCEPTED:
            raise speaker.wire.error(Cause.BLOCKED, f"the login does not work: {login}")
        for entry in entries:
            if await _script_removed(speaker, entry.name):
                context.ledger.settle(entry)
        await speaker.quit()


async def _script_removed(speaker: Dialogue, name: str) -> bool:
    """
    Deletes the script *name*, which may be active; True if there is none any more.
    """
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    listed = await speaker.command("LISTSCRIPTS")
    line = next((each for each in listed.lines if each.startswith(quoted)), "")
    if re.search(r"\bACTIVE$", line.removeprefix(quoted), re.IGNORECASE):
        # RFC 5804 §2.10: an active script cannot be deleted.
        await speaker.command('SETACTIVE ""')
    if line:
        return (await speaker.command(f"DELETESCRIPT {quoted}")).positive
    return listed.positive
