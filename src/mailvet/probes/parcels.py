"""
Messages on their way to a test account: sent, waited for, removed.
"""

import asyncio
import contextlib
import dataclasses
import functools
import time
from collections.abc import Iterable
from email import message_from_bytes

from mailvet.acts import Acts, Commands, Logins, Scope, Stored, logs_in, talks
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.delivery import DeliveryFacts, Sent
from mailvet.model import Account, Endpoint, Protocol, Security
from mailvet.probes import shell
from mailvet.probes.delivery import send
from mailvet.probes.home import Home
from mailvet.probes.imap_mailbox import Mailbox
from mailvet.probes.lmtp_delivery import deliver_by_lmtp
from mailvet.probes.lmtp_session import talks_lmtp
from mailvet.probes.messages import Message
from mailvet.probes.sasl import SECOND_TRY
from mailvet.probes.standpoint import outside
from mailvet.transcript import Line

_INTERVAL = 0.1
"""Seconds between two looks into the mailbox, until it is searched as a whole."""

_LATE_INTERVAL = 0.5
"""Seconds between two looks after that."""

_INBOX_ONLY = 1.0
"""Seconds after which folders other than the INBOX are searched as well: filters may file mail."""

LMTP = "lmtp"
"""What a service is called that is in no profile: LMTP over TCP."""

_NULL_SENDER = ""
"""A message without a sender never bounces to anybody."""

MAY_UNQUEUE = Commands(
    "nothing", changes="takes test messages that did not arrive out of the queue"
)
"""What removing messages may do besides."""


@dataclasses.dataclass(slots=True)
class Parcel:
    """
    A message on its way.
    """

    service: str
    message: Message
    sender: str
    standpoint: str
    sent: Sent
    accepted_at: float
    seconds: float = 0.0
    mailbox: str = ""
    copies: int = 0
    received: tuple[str, ...] = ()


def takes_mail(endpoint: Endpoint) -> bool:
    """
    Whether mail can be sent to *endpoint* inside TLS.
    """
    protocols = {Protocol.SMTP, Protocol.SUBMISSION}
    return endpoint.protocol in protocols and endpoint.security is not Security.CLEARTEXT


