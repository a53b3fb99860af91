"""
An account for one audit at a time, also where audits start on different machines.

CREATE either makes a mailbox or says that there is one (RFC 9051 §6.3.4): whoever made it holds the
account. A server that refuses for another reason gives no such protection, and the audit goes on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from mailvet.context import ProbeContext
from mailvet.facts.folders import Folder
from mailvet.ledger import Residue
from mailvet.model import Account
from mailvet.probes.imap_mailbox import Mailbox

CLAIM = "mailvet-claim"
"""Name of the mailbox, behind the prefix of the owner's mailboxes."""

VERBS = ("NAMESPACE", "LIST", "CREATE", "STATUS", "DELETE")
"""The commands of this module."""

HELD_SECONDS = 20.0
"""Longer than any audit holds an account; what is there after that was left behind."""

PAUSE = 0.3
"""Seconds between two tries."""


@contextlib.asynccontextmanager
async def claimed(context: ProbeContext, account: Account, mailbox: Mailbox) -> AsyncIterator[None]:
    """
    Waits until no other audit holds *account*, and holds it.
    """
    name = await mailbox.prefix() + CLAIM
    residue = Residue("folder", context.target.key, account.name, name)
    context.ledger.announce(residue)
    held = False
    try:
        held = await _taken(mailbox, name)
        yield
    finally:
        if not held or await mailbox.discard(name):
            context.ledger.settle(residue)


def without_claim(folders: Iterable[Folder]) -> tuple[Folder, ...]:
    """
    The *folders* that are there for another reason.
    """
    return tuple(each for each in folders if not each.name.endswith(CLAIM))


async def _taken(mailbox: Mailbox, name: str) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + HELD_SECONDS
    while not (await mailbox.create(name)).positive:
        if name not in {each.name for each in await mailbox.folders()}:
            # Refused for another reason, or given up in this moment: the next answer tells which.
            return (await mailbox.create(name)).positive
        if loop.time() > until:
            # Left behind by an audit that was killed; ours from now on.
            return True
        await asyncio.sleep(PAUSE)
    return True
