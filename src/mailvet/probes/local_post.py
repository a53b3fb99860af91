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
from mailvet.probes.home import at_home, home_of
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.messages import Message, compose

_INTERVAL = 0.3
"""Seconds between two looks into the mailbox."""

_SEND = r"""
command=$(postconf -hx sendmail_path 2>/dev/null)
echo MESSAGE | base64 -d | tr -d '\r' | "${command:-/usr/sbin/sendmail}" -i -f SENDER RECIPIENT
"""

_QUEUED = r"""
queued() {
    postqueue -p | sed -n 's/^\([0-9A-Za-z]\{6,\}\)[*!]\{0,1\} .*/\1/p' | head -n 50 |
        while read -r id; do
            postcat -qh "$id" 2>/dev/null | grep -qF MESSAGE_ID && echo "$id"
        done
}
"""

_UNQUEUE = 'for id in $(queued); do postsuper -d "$id"; done\nexit 0\n'


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
            output = await hand_in(context, message, name, account)
            if output.status == 0:
                patience = context.target.expect.mail.delivery_deadline
                found = await arrival(mailbox, message, patience)
            seconds = round(time.monotonic() - start, 3)
        finally:
            if found is None:
                await unqueue(context, message)
            left = await mailbox.remove(message.message_id)
            if not left:
                home.settle(message)
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


async def hand_in(
    context: ProbeContext, message: Message, sender: str, account: Account
) -> CommandOutput:
    """
    What sendmail says to *message* for *account*.
    """
    script = _SEND.replace("MESSAGE", base64.b64encode(message.octets).decode())
    script = script.replace("SENDER", shell.quote(sender))
    script = script.replace("RECIPIENT", shell.quote(account.address))
    return await shell.run(
        context, script, title=f"sendmail -i -f {sender or '<>'} {account.address}"
    )


async def arrival(mailbox: Mailbox, message: Message, seconds: float) -> bytes | None:
    """
    The message as it is found in *mailbox* within *seconds*; None if it is not.
    """
    deadline = time.monotonic() + seconds
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


async def in_queue(
    context: ProbeContext, message: Message, script: str, *, title: str
) -> CommandOutput:
    """
    What *script* prints, in which ``queued`` lists the queue ids of *message*.
    """
    mark = shell.quote(message.message_id)
    return await shell.run(context, _QUEUED.replace("MESSAGE_ID", mark) + script, title=title)


async def unqueue(context: ProbeContext, message: Message) -> None:
    """
    Takes *message* out of the queue, if it is there.
    """
    with contextlib.suppress(ProbeError):
        await in_queue(context, message, _UNQUEUE, title="postsuper -d")


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