async def dispatch(
    context: ProbeContext,
    endpoint: Endpoint,
    message: Message,
    sender: Account,
    recipient: str,
    home: Home,
) -> Parcel | tuple[str, str, str]:
    """
    Sends *message* through *endpoint*; where that fails, its name, the cause and the reason.

    Args:
        context: The probe's context.
        endpoint: The service.
        message: The message.
        sender: Who sends it, where that needs a login.
        recipient: Envelope recipient.
        home: Where it ends up.
    """
    own = dataclasses.replace(context, endpoint=endpoint)
    submitting = endpoint.protocol is Protocol.SUBMISSION
    home.announce(message)
    address = sender.address if submitting else _NULL_SENDER
    try:
        place = None if submitting else await outside(own)
        attempt = functools.partial(
            send,
            own,
            message,
            sender=address,
            recipient=recipient,
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
    return Parcel(endpoint.name, message, address, where, sent, time.monotonic())


async def dispatch_by_lmtp(
    context: ProbeContext, message: Message, recipient: str, home: Home
) -> Parcel | tuple[str, str, str]:
    """
    Hands *message* over by LMTP, as the SMTP server does; otherwise as ``dispatch``.
    """
    home.announce(message)
    try:
        sent = await deliver_by_lmtp(context, recipient, message)
    except ProbeError as exc:
        return (LMTP, str(exc.cause), exc.detail)
    return Parcel(LMTP, message, _NULL_SENDER, "the SMTP server", sent, time.monotonic())


async def await_all(
    context: ProbeContext, mailbox: Mailbox, parcels: list[Parcel], first: Iterable[str] = ()
) -> None:
    """
    Looks for all accepted messages until each is found or its time is up.

    Args:
        context: The probe's context.
        mailbox: The recipient's mail.
        parcels: The messages.
        first: Folders besides the INBOX in which they are expected.
    """
    start = time.monotonic()
    waiting = [each for each in parcels if each.sent.accepted]
    while waiting:
        folders, interval = ["INBOX", *first], _INTERVAL
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


async def _look_for(mailbox: Mailbox, parcel: Parcel, folders: list[str]) -> None:
    for folder in folders:
        found = await mailbox.find(folder, parcel.message.message_id)
        if found:
            octets = await mailbox.fetch(folder, parcel.message.message_id) or b""
            fields = message_from_bytes(octets).get_all("Received", [])
            parcel.received = tuple(" ".join(str(each).split()) for each in fields)
            parcel.mailbox, parcel.copies = folder, len(found)
            break
    parcel.seconds = round(time.monotonic() - parcel.accepted_at, 3)


async def remove(
    context: ProbeContext, mailbox: Mailbox, home: Home, parcels: list[Parcel]
) -> dict[Message, tuple[str, ...]]:
    """
    Removes all messages, copies in other folders included; returns where some are still found.

    What was accepted and did not arrive is taken out of the queue.
    """
    left: dict[Message, tuple[str, ...]] = {}
    for parcel in parcels:
        left[parcel.message] = await mailbox.remove(parcel.message.message_id)
        if not left[parcel.message]:
            home.settle(parcel.message)
    await _unqueue(context, parcels)
    return left


async def _unqueue(context: ProbeContext, parcels: list[Parcel]) -> None:
    """
    Takes accepted messages that did not arrive out of the queue, where there is a shell to do it.
    """
    lost = [each.sent.queue_id for each in parcels if each.sent.accepted and not each.mailbox]
    script = "; ".join(f"postsuper -d {shell.quote(each)}" for each in lost if each)
    if script:
        # Without a shell the mail system gives the message up by itself, and tells nobody.
        with contextlib.suppress(ProbeError):
            await shell.run(context, script)


def outcome(
    parcel: Parcel, recipient: str, left: tuple[str, ...], seen: tuple[Line, ...]
) -> DeliveryFacts:
    """
    What became of *parcel*, in the words of a fact.
    """
    sent = parcel.sent
    return DeliveryFacts(
        endpoint=parcel.service,
        message_id=parcel.message.message_id,
        sender=parcel.sender,
        recipient=recipient,
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


def may_deliver(scope: Scope, times: int = 1) -> Acts:
    """
    What handing over *times* messages by LMTP may do, besides that they are stored.
    """
    return (talks_lmtp(scope, times, "MAIL", "RCPT", "DATA"),)


def delivered(recipient: Account, times: int = 1) -> Stored:
    """
    Messages that ``dispatch_by_lmtp`` leaves.
    """
    return Stored(_NULL_SENDER, recipient.address, recipient.name, "LMTP over TCP", most=times)


def may_send(endpoint: Endpoint, sender: Account, times: int = 1) -> Acts:
    """
    What dispatching *times* messages through *endpoint* may do, besides that they are stored.
    """
    verbs = ("MAIL", "RCPT", "DATA")
    if endpoint.protocol is Protocol.SUBMISSION:
        # A refused login is tried again in the session, and in another one.
        sessions = logs_in(endpoint, None, 2 * times, *verbs)
        return (*sessions, Logins(sender.name, 4 * times))
    return (talks(endpoint, 2 * times, *verbs, anywhere=True),)


def leaves(endpoint: Endpoint, sender: Account, recipient: Account, times: int = 1) -> Stored:
    """
    Messages that ``dispatch`` leaves.
    """
    submitting = endpoint.protocol is Protocol.SUBMISSION
    address = sender.address if submitting else _NULL_SENDER
    way = f"mail through port {endpoint.port}"
    return Stored(address, recipient.address, recipient.name, way, most=times)
