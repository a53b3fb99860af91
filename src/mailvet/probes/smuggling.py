"""
Ends messages in ways that are none, and looks whether the server takes them for ended.

Two servers that disagree about the end of a message let a stranger put a second message behind the
first one, which the second server takes for a message of the first (CVE-2023-51764). No second one
is sent here: that the server answers shows it. Where it does not, the connection is dropped and
the server discards what came.
"""

import asyncio
import functools
import time
from collections.abc import Collection

from mailvet.acts import REMOVE, Act, Acts, Scope, Stored, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.session import SessionFacts
from mailvet.facts.smuggling import LEGAL, VARIANTS, SmugglingFacts, Trial
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause
from mailvet.probes.dialogue import Smtp
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import Home, at_home, home_of
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.local_post import arrival
from mailvet.probes.messages import Message, compose
from mailvet.probes.parcels import MAY_UNQUEUE
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import outside

PATIENCE = 3.0
"""Seconds of silence after which a server waits for more; ten times its usual time, if longer."""

_MANY_TIMES = 10

_QUEUED_TIMES = 3
"""Where each has to wait for all others."""

SLOW = 1.0
"""Seconds for one message after which a filter is likely to look at one after the other."""

_NULL_SENDER = ""

_COMMON = "-odd-end"
"""With what follows it, the part of the Message-IDs that all of them have in common."""


async def probe_smuggling(context: ProbeContext) -> SmugglingFacts:
    """
    A message with the legal end, and behind it one for each variant, all at once.

    Raises:
        ProbeError: There is no place outside, no test account, or the server does not take the
            message with the legal end.
    """
    place = await outside(context)
    account = context.account(fresh=False)
    home = home_of(context, account)
    if home.context is context:
        await after_first_use(context)
    attempts = _Attempts(context, place, home, account.address)
    async with open_mailbox(home.context, home.account) as mailbox:
        trials: list[Trial] = []
        try:
            control = await attempts.make(LEGAL, context.reply_timeout)
            trials.append(control)
            if control.taken:
                slow = control.seconds > SLOW
                times = _QUEUED_TIMES * len(VARIANTS) if slow else _MANY_TIMES
                patience = max(PATIENCE, times * control.seconds)
                trials += await asyncio.gather(
                    *(attempts.make(each, patience) for each in VARIANTS)
                )
        finally:
            await attempts.clear(mailbox, {each.message_id for each in trials if each.taken})
    if not control.taken:
        raise ProbeError(Cause.BLOCKED, f"no message is taken: {control}", control.transcript)
    return SmugglingFacts(place, control, tuple(trials[1:]))


class _Attempts:
    """
    One message each.
    """

    def __init__(
        self, context: ProbeContext, place: Standpoint, home: Home, recipient: str
    ) -> None:
        self._messages: list[Message] = []
        self._context = context
        self._place = place
        self._home = home
        self._recipient = recipient

    async def make(self, ending: bytes, patience: float) -> Trial:
        """
        Sends a message with *ending*, and waits for a reply.
        """
        purpose = f"{ending.hex()}{_COMMON}"
        message = compose(self._context, purpose, sender="", recipient=self._recipient)
        self._home.announce(message)
        self._messages.append(message)
        session: SessionFacts = await self._context.fact("session", self._context.service)
        layer = secured if session.secured else in_clear
        try:
            async with layer(self._context, through=self._place.through) as (speaker, _):
                assert isinstance(speaker, Smtp)  # noqa: S101
                return await self._end(speaker, message, ending, patience)
        except ProbeError as exc:
            return Trial(ending, None, exc.detail, message.message_id, exc.transcript)

    async def clear(self, mailbox: Mailbox, taken: Collection[str]) -> None:
        """
        Removes what came of the messages, once those are there whose Message-IDs are in *taken*.

        Nothing of the mailbox is changed before, so others may use it while servers are silent.
        """
        if not self._messages:
            return
        async with self._home.context.exclusive(self._home.account):
            for message in self._messages:
                if message.message_id in taken:
                    limit = self._context.target.expect.mail.delivery_deadline
                    await arrival(mailbox, message, limit)
            if not await mailbox.remove(
                _COMMON + self._messages[0].message_id.partition(_COMMON)[2]
            ):
                for message in self._messages:
                    self._home.settle(message)

    async def _end(self, speaker: Smtp, message: Message, ending: bytes, patience: float) -> Trial:
        for command in (f"MAIL FROM:<{_NULL_SENDER}>", f"RCPT TO:<{self._recipient}>", "DATA"):
            reply = await speaker.command(command)
            if not (reply.positive or reply.status == "354"):
                raise speaker.wire.error(Cause.BLOCKED, f"{command}: {reply}")
        wire = speaker.wire
        body = message.octets.rstrip(b"\r\n").replace(b"\r\n.", b"\r\n..")
        # Who waits for a line feed behind CR sees that there is none.
        more = b"NOOP\r\n" if ending.endswith(b"\r") else b""
        shown = f"({message.message_id}){ending + more!r}"
        await wire.send(body + ending + more, shown=shown)
        answer = None
        start = time.monotonic()
        try:
            async with self._context.lane.idle():
                answer = await speaker.reply(timeout=patience)
        except PeerClosedError:
            pass
        except ProbeError as exc:
            if exc.cause is not Cause.TIMEOUT:
                raise
        # Only the end of the connection tells the server that no more comes.
        seconds = round(time.monotonic() - start, 3)
        return Trial(ending, answer, "", message.message_id, wire.transcript.freeze(), seconds)


def _acts(scope: Scope) -> Acts:
    account = scope.account(fresh=False)
    if account is None:
        return ()
    count = 1 + len(VARIANTS)
    found: list[Act] = [*_home(scope, there=False), MAY_UNQUEUE]
    found.append(talks(scope.service, count, "MAIL", "RCPT", "DATA", anywhere=True))
    return tuple(found)


def _home(scope: Scope, *, there: bool) -> Acts:
    account = scope.account(fresh=False)
    if account is None:
        return ()
    way = "mail that ends in odd ways"
    stored = Stored(_NULL_SENDER, account.address, account.name, way, most=1 + len(VARIANTS))
    return at_home(scope, account, [stored], "UID FETCH", *REMOVE, there=there)


FACTS = (
    FactSpec(
        "smuggling",
        probe_smuggling,
        SmugglingFacts,
        acts=_acts,
        acts_at_mailboxes=functools.partial(_home, there=True),
        needs=("first_use", "session", "standpoints"),
        per_endpoint=True,
        patience=2.0,
        # How long a server is waited for follows from how quick it is, so it had better be at rest;
        # answers to failing logins are waited for meanwhile, too.
        stage=Stage.FAILING_LOGINS,
    ),
)
