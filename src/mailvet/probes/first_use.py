"""
Opens the mailbox of every test account once, before several probes do so at the same time.

Dovecot makes a mailbox when it is first used. Sessions and deliveries that begin together on an
account that is new get in each other's way there: some are told of an internal error, and mail is
put off for minutes. Users hardly ever meet that; an audit of a new host would each time.
"""

import asyncio
import contextlib

from mailvet.acts import Acts, Scope, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.first_use import FirstUseFacts
from mailvet.model import Account
from mailvet.probes.imap_mailbox import open_mailbox


async def probe_first_use(context: ProbeContext) -> FirstUseFacts:
    """
    The accounts whose INBOX can be opened; whether it has to be is judged elsewhere.
    """
    accounts = [each for each in context.target.accounts.values() if not each.fresh]
    opened = await asyncio.gather(*(_open(context, each) for each in accounts))
    return FirstUseFacts(tuple(name for name in opened if name))


async def _open(context: ProbeContext, account: Account) -> str:
    with contextlib.suppress(ProbeError):
        async with open_mailbox(context, account) as mailbox:
            if (await mailbox.select("INBOX")).positive:
                return account.name
    return ""


async def after_first_use(context: ProbeContext) -> None:
    """
    Waits until every mailbox was opened once, as far as that is possible.
    """
    with contextlib.suppress(ProbeError):
        await context.fact("first_use")


def _acts(scope: Scope) -> Acts:
    accounts = [each for each in scope.target.accounts.values() if not each.fresh]
    found = (opens_mailbox(scope.target, each, 1) for each in accounts)
    return tuple(act for acts in found for act in acts)


FACTS = (FactSpec("first_use", probe_first_use, FirstUseFacts, acts=_acts),)
