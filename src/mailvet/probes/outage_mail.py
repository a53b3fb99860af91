"""
A message that is under way while Dovecot cannot look its recipient up, followed into its mailbox.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailvet.acts import REMOVE, Act, Commands, Scope, Stored, opens_mailbox
from mailvet.context import ProbeContext
from mailvet.facts.backend_outage import WaitingMail, reason_in_queue
from mailvet.facts.host import CommandOutput
from mailvet.facts.lmtp import LmtpFacts
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.probes.local_post import arrival, hand_in, in_queue, unqueue
from mailvet.probes.messages import Message, compose, residue

NOBODY = ""
"""The sender: a message that bounces for all that leaves no report in anybody's mail."""

_WAIT = r"""
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    id=$(queued | head -n 1)
    [ -n "$id" ] || break
    entry=$(postqueue -p | sed -n "/^$id/,/^\$/p")
    case $entry in *'('*')'*) break;; esac
    sleep 0.5
done
echo @@queued; echo "$entry"
exit 0
"""

_FLUSH = r"""
for id in $(queued); do postqueue -i "$id"; done
exit 0
"""

_BETWEEN = 3.0
"""Seconds between two attempts of Postfix: other processes of Dovecot answer each."""


@dataclass(slots=True)
class OutageMail:
    """
    The message.

    Attributes:
        context: The probe's.
        message: What is sent to the test account.
        sent: What sendmail said.
        reason: Why it waits in the queue; empty if it does not.
        commands: What was run.
    """

    context: ProbeContext
    message: Message
    sent: CommandOutput | None = None
    reason: str = ""
    commands: list[CommandOutput] = field(default_factory=list)

    async def send(self) -> None:
        """
        Hands it in on the host.
        """
        account = self.context.account()
        self.context.ledger.announce(residue(self.context, account, self.message))
        self.sent = await hand_in(self.context, self.message, NOBODY, account)
        self.commands.append(self.sent.evidence())

    async def wait(self) -> None:
        """
        Waits until Postfix has tried to deliver it, or ten seconds.
        """
        output = await in_queue(self.context, self.message, _WAIT, title="postqueue -p")
        self.commands.append(output.evidence())
        self.reason = reason_in_queue(output)

    async def follow(self, *, recovered: bool) -> WaitingMail:
        """
        Has Postfix try again, until the message is in the mailbox or the time for that is over.

        Nobody can look if Dovecot has not *recovered*; the message is taken away then.
        """
        said = ""
        if self.sent is None or self.sent.status:
            said = "; ".join(self.sent.complaints if self.sent else ())[:300] or "it was not sent"
        if said or not recovered:
            await unqueue(self.context, self.message)
            return WaitingMail(said, self.reason, None)
        account = self.context.account()
        start, found = time.monotonic(), False
        most = self.context.target.expect.dovecot.backend_recovery
        async with (
            self.context.exclusive(account),
            open_mailbox(self.context, account) as mailbox,
        ):
            try:
                while not found and time.monotonic() - start + _BETWEEN < most:
                    await in_queue(self.context, self.message, _FLUSH, title="postqueue -i")
                    found = await arrival(mailbox, self.message, _BETWEEN) is not None
            finally:
                if not found:
                    await unqueue(self.context, self.message)
                if not await mailbox.remove(self.message.message_id):
                    self.context.ledger.settle(residue(self.context, account, self.message))
        seconds = round(time.monotonic() - start, 3)
        return WaitingMail("", self.reason, seconds if found else None)


async def outage_mail(context: ProbeContext) -> OutageMail | None:
    """
    A message to the test account; None if Postfix does not deliver to Dovecot on this host.
    """
    lmtp: LmtpFacts = await context.fact("lmtp")
    if "postfix" not in context.target.roles or not lmtp.used:
        return None
    await after_first_use(context)
    address = context.account().address
    return OutageMail(context, compose(context, "outage", sender=address, recipient=address))


def acts_of_outage_mail(scope: Scope) -> Iterator[Act]:
    """
    What sending and following the message may do.
    """
    account = scope.account()
    if account is None or "postfix" not in scope.target.roles:
        return
    tries = 4 + int(scope.target.expect.dovecot.backend_recovery / _BETWEEN)
    changes = "has Postfix try again to deliver the message, or takes it out of the queue"
    yield Commands("what Postfix does with a message meanwhile", tries, changes=changes)
    yield Stored(NOBODY, account.address, account.name, "handed in with sendmail on the host")
    yield from opens_mailbox(scope.target, account, 1, "UID FETCH", *REMOVE)
