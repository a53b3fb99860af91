"""
Hands a message in on the host as its programs do, and finds it in the mailbox.
"""

import asyncio
import base64
import contextlib
import functools
import time
from email import message_from_bytes

from mailvet.acts import REMOVE, Acts, Commands, Scope, Stored
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.facts.local_post import LocalPostFacts
from mailvet.model import Account
from mailvet.probes import shell
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import Home, at_home, home_of
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.messages import Message, compose

_INTERVAL = 0.3
"""Seconds between two looks into the mailbox."""

_SEND = r"""
command=$(postconf -hx sendmail_path 2>/dev/null)
echo MESSAGE | base64 -d | tr -d '\r' | "${command:-/usr/sbin/sendmail}" -i -f SENDER RECIPIENT
"""

_UNQUEUE = r"""
for id in $(postqueue -p | sed -n 's/^\([0-9A-Za-z]\{6,\}\)[*!]\{0,1\} .*/\1/p' | head -n 50); do
    postcat -qh "$id" 2>/dev/null | grep -qF MESSAGE_ID && postsuper -d "$id"
done
exit 0
"""


async def probe_local_post(context: ProbeContext) -> LocalPostFacts:
    """
    A message from a test account's bare name to its address.

    Raises:
        ProbeError: There is no account or no shell, or the account's mail cannot be looked at.
    """
    account = context.account(fresh=False)
    home = home_of(context, account)
    if home.context is context:
        await after_first_use(context)
    name = account.user.partition("@")[0]
    message = compose(context, "posted-locally", sender=name, recipient=account.address)
    owner = home.account
    async with home.context.exclusive(owner), open_mailbox(home.context, owner) as mailbox:
        home.announce(message)
        start = time.monotonic()
        found: bytes | None = None
        left: tuple[str, ...] = ()
        try:
            output = await _hand_in(context, message, name, account)
            if output.status == 0:
                found = await _await(context, mailbox, message)
            seconds = round(time.monotonic() - start, 3)
        finally:
            left = await _remove(context, mailbox, home, message, arrived=found is not None)
        seen = mailbox.transcript.freeze()
    fields = message_from_bytes(found or b"")
    said = "; ".join(output.complaints)[:300]
    return LocalPostFacts(
        sender=name,
        taken=output.status == 0,
        said=said,
        arrived=found is not None,
        seconds=seconds,
        origin=str(fields.get("From", "")),
        return_path=str(fields.get("Return-Path", "")),
        left=left,
        commands=(output.evidence(),),
        transcript=seen,
    )


async def _hand_in(
    context: ProbeContext, message: Message, name: str, account: Account
) -> CommandOutput:
    script = _SEND.replace("MESSAGE", base64.b64encode(message.octets).decode())
    script = script.replace("SENDER", shell.quote(name))
    script = script.replace("RECIPIENT", shell.quote(account.address))
    return await shell.run(context, script, title=f"sendmail -i -f {name} {account.address}")


async def _await(context: ProbeContext, mailbox: Mailbox, message: Message) -> bytes | None:
    deadline = time.monotonic() + context.target.expect.mail.delivery_deadline
    folders = ["INBOX"]
    while True:
        for folder in folders:
            if await mailbox.find(folder, message.message_id):
                return await mailbox.fetch(folder, message.message_id)
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(_INTERVAL)
        # A filter may have filed it elsewhere.
        folders = [
            "INBOX",
            *(each.name for each in await mailbox.folders() if each.name != "INBOX"),
        ]


async def _remove(
    context: ProbeContext, mailbox: Mailbox, home: Home, message: Message, *, arrived: bool
) -> tuple[str, ...]:
    if not arrived:
        with contextlib.suppress(ProbeError):
            mark = shell.quote(message.message_id)
            await shell.run(context, _UNQUEUE.replace("MESSAGE_ID", mark), title="postsuper -d")
    left = await mailbox.remove(message.message_id)
    if not left:
        home.settle(message)
    return left


def _acts(scope: Scope) -> Acts:
    account = scope.account(fresh=False)
    if account is None:
        return ()
    what = "takes the message out of the queue if it did not arrive"
    return (
        *_home(scope, there=False),
        Commands("what sendmail says to a message", most=2, changes=what),
    )


def _home(scope: Scope, *, there: bool) -> Acts:
    account = scope.account(fresh=False)
    if account is None:
        return ()
    name = account.user.partition("@")[0]
    way = "handed in with sendmail on the host"
    stored = Stored(name, account.address, account.name, way)
    return at_home(scope, account, [stored], "UID FETCH", *REMOVE, there=there)


FACTS = (
    FactSpec(
        "local_post",
        probe_local_post,
        LocalPostFacts,
        acts=_acts,
        acts_at_mailboxes=functools.partial(_home, there=True),
        needs=("first_use",),
    ),
)
