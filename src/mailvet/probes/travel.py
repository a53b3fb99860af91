"""
Changes to mailboxes, messages and scripts, one after the other, each timed until it arrives.
"""

import asyncio
import contextlib
import dataclasses
import functools
import time
from collections.abc import AsyncIterator

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.convergence import Operation
from mailvet.facts.login import Answer
from mailvet.facts.sieve import quoted
from mailvet.ledger import Residue
from mailvet.model import Account, Cause
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.home import account_of
from mailvet.probes.imap_mailbox import Mailbox
from mailvet.probes.lmtp_delivery import deliver_by_lmtp, takes_lmtp
from mailvet.probes.messages import Message
from mailvet.probes.sieve_scripts import SCRIPT, list_scripts, literal, sieve_service
from mailvet.probes.stage import INTERVAL, MissedError, Stage, worked

KEYWORD = "$MailvetProbe"
"""Keyword that is set on a message together with a flag."""

SECOND = 1.1
"""Dovecot orders changes to the names of mailboxes and to scripts by their times in seconds; of two
within one second it may take the later one for the earlier. Users are not that fast."""

REST = 1.5
"""Seconds after which a merge is looked at again: what came back or twice shows by then."""

MAIL = (
    Operation.CREATE,
    Operation.APPEND,
    Operation.FLAGS,
    Operation.EXPUNGE,
    Operation.SUBSCRIBE,
    Operation.RENAME,
    Operation.DELETE,
)


async def mail_rounds(stage: Stage, times: int) -> None:
    """
    The life of a mailbox and of a message in it; after a change that is lost, nothing is repeated.
    """
    for number in range(1, times + 1):
        if stage.over(MAIL) or stage.broken(MAIL):
            return
        try:
            await _mail_round(stage, number)
        except MissedError as missed:
            stage.lost(MAIL, number, str(missed))
        except ProbeError as exc:
            stage.interrupted(MAIL, number, exc.detail)
            return


async def _mail_round(stage: Stage, number: int) -> None:
    near, far = stage.near, stage.far
    name = await stage.name(f"{number}")
    renamed = f"{name}-renamed"
    stage.announce(folder=name)
    worked(await near.create(name), "CREATE")
    await stage.time(Operation.CREATE, number, lambda: listed(far, name))
    message = stage.message(f"converge-{number}")
    await _store(stage, number, name, message)
    worked(await near.flag(name, message.message_id, r"\Flagged", KEYWORD), "STORE")
    await stage.time(Operation.FLAGS, number, lambda: _flagged(far, name, message))
    await near.remove(message.message_id, (name,))
    await stage.time(Operation.EXPUNGE, number, lambda: _absent(far, name, message))
    worked(await near.subscribe(name), "SUBSCRIBE")
    await stage.time(Operation.SUBSCRIBE, number, lambda: _subscribed(far, name))
    stage.announce(folder=renamed)
    await stage.leave()
    await asyncio.sleep(SECOND)
    worked(await near.rename(name, renamed), "RENAME")
    await stage.time(Operation.RENAME, number, lambda: listed(far, renamed, instead_of=name))
    if await far.find(renamed, message.message_id) or await near.find(renamed, message.message_id):
        stage.fault("the expunged message is there again")
    await near.unsubscribe(name)
    await stage.leave()
    await asyncio.sleep(SECOND)
    worked(await near.delete(renamed), "DELETE")
    await stage.time(Operation.DELETE, number, lambda: _unlisted(far, renamed))


async def _store(stage: Stage, number: int, folder: str, message: Message) -> None:
    stage.announce(message=message)
    worked(await stage.near.append(folder, message.octets), "APPEND")
    await stage.time(Operation.APPEND, number, lambda: _found(stage.far, folder, message))
    here = await stage.near.find(folder, message.message_id)
    there = await stage.far.find(folder, message.message_id)
    if here != there:
        stage.fault(f"UIDs differ: {here} and {there}")


async def merge_rounds(stage: Stage, times: int) -> None:
    """
    Messages that are stored on both servers at once; each must be on both, once.

    Comes last, because it writes on the far server.
    """
    wanted = (Operation.BOTH,)
    name = await stage.name("both")
    if stage.over(wanted):
        return
    stage.announce(folder=name)
    worked(await stage.near.create(name), "CREATE")
    until = time.monotonic() + stage.limit
    while await listed(stage.far, name) is None:
        if time.monotonic() > until:
            stage.lost(wanted, 1, Operation.CREATE.value)
            return
        await asyncio.sleep(INTERVAL)
    for number in range(1, times + 1):
        if stage.over(wanted) or stage.broken(wanted):
            return
        try:
            with contextlib.suppress(MissedError):
                await _merge(stage, number, name)
        except ProbeError as exc:
            stage.interrupted(wanted, number, exc.detail)
            return


async def _merge(stage: Stage, number: int, folder: str) -> None:
    mine = stage.message(f"near-{number}")
    other = stage.message(f"far-{number}")
    for each in (mine, other):
        stage.announce(message=each)
    replies = await asyncio.gather(
        stage.near.append(folder, mine.octets), stage.far.append(folder, other.octets)
    )
    for reply in replies:
        worked(reply, "APPEND")
    count = functools.partial(_copies, stage, folder, (mine, other))

    async def merged() -> str | None:
        return "each is on both servers" if min(await count()) > 0 else None

    await stage.time(Operation.BOTH, number, merged)
    await asyncio.sleep(REST)
    if set(await count()) != {1}:
        stage.fault(f"copies after {REST:g} s: {', '.join(map(str, await count()))}")


