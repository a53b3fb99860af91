"""
Sends one message through every service that takes mail, and follows them into the mailbox.

All messages go to one test account and are waited for over one connection, so that a server that
loses all of them costs one deadline and not one for each service.
"""

import asyncio
import contextlib
import dataclasses
import functools
import time
from email import message_from_bytes

from mailvet.acts import (
    REMOVE,
    Act,
    Acts,
    Commands,
    Logins,
    Scope,
    Stored,
    logs_in,
    nothing,
    opens_mailbox,
    talks,
)
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.delivery import DeliveriesFacts, DeliveryFacts, Sent
from mailvet.model import Account, Cause, Endpoint, Protocol, Security
from mailvet.probes import shell
from mailvet.probes.delivery import send
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.messages import Message, compose, residue
from mailvet.probes.sasl import SECOND_TRY
from mailvet.probes.standpoint import outside
from mailvet.transcript import Line

_INTERVAL = 0.1
"""Seconds between two looks into the mailbox, until it is searched as a whole."""

_LATE_INTERVAL = 0.5
"""Seconds between two looks after that."""

_INBOX_ONLY = 1.0
"""Seconds after which folders other than the INBOX are searched as well: filters may file mail."""

_NULL_SENDER = ""
"""A message without a sender never bounces to anybody."""


@dataclasses.dataclass(slots=True)
class _Parcel:
    """
    A message on its way.
    """

    endpoint: Endpoint
    message: Message
    sender: str
    standpoint: str
    sent: Sent
    accepted_at: float
    seconds: float = 0.0
    mailbox: str = ""
    copies: int = 0
    received: tuple[str, ...] = ()


async def probe_deliveries(context: ProbeContext) -> DeliveriesFacts:
    """
    Mail from outside on port 25, mail of a user on submission, all to one test account.

    Raises:
        ProbeError: There is no account, or its mail cannot be looked at.
    """
    sender = context.account(fresh=False)
    recipient = _other_account(context, sender)
    await after_first_use(context)
    endpoints = [each for each in context.target.endpoints if _takes_mail(each)]
    async with context.exclusive(recipient), open_mailbox(context, recipient) as mailbox:
        jobs = [_dispatch(context, each, sender, recipient) for each in endpoints]
        outcomes = await asyncio.gather(*jobs)
        parcels = [each for each in outcomes if isinstance(each, _Parcel)]
        failures = [each for each in outcomes if not isinstance(each, _Parcel)]
        try:
            await _await_all(context, mailbox, parcels)
        finally:
            left = await _remove(context, mailbox, recipient, parcels)
            await _unqueue(context, parcels)
        seen = mailbox.transcript.freeze()
    return DeliveriesFacts(
        tuple(_facts(each, recipient, left[each.message], seen) for each in parcels),
        tuple(failures),
    )


def _other_account(context: ProbeContext, sender: Account) -> Account:
    try:
        return context.account(fresh=False, other_than=sender.name)
    except ProbeError:
        return sender


def _takes_mail(endpoint: Endpoint) -> bool:
    protocols = {Protocol.SMTP, Protocol.SUBMISSION}
    return endpoint.protocol in protocols and endpoint.security is not Security.CLEARTEXT


async def _dispatch(
    context: ProbeContext, endpoint: Endpoint, sender: Account, recipient: Account
) -> _Parcel | tuple[str, str, str]:
    """
    Sends through *endpoint*; where that is not possible, its name with the cause and the reason.
    """
    own = dataclasses.replace(context, endpoint=endpoint)
    submitting = endpoint.protocol is Protocol.SUBMISSION
    message = compose(
        own, f"through-{endpoint.name}", sender=sender.address, recipient=recipient.address
    )
    context.ledger.announce(residue(context, recipient, message))
    address = sender.address if submitting else _NULL_SENDER
    try:
        place = None if submitting else await outside(own)
        attempt = functools.partial(
            send,
            own,
            message,
            sender=address,
            recipient=recipient.address,
            account=sender if submitting else None,
            through=place.through if place else None,
        )
        sent = await attempt()
        if sent.step == "AUTH":
            # As in sasl.logged_in: a login may fail because Dovecot was reloaded just now.
            await asyncio.sleep(SECOND_TRY)
            sent = await attempt()
    except ProbeError as exc:
        return (endpoint.name, str(exc.cause), exc.detail)
    where = str(place) if place else "direct"
    return _Parcel(endpoint, message, address, where, sent, time.monotonic())


