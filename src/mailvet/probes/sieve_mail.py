"""
Mail to an account whose Sieve script is active, and the folders in which it ends up.
"""

import asyncio

from mailvet.context import ProbeContext
from mailvet.facts.sieve import Filtered
from mailvet.model import Account, Endpoint, Protocol, Target
from mailvet.probes.home import Home
from mailvet.probes.imap_mailbox import Mailbox
from mailvet.probes.lmtp_delivery import takes_lmtp
from mailvet.probes.messages import Message
from mailvet.probes.parcels import (
    Parcel,
    await_all,
    dispatch,
    dispatch_by_lmtp,
    outcome,
    remove,
    takes_mail,
)


def ways(target: Target) -> list[Endpoint]:
    """
    Services that take mail; submission first, where no greylisting stands in its way.
    """
    endpoints = [each for each in target.endpoints if takes_mail(each)]
    return sorted(endpoints, key=lambda each: each.protocol is not Protocol.SUBMISSION)


async def exchange(
    context: ProbeContext,
    mailbox: Mailbox,
    account: Account,
    folder: str,
    messages: list[Message],
) -> tuple[list[Filtered], str]:
    """
    Sends *messages* to *account* from itself and follows them; then why none was sent, if so.
    """
    sent = await asyncio.gather(*(_send(context, account, each) for each in messages))
    parcels = [parcel for parcel, _ in sent if parcel is not None]
    places: list[tuple[str, ...]] = []
    try:
        if len(parcels) == len(messages):
            await await_all(context, mailbox, parcels, (folder,))
            places = [await _places(mailbox, each) for each in parcels]
    finally:
        left = await remove(context, mailbox, Home(context, account), parcels)
    seen = mailbox.transcript.freeze()
    filtered = [
        Filtered(outcome(each, account.address, left[each.message], seen), found)
        for each, found in zip(parcels, places, strict=False)
    ]
    return filtered, next((why for _, why in sent if why), "")


async def _send(
    context: ProbeContext, account: Account, message: Message
) -> tuple[Parcel | None, str]:
    """
    Sends *message* on the first way that takes it; otherwise what was said on the last one.
    """
    home = Home(context, account)
    last: Parcel | None = None
    why = "no service that takes mail inside TLS is declared"
    for endpoint in ways(context.target):
        found = await dispatch(context, endpoint, message, account, account.address, home)
        if isinstance(found, Parcel):
            last = found
            if found.sent.accepted:
                break
        else:
            why = f"{found[0]}: {found[2]}"
    if not ways(context.target) and takes_lmtp(context.target):
        found = await dispatch_by_lmtp(context, message, account.address, home)
        if isinstance(found, Parcel):
            last = found
        else:
            why = f"{found[0]}: {found[2]}"
    return last, "" if last else why


async def _places(mailbox: Mailbox, parcel: Parcel) -> tuple[str, ...]:
    """
    Every folder that holds the message.
    """
    if not parcel.mailbox:
        return ()
    names = [each.name for each in await mailbox.folders()]
    return tuple([each for each in names if await mailbox.find(each, parcel.message.message_id)])
