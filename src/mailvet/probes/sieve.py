"""
Uploads a Sieve script as a mail client does, sees what it does to mail, and takes it away again.

The script files one message, which it knows by its Message-ID, and leaves all other mail alone. An
active script of somebody else is never replaced: such an account is passed over. So is one that
another audit takes at the same time, from wherever: both store their scripts before they look for
others.
"""

import asyncio
import contextlib
import dataclasses
from dataclasses import dataclass, field

from mailvet.acts import REMOVE, Act, Acts, MailboxChanges, Scope, logs_in, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.login import Answer
from mailvet.facts.replies import Reply
from mailvet.facts.sieve import PREFIX, Filtered, ScriptList, SieveFacts, Step, quoted, same_script
from mailvet.ledger import Residue
from mailvet.model import Account, Cause, Target
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.lmtp_delivery import takes_lmtp
from mailvet.probes.messages import Message, compose
from mailvet.probes.parcels import MAY_UNQUEUE, delivered, leaves, may_deliver, may_send
from mailvet.probes.sieve_mail import exchange, ways
from mailvet.probes.sieve_scripts import (
    ACTIVE_SCRIPT,
    SCRIPT,
    list_scripts,
    literal,
    put_back,
    sieve_service,
)

MAX_ACCOUNTS = 3
"""Accounts that are asked whether a script of theirs is active."""

RIVAL_SECONDS = 2.0
"""Many times what another audit needs between storing its script and activating it."""

RIVAL_PAUSE = 0.2
"""Seconds between two looks at what it does."""

_RULE = """require "fileinto";
if header :is "message-id" {message_id} {{
  fileinto {folder};
}}
"""

_BROKEN = 'require "fileinto";\nif header :is "subject" {\n  fileinto\n'
"""No server can make sense of this."""


async def probe_sieve(context: ProbeContext) -> SieveFacts:
    """
    A script of the last test account that has none active.

    Raises:
        ProbeError: There is no account or service, or the account cannot log in.
    """
    service = sieve_service(context.target)
    if service is None:
        raise ProbeError(Cause.BLOCKED, "no ManageSieve service with TLS is declared")
    context.account(fresh=False)
    await after_first_use(context)
    virtual = await _default_script(context)
    own = dataclasses.replace(context, endpoint=service)
    rival, disturbed = "", None
    for account in _candidates(context.target):
        async with context.exclusive(account), sasl.logged_in(own, account) as (speaker, _, login):
            trial = _Trial(own, account, speaker)
            if login.reply is None or login.reply.status == "BYE":
                # The server came to grief over the scripts of a user whose password it had taken.
                trial.steps.append(Step("AUTHENTICATE", login.reply, worked=False))
                return await trial.run()
            if login.answer is not Answer.ACCEPTED:
                detail = f"{account.name} cannot log in to ManageSieve: {login}"
                raise speaker.wire.error(Cause.BLOCKED, detail)
            if not await trial.begin(virtual):
                await speaker.quit()
                continue
            facts = await trial.run()
            if not facts.rival:
                return facts
            rival, disturbed = facts.rival, facts if facts.active else disturbed
    if disturbed:
        return disturbed
    if rival:
        detail = f"other audits have their scripts on the test accounts, the last one {rival}"
        raise ProbeError(Cause.BLOCKED, f"{detail}: ask again later")
    raise ProbeError(
        Cause.CREDENTIALS,
        "each test account has an active Sieve script, and none is ever replaced: "
        f"add an account without one to [hosts.{context.target.key}.accounts]",
    )


def _candidates(target: Target) -> list[Account]:
    """
    The last accounts first: other probes use the first ones at the same time.
    """
    accounts = [each for each in target.accounts.values() if not each.fresh]
    return accounts[::-1][:MAX_ACCOUNTS]


async def _default_script(context: ProbeContext) -> str:
    """
    The name under which ManageSieve shows a script that Dovecot has for all who have none.
    """
    try:
        dovecot: DovecotConfig = await context.fact("dovecot")
    except ProbeError:
        return ""
    plugin = dovecot.section("plugin", "")
    return (plugin and plugin.get("sieve_default_name")) or ""