async def _await_all(context: ProbeContext, mailbox: Mailbox, parcels: list[_Parcel]) -> None:
    """
    Looks for all accepted messages until each is found or its time is up.
    """
    start = time.monotonic()
    waiting = [each for each in parcels if each.sent.accepted]
    while waiting:
        folders, interval = ["INBOX"], _INTERVAL
        if time.monotonic() - start > _INBOX_ONLY:
            interval = _LATE_INTERVAL
            folders += [each.name for each in await mailbox.folders() if each.name != "INBOX"]
        for parcel in waiting:
            await _look_for(mailbox, parcel, folders)
        waiting = [
            each
            for each in waiting
            if not each.mailbox and each.seconds < context.target.expect.mail.delivery_deadline
        ]
        if waiting:
            await asyncio.sleep(interval)


async def _look_for(mailbox: Mailbox, parcel: _Parcel, folders: list[str]) -> None:
    for folder in folders:
        found = await mailbox.find(folder, parcel.message.message_id)
        if found:
            octets = await mailbox.fetch(folder, parcel.message.message_id) or b""
            fields = message_from_bytes(octets).get_all("Received", [])
            parcel.received = tuple(" ".join(str(each).split()) for each in fields)
            parcel.mailbox, parcel.copies = folder, len(found)
            break
    parcel.seconds = round(time.monotonic() - parcel.accepted_at, 3)


async def _remove(
    context: ProbeContext, mailbox: Mailbox, recipient: Account, parcels: list[_Parcel]
) -> dict[Message, tuple[str, ...]]:
    """
    Removes all messages, copies in other folders included; returns where some are still found.
    """
    left: dict[Message, tuple[str, ...]] = {}
    for parcel in parcels:
        left[parcel.message] = await mailbox.remove(parcel.message.message_id)
        if not left[parcel.message]:
            context.ledger.settle(residue(context, recipient, parcel.message))
    return left


async def _unqueue(context: ProbeContext, parcels: list[_Parcel]) -> None:
    """
    Takes accepted messages that did not arrive out of the queue, where there is a shell to do it.
    """
    lost = [each.sent.queue_id for each in parcels if each.sent.accepted and not each.mailbox]
    script = "; ".join(f"postsuper -d {shell.quote(each)}" for each in lost if each)
    if script:
        # Without a shell the mail system gives the message up by itself, and tells nobody.
        with contextlib.suppress(ProbeError):
            await shell.run(context, script)


def _facts(
    parcel: _Parcel, recipient: Account, left: tuple[str, ...], seen: tuple[Line, ...]
) -> DeliveryFacts:
    sent = parcel.sent
    return DeliveryFacts(
        endpoint=parcel.endpoint.name,
        message_id=parcel.message.message_id,
        sender=parcel.sender,
        recipient=recipient.address,
        standpoint=parcel.standpoint,
        accepted=sent.accepted,
        step=sent.step,
        reply=sent.reply,
        personal=sent.personal,
        queue_id=sent.queue_id,
        arrived=bool(parcel.mailbox),
        mailbox=parcel.mailbox,
        copies=parcel.copies,
        seconds=parcel.seconds,
        received=parcel.received,
        left=left,
        transcript=(*sent.transcript, *seen),
    )


async def probe_delivery(context: ProbeContext) -> DeliveryFacts:
    """
    What became of the message that was sent through this endpoint.

    Raises:
        ProbeError: None could be sent.
    """
    facts: DeliveriesFacts = await context.fact("deliveries")
    for found in facts.deliveries:
        if found.endpoint == context.service.name:
            return found
    for name, cause, detail in facts.failures:
        if name == context.service.name:
            raise ProbeError(Cause(cause), detail)
    raise ProbeError(Cause.BLOCKED, f"{context.service.name} takes no mail inside TLS")


def _acts(scope: Scope) -> Acts:
    sender = scope.account(fresh=False)
    if sender is None:
        return ()
    recipient = scope.account(fresh=False, other_than=sender.name) or sender
    found: list[Act] = [*opens_mailbox(scope.target, recipient, 1, "UID FETCH", *REMOVE)]
    for endpoint in filter(_takes_mail, scope.target.endpoints):
        submitting = endpoint.protocol is Protocol.SUBMISSION
        verbs = ("MAIL", "RCPT", "DATA")
        if submitting:
            # A refused login is tried again in the session, and in another one.
            found += [*logs_in(endpoint, None, 2, *verbs), Logins(sender.name, 4)]
        else:
            found.append(talks(endpoint, 2, *verbs, anywhere=True))
        address = sender.address if submitting else _NULL_SENDER
        way = f"mail through port {endpoint.port}"
        found.append(Stored(address, recipient.address, recipient.name, way))
    what = "takes test messages that did not arrive out of the queue"
    return (*found, Commands("nothing", changes=what))


FACTS = (
    FactSpec(
        "deliveries",
        probe_deliveries,
        DeliveriesFacts,
        acts=_acts,
        needs=("first_use", "standpoints"),
    ),
    FactSpec(
        "delivery",
        probe_delivery,
        DeliveryFacts,
        acts=nothing,
        needs=("deliveries",),
        per_endpoint=True,
    ),
)