async def _copies(stage: Stage, folder: str, messages: tuple[Message, Message]) -> tuple[int, ...]:
    return tuple(
        [
            len(await mailbox.find(folder, each.message_id))
            for mailbox in (stage.near, stage.far)
            for each in messages
        ]
    )


async def script_rounds(stage: Stage, times: int) -> None:
    """
    Sieve scripts that are stored and never activated.
    """
    wanted = (Operation.SCRIPT,)
    services = [sieve_service(each.target) for each in (stage.context, stage.partner)]
    if None in services:
        stage.unused[Operation.SCRIPT] = "no ManageSieve service with TLS is declared"
        return
    try:
        async with (
            _scripts(stage.context, stage.account) as near,
            _scripts(stage.partner, account_of(stage.partner, stage.account)) as far,
        ):
            for number in range(1, times + 1):
                if stage.over(wanted) or stage.broken(wanted):
                    break
                with contextlib.suppress(MissedError):
                    await _script_round(stage, near, far, number)
            await near.quit()
            await far.quit()
    except ProbeError as exc:
        stage.unused[Operation.SCRIPT] = exc.detail


@contextlib.asynccontextmanager
async def _scripts(context: ProbeContext, account: Account) -> AsyncIterator[Dialogue]:
    own = dataclasses.replace(context, endpoint=sieve_service(context.target))
    with context.permit.in_force():
        async with sasl.logged_in(own, account) as (speaker, _, login):
            if login.answer is not Answer.ACCEPTED:
                raise speaker.wire.error(Cause.BLOCKED, f"the login does not work: {login}")
            yield speaker


async def _script_round(stage: Stage, near: Dialogue, far: Dialogue, number: int) -> None:
    name = f"mailvet-{stage.context.nonce}-{stage.context.target.key}-{number}"
    owners = [
        (each, Residue(SCRIPT, each.target.key, account_of(each, stage.account).name, name))
        for each in (stage.context, stage.partner)
    ]
    for context, residue in owners:
        context.ledger.announce(residue)

    async def there() -> str | None:
        return name if name in (await list_scripts(far))[1].names else None

    worked(await near.command(f"PUTSCRIPT {quoted(name)} {literal('keep;')}"), "PUTSCRIPT")
    try:
        await stage.time(Operation.SCRIPT, number, there)
    finally:
        await asyncio.sleep(SECOND)
        await near.command(f"DELETESCRIPT {quoted(name)}")
        until = time.monotonic() + stage.limit
        while await there() and not stage.broken((Operation.SCRIPT,)):
            if time.monotonic() > until:
                await far.command(f"DELETESCRIPT {quoted(name)}")
                stage.fault("the removed script stays on the far server")
                break
            await asyncio.sleep(INTERVAL)
        for context, residue in owners:
            context.ledger.settle(residue)


async def delivery_rounds(stage: Stage, times: int) -> None:
    """
    Messages that come to the near server by LMTP, as from an SMTP server.
    """
    wanted = (Operation.DELIVERY,)
    if not takes_lmtp(stage.context.target):
        stage.unused[Operation.DELIVERY] = "the profile declares no LMTP over TCP to deliver by"
        return
    try:
        for number in range(1, times + 1):
            if stage.over(wanted) or stage.broken(wanted):
                return
            message = stage.message(f"delivered-{number}")
            stage.announce(message=message)
            sent = await deliver_by_lmtp(stage.context, stage.account.address, message)
            worked(sent.reply, sent.step)
            with contextlib.suppress(MissedError):
                await stage.time(
                    Operation.DELIVERY,
                    number,
                    functools.partial(found_anywhere, stage.far, message),
                )
    except ProbeError as exc:
        stage.unused[Operation.DELIVERY] = exc.detail


async def listed(mailbox: Mailbox, name: str, *, instead_of: str = "") -> str | None:
    """
    *name* if there is a mailbox of that name, and none of the other name.
    """
    names = {each.name for each in await mailbox.folders()}
    return name if name in names and instead_of not in names else None


async def _unlisted(mailbox: Mailbox, name: str) -> str | None:
    return None if await listed(mailbox, name) else name


async def _subscribed(mailbox: Mailbox, name: str) -> str | None:
    return name if name in await mailbox.subscriptions() else None


async def _found(mailbox: Mailbox, folder: str, message: Message) -> str | None:
    return message.message_id if await mailbox.find(folder, message.message_id) else None


async def _absent(mailbox: Mailbox, folder: str, message: Message) -> str | None:
    return None if await mailbox.find(folder, message.message_id) else message.message_id


async def found_anywhere(mailbox: Mailbox, message: Message) -> str | None:
    """
    The mailbox that *message* is in.
    """
    if await mailbox.find("INBOX", message.message_id):
        return "INBOX"
    for each in await mailbox.folders():
        if await mailbox.find(each.name, message.message_id):
            return each.name
    return None


async def _flagged(mailbox: Mailbox, folder: str, message: Message) -> str | None:
    flags = await mailbox.flags(folder, message.message_id)
    return ", ".join(flags) if {r"\Flagged", KEYWORD} <= set(flags) else None