@dataclass(slots=True)
class _Trial:
    """
    What is done with the scripts and the mail of one account.
    """

    context: ProbeContext
    account: Account
    speaker: Dialogue
    folder: str = ""
    before: ScriptList = field(default_factory=ScriptList)
    steps: list[Step] = field(default_factory=list)
    broken: list[Step] = field(default_factory=list)
    broken_stored: bool = False
    neighbour: str = ""
    neighbour_saw: tuple[str, ...] | None = None
    neighbour_got: Reply | None = None
    filtered: list[Filtered] = field(default_factory=list)
    unsent: str = ""
    rival: str = ""

    @property
    def script(self) -> str:
        """Name of the script."""
        return f"{PREFIX}{self.context.nonce}"

    @property
    def broken_script(self) -> str:
        """Name of the script that the server must refuse."""
        return f"{self.script}-broken"

    @property
    def own(self) -> tuple[str, ...]:
        """Names of all scripts that it may store."""
        return (self.script, self.broken_script)

    async def begin(self, virtual: str) -> bool:
        """
        Looks at the scripts that there are; False if one of them is active.
        """
        try:
            reply, self.before = await list_scripts(self.speaker)
        except PeerClosedError:
            self.steps.append(Step("LISTSCRIPTS", None, worked=False))
            return True
        if not reply.positive:
            self.steps.append(Step("LISTSCRIPTS", reply, worked=False))
        return self.before.active in {"", virtual}

    async def run(self) -> SieveFacts:
        """
        Everything, and everything put back.
        """
        if not self.steps:
            async with contextlib.AsyncExitStack() as stack:
                mailbox: Mailbox | None = None
                try:
                    opened = open_mailbox(self.context, self.account)
                    mailbox = await stack.enter_async_context(opened)
                    self.folder = await mailbox.prefix()
                except ProbeError as exc:
                    self.unsent = exc.detail
                self.folder += self.script
                await self._with_script(mailbox)
        matching, other = self.filtered if self.filtered else (None, None)
        return SieveFacts(
            account=self.account.name,
            script=self.script,
            folder=self.folder,
            steps=tuple(self.steps),
            broken=tuple(self.broken),
            broken_stored=self.broken_stored,
            neighbour=self.neighbour,
            neighbour_saw=self.neighbour_saw,
            neighbour_got=self.neighbour_got,
            matching=matching,
            other=other,
            unsent=self.unsent,
            transcript=self.speaker.wire.transcript.freeze(),
            rival=self.rival,
        )

    async def _with_script(self, mailbox: Mailbox | None) -> None:
        address = self.account.address
        messages = [
            compose(self.context, f"sieve-{kind}", sender=address, recipient=address)
            for kind in ("match", "other")
        ]
        try:
            if await self._upload(messages[0]):
                await asyncio.gather(self._ask_neighbour(), self._deliver(mailbox, messages))
                _, now = await list_scripts(self.speaker)
                # One that is not active any more is the server's doing, unless another one is.
                self.rival = "" if now.active in self.own else now.active
        except PeerClosedError:
            self.steps.append(Step("", None, worked=False))
        finally:
            # What cannot be put back now stays in the ledger, for the clean-up at the end.
            with contextlib.suppress(ProbeError):
                await self._put_back()

    async def _upload(self, message: Message) -> bool:
        """
        Stores and activates the script; True if it is active.
        """
        speaker, context = self.speaker, self.context
        rule = _RULE.format(message_id=quoted(message.message_id), folder=quoted(self.folder))
        if (await speaker.command(f"CHECKSCRIPT {literal(rule)}")).positive:
            reply = await speaker.command(f"CHECKSCRIPT {literal(_BROKEN)}")
            self.broken.append(Step("CHECKSCRIPT", reply, worked=not reply.positive))
        context.ledger.announce(self._residue(SCRIPT, self.broken_script))
        reply = await speaker.command(f"PUTSCRIPT {quoted(self.broken_script)} {literal(_BROKEN)}")
        self.broken.append(Step("PUTSCRIPT", reply, worked=not reply.positive))
        context.ledger.announce(self._residue(SCRIPT, self.script))
        if not await self._step(f"PUTSCRIPT {quoted(self.script)} {literal(rule)}"):
            return False
        if not await self._alone():
            return False
        context.ledger.announce(self._residue(ACTIVE_SCRIPT, self.before.dumps()))
        if not await self._step(f"SETACTIVE {quoted(self.script)}"):
            return False
        reply, now = await list_scripts(speaker)
        self.broken_stored = self.broken_script in now.names
        active = now.active == self.script
        if now.active and not active:
            self.rival = now.active
            return False
        self.steps.append(Step("LISTSCRIPTS", reply, worked=active))
        reply = await speaker.command(f"GETSCRIPT {quoted(self.script)}")
        same = reply.positive and same_script(rule, reply.lines)
        self.steps.append(Step("GETSCRIPT", reply, worked=same))
        return active

    async def _alone(self) -> bool:
        """
        Waits until no other audit has this account; False if one has.

        Of two that came at the same time, the first in the alphabet takes it, while the other one
        waits longer. What is still there and not active after that was left behind.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            _, now = await list_scripts(self.speaker)
            if now.active != self.before.active:
                self.rival = now.active
                return False
            rivals = now.rivals(self.own)
            patience = RIVAL_SECONDS if self.script < min(rivals, default="") else 3 * RIVAL_SECONDS
            if not rivals or loop.time() - begun > patience:
                return True
            await asyncio.sleep(RIVAL_PAUSE)

    async def _step(self, command: str) -> bool:
        reply = await self.speaker.command(command)
        self.steps.append(Step(command.partition(" ")[0], reply, worked=reply.positive))
        return reply.positive

    async def _ask_neighbour(self) -> None:
        """
        Looks for the script as another user.
        """
        others = [each for each in self.context.target.accounts.values() if each != self.account]
        if not others:
            return
        other = min(others, key=lambda each: each.fresh)
        self.neighbour = other.name
        with contextlib.suppress(ProbeError):
            async with sasl.logged_in(self.context, other) as (speaker, _, login):
                if login.answer is Answer.ACCEPTED:
                    reply, seen = await list_scripts(speaker)
                    self.neighbour_got = await speaker.command(f"GETSCRIPT {quoted(self.script)}")
                    self.neighbour_saw = seen.names if reply.positive else None
                    await speaker.quit()

    async def _deliver(self, mailbox: Mailbox | None, messages: list[Message]) -> None:
        """
        Sends both messages and follows them; what keeps them from being sent is a fact.
        """
        if mailbox is None:
            return
        context, account = self.context, self.account
        folder = self._residue("folder", self.folder)
        context.ledger.announce(folder)
        created = await mailbox.create(self.folder)
        try:
            if created.positive:
                self.filtered, self.unsent = await exchange(
                    context, mailbox, account, self.folder, messages
                )
            else:
                self.unsent = f"{account.name} cannot create {self.folder}: {created}"
        except ProbeError as exc:
            self.unsent = exc.detail
        finally:
            with contextlib.suppress(ProbeError):
                if await mailbox.discard(self.folder):
                    context.ledger.settle(folder)

    async def _put_back(self) -> None:
        stored = any(each.command == "PUTSCRIPT" and each.worked for each in self.steps)
        restored = await put_back(self.speaker, self.before, self.own)
        if stored:
            reply = Reply("OK" if restored else "NO", "" if restored else "it is still there", ())
            self.steps.append(Step("DELETESCRIPT", reply, worked=restored))
        if restored:
            for name in self.own:
                self.context.ledger.settle(self._residue(SCRIPT, name))
            self.context.ledger.settle(self._residue(ACTIVE_SCRIPT, self.before.dumps()))
        await self.speaker.quit()

    def _residue(self, kind: str, name: str) -> Residue:
        return Residue(kind, self.context.target.key, self.account.name, name)


def _acts(scope: Scope) -> Acts:
    service, candidates = sieve_service(scope.target), _candidates(scope.target)
    if service is None or not candidates:
        return ()
    verbs = ("LISTSCRIPTS", "CHECKSCRIPT", "PUTSCRIPT", "SETACTIVE", "GETSCRIPT", "DELETESCRIPT")
    mail_verbs = ("NAMESPACE", "CREATE", "STATUS", "DELETE", "UID FETCH", *REMOVE)
    found: list[Act] = [MAY_UNQUEUE]
    changes = "uploads and activates a Sieve script where none is active, makes a folder for it"
    for account in candidates:
        found += logs_in(service, account, 2, *verbs)
        found += opens_mailbox(scope.target, account, 1, *mail_verbs)
        found.append(MailboxChanges(account.name, changes))
        for endpoint in ways(scope.target):
            found += (*may_send(endpoint, account, 2), leaves(endpoint, account, account, 2))
        if takes_lmtp(scope.target) and not ways(scope.target):
            found += (*may_deliver(scope, 2), delivered(account, 2))
    for account in scope.target.accounts.values():
        found += logs_in(service, account, 2, "LISTSCRIPTS", "GETSCRIPT")
    return tuple(found)


FACTS = (
    FactSpec(
        "sieve",
        probe_sieve,
        SieveFacts,
        acts=_acts,
        needs=("first_use", "lmtp_port", "standpoints", "dovecot"),
    ),
)
