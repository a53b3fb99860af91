"""
Stores a message through IMAP and reads it back through IMAP and POP3.
"""

import asyncio
import dataclasses

from mailvet.acts import REMOVE, Act, Acts, Scope, Stored, logs_in, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer
from mailvet.facts.stored_message import Reading, StoredMessageFacts, is_same_message
from mailvet.model import Account, Endpoint, Protocol, Security, Target
from mailvet.probes import sasl
from mailvet.probes.dialogue import Pop3
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.probes.messages import Message, compose, residue
from mailvet.transcript import Line

_LATEST = 20
"""Messages at the end of a POP3 mailbox among which ours is looked for."""


async def probe_stored_message(context: ProbeContext) -> StoredMessageFacts:
    """
    A message in the INBOX of a test account, as every service shows it.

    Raises:
        ProbeError: There is no account, or it cannot log in to IMAP.
    """
    account = context.account(fresh=False)
    await after_first_use(context)
    message = compose(context, "stored", sender=account.address, recipient=account.address)
    readings: list[Reading] = []
    lines: list[Line] = []
    async with context.exclusive(account), open_mailbox(context, account) as mailbox:
        context.ledger.announce(residue(context, account, message))
        try:
            append = await mailbox.append("INBOX", message.octets)
            if append.positive:
                octets = await mailbox.fetch("INBOX", message.message_id)
                shown = None if octets is None else _lines(octets)
                readings.append(_compared("IMAP", message, shown))
                jobs = [_read(context, each, account, message) for each in _pop3(context.target)]
                for reading, said in await asyncio.gather(*jobs):
                    readings.append(reading)
                    lines += said
        finally:
            if not await mailbox.remove(message.message_id):
                context.ledger.settle(residue(context, account, message))
        transcript = (*mailbox.transcript.freeze(), *lines)
    return StoredMessageFacts(append, tuple(readings), transcript)


def _pop3(target: Target) -> list[Endpoint]:
    return [
        each
        for each in target.endpoints
        if each.protocol is Protocol.POP3 and each.security is not Security.CLEARTEXT
    ]


async def _read(
    context: ProbeContext, endpoint: Endpoint, account: Account, message: Message
) -> tuple[Reading, tuple[Line, ...]]:
    own = dataclasses.replace(context, endpoint=endpoint)
    try:
        async with sasl.logged_in(own, account) as (speaker, _, login):
            assert isinstance(speaker, Pop3)  # noqa: S101
            if login.answer is not Answer.ACCEPTED:
                failure = f"the login does not work: {login}"
                said = speaker.wire.transcript.freeze()
                return Reading(endpoint.name, found=False, alike=False, failure=failure), said
            shown = await _retrieve(speaker, message.message_id)
            await speaker.quit()
            said = speaker.wire.transcript.freeze()
    except ProbeError as exc:
        failed = Reading(endpoint.name, found=False, alike=False, failure=exc.detail)
        return failed, exc.transcript
    return _compared(endpoint.name, message, shown), said


def _compared(service: str, message: Message, shown: list[str] | None) -> Reading:
    alike = shown is not None and is_same_message(_lines(message.octets), shown)
    return Reading(service, shown is not None, alike)


async def _retrieve(speaker: Pop3, message_id: str) -> list[str] | None:
    """
    The lines of the message, looked for from the end of the mailbox; None if it is not there.
    """
    status = await speaker.command("STAT")
    count = status.text.split()[0] if status.positive and status.text else "0"
    last = int(count) if count.isdecimal() else 0
    for number in range(last, max(last - _LATEST, 0), -1):
        top = await speaker.multiline(f"TOP {number} 0")
        if any(message_id in line for line in top.lines):
            reply = await speaker.multiline(f"RETR {number}")
            return list(reply.lines[1:]) if reply.positive else None
    return None


def _lines(octets: bytes) -> list[str]:
    return octets.decode("ascii", "replace").splitlines()


def _acts(scope: Scope) -> Acts:
    account = scope.account(fresh=False)
    if account is None:
        return ()
    found: list[Act] = [*opens_mailbox(scope.target, account, 1, "APPEND", "UID FETCH", *REMOVE)]
    for endpoint in _pop3(scope.target):
        found += logs_in(endpoint, account, 2, "STAT", "TOP", "RETR")
    address = account.address
    return (*found, Stored(address, address, account.name, "IMAP APPEND to the INBOX"))


FACTS = (
    FactSpec(
        "stored_message", probe_stored_message, StoredMessageFacts, acts=_acts, needs=("first_use",)
    ),
)
