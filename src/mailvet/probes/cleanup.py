"""
Removes what runs created and did not remove: at the end of a run, after an interruption, and at the
start of the next run for one that was killed.
"""

import contextlib
import dataclasses

from mailvet.acts import REMOVE, Act, Acts, Scope, logs_in, opens_mailbox
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer
from mailvet.ledger import Residue
from mailvet.model import Account, Cause
from mailvet.probes import sasl
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.sieve_scripts import (
    ACTIVE_SCRIPT,
    SCRIPT,
    put_back,
    scripts_of,
    sieve_service,
)

_IN_MAILBOX = ("message", "subscription", "folder")
"""Kinds of residue in a mailbox, in the order of their removal: folders must be empty."""

_SCRIPTS = frozenset({SCRIPT, ACTIVE_SCRIPT})


async def clean_up(context: ProbeContext) -> tuple[Residue, ...]:
    """
    Removes everything in the ledger of the target; returns what could not be removed.
    """
    for account in context.target.accounts.values():
        own = [each for each in _outstanding(context) if each.account == account.name]
        stored = [each for each in own if each.kind in _IN_MAILBOX]
        stored.sort(key=lambda each: _IN_MAILBOX.index(each.kind))
        scripts = [each for each in own if each.kind in _SCRIPTS]
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
    Expunges a message, deletes an empty folder, or subscribes again; True if that is so now.
    """
    if entry.kind == "message":
        return not await mailbox.remove(entry.name)
    if entry.kind == "folder":
        return await mailbox.discard(entry.name)
    if entry.name in await mailbox.subscriptions():
        return True
    return (await mailbox.subscribe(entry.name)).positive


async def _remove_scripts(context: ProbeContext, account: Account, entries: list[Residue]) -> None:
    service = sieve_service(context.target)
    if service is None:
        return
    own = dataclasses.replace(context, endpoint=service)
    async with context.exclusive(account), sasl.logged_in(own, account) as (speaker, _, login):
        if login.answer is not Answer.ACCEPTED:
            raise speaker.wire.error(Cause.BLOCKED, f"the login does not work: {login}")
        if await put_back(speaker, *scripts_of(entries)):
            for entry in entries:
                context.ledger.settle(entry)
        await speaker.quit()


def acts_of_clean_up(scope: Scope) -> Acts:
    """
    What a clean-up may do; it does nothing unless an earlier run or this one left something.
    """
    found: list[Act] = []
    service = sieve_service(scope.target)
    for account in scope.target.accounts.values():
        mail = ("LSUB", "SUBSCRIBE", "STATUS", "DELETE", *REMOVE)
        found += opens_mailbox(scope.target, account, 1, *mail)
        if service is not None:
            scripts = ("LISTSCRIPTS", "SETACTIVE", "DELETESCRIPT")
            found += logs_in(service, account, 2, *scripts)
    return tuple(found)
