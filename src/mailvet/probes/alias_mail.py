"""
Sends mail to virtual aliases from outside, and looks for it where they lead.
"""

import asyncio
import dataclasses
import functools
import math
from collections.abc import Iterator

from mailvet.acts import ENVELOPE, REMOVE, Act, Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.alias_mail import AliasDeliveries, AliasRecipients
from mailvet.facts.delivery import DeliveryFacts
from mailvet.model import Account, Cause, Endpoint, Protocol, Target
from mailvet.probes.alias_maps import ROLES
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import at_home, home_of
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.probes.messages import compose
from mailvet.probes.parcels import (
    MAY_UNQUEUE,
    Parcel,
    await_all,
    dispatch,
    leaves,
    may_send,
    outcome,
    remove,
    takes_mail,
)
from mailvet.probes.recipients import asked_about, nobody_at

_VERBS = ("UID FETCH", *REMOVE)

MOST = 8
"""Messages that are sent to the aliases of a table, and of a directory."""

AT_ONCE = 8
"""Recipients of one session: servers hang up when too many are refused."""


async def probe_alias_recipients(context: ProbeContext) -> AliasRecipients:
    """
    The aliases that the profile names, and behind them an address of each domain that is none.

    Raises:
        ProbeError: There is no place outside, the profile names no alias, or the server does not
            talk.
    """
    aliases = tuple(context.target.expect.aliases.every)
    if not aliases:
        raise ProbeError(Cause.CREDENTIALS, _unnamed(context.target))
    unknown = tuple(nobody_at(context, each) for each in context.target.expect.aliases.hosted)
    sessions = [await asked_about(context, each) for each in _batches((*aliases, *unknown))]
    replies = tuple(reply for _, found, _ in sessions for reply in found)
    transcript = tuple(line for _, _, lines in sessions for line in lines)
    cut = len(aliases)
    return AliasRecipients(sessions[0][0], replies[:cut], replies[cut:], transcript)


def _batches(addresses: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(addresses), AT_ONCE):
        yield addresses[start : start + AT_ONCE]


async def probe_alias_deliveries(context: ProbeContext) -> AliasDeliveries:
    """
    A message to each alias that leads to a test account.

    Raises:
        ProbeError: The profile names no alias, or there is no service to send through.
    """
    target = context.target
    if not target.expect.aliases.every:
        raise ProbeError(Cause.CREDENTIALS, _unnamed(target))
    endpoint = _entrance(target)
    if endpoint is None:
        raise ProbeError(Cause.BLOCKED, "no service that takes mail inside TLS is declared")
    wanted = _led_to_accounts(target)
    if target.mailboxes is None:
        await after_first_use(context)
    found = await asyncio.gather(
        *(_to(context, endpoint, account, aliases) for account, aliases in wanted)
    )
    tried = {alias for _, aliases in wanted for alias in aliases}
    return AliasDeliveries(
        tuple(each for deliveries, _ in found for each in deliveries),
        tuple(each for _, failures in found for each in failures),
        tuple(each for each in target.expect.aliases.every if each not in tried),
    )


async def _to(
    context: ProbeContext, endpoint: Endpoint, account: Account, aliases: tuple[str, ...]
) -> tuple[tuple[DeliveryFacts, ...], tuple[tuple[str, str], ...]]:
    parcels: list[tuple[str, Parcel]] = []
    failures: list[tuple[str, str]] = []
    home = home_of(context, account)
    async with (
        home.context.exclusive(home.account),
        open_mailbox(home.context, home.account) as mailbox,
    ):
        for alias in aliases:
            message = compose(context, f"to-{alias}", sender=account.address, recipient=alias)
            sent = await dispatch(context, endpoint, message, account, alias, home)
            if isinstance(sent, Parcel):
                parcels.append((alias, sent))
            else:
                failures.append((alias, sent[2]))
        just = [each for _, each in parcels]
        try:
            await await_all(context, mailbox, just)
        finally:
            left = await remove(context, mailbox, home, just)
        seen = mailbox.transcript.freeze()
    return (
        tuple(outcome(each, to, left[each.message], seen) for to, each in parcels),
        tuple(failures),
    )


def _led_to_accounts(target: Target) -> tuple[tuple[Account, tuple[str, ...]], ...]:
    """
    Test accounts with the aliases that lead to them.
    """
    accounts = {each.address.lower(): each for each in target.accounts.values() if not each.fresh}
    expected = target.expect.aliases
    found: dict[str, list[str]] = {}
    for aliases in (expected.known, expected.directory):
        ours = [(key, to.lower()) for key, to in aliases.items() if to.lower() in accounts]
        for alias, address in ours[:MOST]:
            found.setdefault(address, []).append(alias)
    return tuple((accounts[address], tuple(dict.fromkeys(each))) for address, each in found.items())


def _entrance(target: Target) -> Endpoint | None:
    """
    The service through which mail comes from outside.
    """
    services = (each for each in target.endpoints if each.protocol is Protocol.SMTP)
    return next((each for each in services if takes_mail(each)), None)


def _unnamed(target: Target) -> str:
    return f"the profile of {target.key} names no alias (add [expect.aliases.known])"


def _acts(scope: Scope) -> Acts:
    endpoint = _entrance(scope.target)
    if not ROLES & scope.target.roles or endpoint is None:
        return ()
    wanted = _led_to_accounts(scope.target)
    found: list[Act] = [*_homes(scope, there=False), *(MAY_UNQUEUE for _ in wanted)]
    for account, aliases in wanted:
        found += may_send(endpoint, account, len(aliases))
    return tuple(found)


def _homes(scope: Scope, *, there: bool) -> Acts:
    endpoint = _entrance(scope.target)
    if not ROLES & scope.target.roles or endpoint is None:
        return ()
    found: list[Act] = []
    for account, aliases in _led_to_accounts(scope.target):
        recipients = (dataclasses.replace(account, address=alias) for alias in aliases)
        stored = [leaves(endpoint, account, each) for each in recipients]
        found += at_home(scope, account, stored, *_VERBS, there=there)
    return tuple(found)


def _acts_of_recipients(scope: Scope) -> Acts:
    if not ROLES & scope.target.roles:
        return ()
    aliases = scope.target.expect.aliases
    sessions = math.ceil((len(aliases.every) + len(aliases.hosted)) / AT_ONCE)
    return (talks(scope.service, 2 * sessions, *ENVELOPE, anywhere=True),)


FACTS = (
    FactSpec(
        "alias_recipients",
        probe_alias_recipients,
        AliasRecipients,
        acts=_acts_of_recipients,
        needs=("standpoints",),
        per_endpoint=True,
    ),
    FactSpec(
        "alias_deliveries",
        probe_alias_deliveries,
        AliasDeliveries,
        acts=_acts,
        acts_at_mailboxes=functools.partial(_homes, there=True),
        needs=("first_use", "standpoints"),
    ),
)
