"""
Puts a message into one user's INBOX and looks at it from all sides while two users are logged in.

The other user only reads: folders of the own, and the names under which the message would be seen
on a server that does not keep its users apart.
"""

import asyncio

from mailvet.acts import REMOVE, Acts, Commands, Scope, Stored, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.mail_place import place
from mailvet.facts.mail_session import (
    HostSide,
    MailSessionFacts,
    foreign_names,
    parse_host_side,
)
from mailvet.facts.replies import Reply
from mailvet.model import Account, Target
from mailvet.probes.first_use import after_first_use
from mailvet.probes.imap_mailbox import Mailbox, open_mailbox
from mailvet.probes.messages import Message, compose, residue
from mailvet.probes.shell import quote, run
from mailvet.transcript import Line

_FOLDERS = 20
"""Folders of the other user in which the message is looked for."""

# The owner's processes by doveadm, for a process that changed its uid hides the rest from ps.
_SCRIPT = r"""
echo @@processes
doveadm who -1 2>/dev/null |
    awk -v user=USER '$2 == "imap" && ($1 == user || index(user, $1 "@") == 1) {print $3}' |
    tr -dc '0-9\n' | head -n 20 |
    while read -r pid; do awk -v p="$pid" '$1 == "Uid:" {print p, $3}' "/proc/$pid/status"; done
echo @@files
[ -d PLACE ] && timeout 10 grep -rlF --exclude='dovecot*' -e TOKEN -- PLACE | head -n 10
exit 0
"""

_Seen = tuple[Reply | None, tuple[str, ...], tuple[str, ...], str, tuple[Line, ...]]


async def probe_mail_session(context: ProbeContext) -> MailSessionFacts:
    """
    The message as its owner, another user and the host see it.

    Raises:
        ProbeError: The inventory names no account.
    """
    owner, neighbour = _pair(context.target)
    owner = owner or context.account(fresh=False)
    await after_first_use(context)
    home, mail = await _paths(context, owner)
    other = neighbour.user if neighbour else ""
    try:
        async with context.exclusive(owner), open_mailbox(context, owner) as mailbox:
            found = await _both_sides(context, owner, neighbour, mailbox, home, mail)
            lines = mailbox.transcript.freeze()
    except ProbeError as exc:
        nothing = Reply("", "", ())
        failure = f"the message of {owner.user} could not be looked at: {exc.detail}"
        nowhere = HostSide(failure)
        return MailSessionFacts(
            owner.user, other, nothing, False, None, (), (), failure, nowhere, exc.transcript
        )
    append, sees, host, (inbox, trials, seen_in, failure, said) = found
    return MailSessionFacts(
        owner.user, other, append, sees, inbox, trials, seen_in, failure, host, (*lines, *said)
    )


async def _both_sides(
    context: ProbeContext,
    owner: Account,
    neighbour: Account | None,
    mailbox: Mailbox,
    home: str,
    mail: str,
) -> tuple[Reply, bool, HostSide, _Seen]:
    """
    Stores the message, has the others look at it, and removes it.
    """
    message = compose(context, "apart", sender=owner.address, recipient=owner.address)
    unstored = "the message could not be stored"
    context.ledger.announce(residue(context, owner, message))
    try:
        append = await mailbox.append("INBOX", message.octets)
        if not append.positive:
            return append, False, HostSide(unstored), (None, (), (), unstored, ())
        sees = bool(await mailbox.find("INBOX", message.message_id))
        names = foreign_names(owner.user, home, mail)
        host, seen = await asyncio.gather(
            _host_side(context, owner, mail, message), _look(context, neighbour, names, message)
        )
        return append, sees, host, seen
    finally:
        if not await mailbox.remove(message.message_id):
            context.ledger.settle(residue(context, owner, message))


def _pair(target: Target) -> tuple[Account | None, Account | None]:
    """
    Two accounts, with the same local part in two domains if there are such.
    """
    accounts = [each for each in target.accounts.values() if not each.fresh]
    by_name: dict[str, Account] = {}
    for each in accounts:
        local, at, _ = each.user.partition("@")
        if at and local in by_name:
            return by_name[local], each
        by_name[local] = each
    return next(iter(accounts), None), next(iter(accounts[1:]), None)


async def _paths(context: ProbeContext, owner: Account) -> tuple[str, str]:
    """
    Home and mail of *owner* on the host; empty if there is no shell to ask.
    """
    try:
        facts: MailAccountFacts = await context.fact("mail_account")
    except ProbeError:
        return "", ""
    found = next((each for each in facts.users if each.user == owner.user), None)
    return (found.home, place(found)) if found else ("", "")


async def _host_side(
    context: ProbeContext, owner: Account, mail: str, message: Message
) -> HostSide:
    token = message.message_id.strip("<>")
    script = _SCRIPT.replace("TOKEN", quote(token)).replace("PLACE", quote(mail or "/nonexistent"))
    title = f"doveadm who -1 {owner.user}; grep -rl {token} {mail}"
    try:
        output = await run(context, script.replace("USER", quote(owner.user)), title=title)
    except ProbeError as exc:
        return HostSide(exc.detail)
    return parse_host_side(output)


async def _look(
    context: ProbeContext, neighbour: Account | None, names: tuple[str, ...], message: Message
) -> _Seen:
    """
    Where *neighbour* finds the message.
    """
    if neighbour is None:
        return None, (), (), "the inventory names only one account", ()
    found: list[str] = []
    try:
        async with open_mailbox(context, neighbour) as mailbox:
            inbox = await mailbox.select("INBOX")
            own = [each.name for each in await mailbox.folders()]
            trials = tuple(dict.fromkeys(("INBOX", *own[:_FOLDERS], *names)))
            for name in trials:
                seen = await mailbox.find(name, message.message_id)
                found += [name] if seen else []
            return inbox, trials, tuple(found), "", mailbox.transcript.freeze()
    except ProbeError as exc:
        failure = f"{neighbour.user} cannot look: {exc.detail}"
        return None, (), tuple(found), failure, exc.transcript


def _acts(scope: Scope) -> Acts:
    owner, neighbour = _pair(scope.target)
    if owner is None:
        return ()
    return (
        *opens_mailbox(scope.target, owner, 1, "APPEND", *REMOVE),
        *opens_mailbox(scope.target, neighbour, 1, *REMOVE),
        Commands("the IMAP process of a session, the file of its message"),
        Stored(owner.address, owner.address, owner.name, "IMAP APPEND to the INBOX"),
    )


FACTS = (
    FactSpec(
        "mail_session",
        probe_mail_session,
        MailSessionFacts,
        acts=_acts,
        needs=("first_use", "mail_account"),
    ),
)
