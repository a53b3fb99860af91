"""
Where the mail of a test account is kept: on the target, or on the host that the inventory names.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.acts import Acts, Scope, Stored, opens_mailbox
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.model import Account, Cause, Target
from mailvet.probes.messages import Message, residue


@dataclass(frozen=True, slots=True)
class Home:
    """
    The mail of an account.

    Attributes:
        context: The probe's context at the host that keeps it.
        account: The account there.
    """

    context: ProbeContext
    account: Account

    def announce(self, message: Message) -> None:
        """
        Writes down that *message* is about to be there.
        """
        self.context.ledger.announce(residue(self.context, self.account, message))

    def settle(self, message: Message) -> None:
        """
        Writes down that it is not there any more.
        """
        self.context.ledger.settle(residue(self.context, self.account, message))


def home_of(context: ProbeContext, account: Account) -> Home:
    """
    The home of the mail of *account*, which is one of the target's.

    Raises:
        ProbeError: CREDENTIALS if the host that keeps the mail has no account of the same user.
    """
    there = context.at_mailboxes()
    return Home(there, account if there is context else account_of(there, account))


def same_user(target: Target, account: Account) -> Account | None:
    """
    The same user as *account* among the accounts of another server.
    """
    return next((each for each in target.accounts.values() if each.user == account.user), None)


def account_of(context: ProbeContext, account: Account) -> Account:
    """
    The same user as *account* among the accounts of another server.

    Raises:
        ProbeError: CREDENTIALS if there is none.
    """
    found = same_user(context.target, account)
    if found is not None:
        return found
    key = context.target.key
    detail = f"the inventory names no account of {account.user} for {key}"
    raise ProbeError(Cause.CREDENTIALS, f"{detail} (add [hosts.{key}.accounts.NAME])")


def at_home(
    scope: Scope,
    account: Account | None,
    stored: Iterable[Stored],
    *verbs: str,
    there: bool,
) -> Acts:
    """
    The acts of opening the mail of *account* once, on the target or on the host that keeps it.

    Args:
        scope: The target.
        account: One of its accounts; None if it has none.
        stored: Messages that come there.
        verbs: Commands besides SELECT and EXAMINE.
        there: Whether the acts on the other host are asked for.
    """
    mailboxes = scope.target.mailboxes
    if account is None or (there and mailboxes is None):
        return ()
    if not there and mailboxes is not None:
        # What is sent leaves the target, wherever it is kept.
        return tuple(stored)
    if mailboxes is None:
        return (*opens_mailbox(scope.target, account, 1, *verbs), *stored)
    owner = same_user(mailboxes, account)
    if owner is None:
        return ()
    kept = (dataclasses.replace(each, account=owner.name) for each in stored)
    return (*opens_mailbox(mailboxes, owner, 1, *verbs), *kept)
