"""
Sends one message through every service that takes mail, and follows them into the mailbox.

All messages go to one test account and are waited for over one connection, so that a server that
loses all of them costs one deadline and not one for each service.
"""

import asyncio
import functools

from mailvet.acts import REMOVE, Act, Acts, Scope, nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.delivery import DeliveriesFacts, DeliveryFacts
from mailvet.model import Account, Cause, Endpoint
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import Home, at_home, home_of
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.probes.lmtp_delivery import takes_lmtp
from mailvet.probes.messages import compose
from mailvet.probes.parcels import (
    MAY_UNQUEUE,
    Parcel,
    await_all,
    delivered,
    dispatch,
    dispatch_by_lmtp,
    leaves,
    may_deliver,
    may_send,
    outcome,
    remove,
    takes_mail,
)


async def probe_deliveries(context: ProbeContext) -> DeliveriesFacts:
    """
    Mail from outside on port 25, mail of a user on submission, all to one test account.

    Raises:
        ProbeError: There is no account, or its mail cannot be looked at.
    """
    sender = context.account(fresh=False)
    recipient = _other_account(context, sender)
    home = home_of(context, recipient)
    if home.context is context:
        await after_first_use(context)
    endpoints = [each for each in context.target.endpoints if takes_mail(each)]
    async with (
        home.context.exclusive(home.account),
        open_mailbox(home.context, home.account) as mailbox,
    ):
        jobs = [_through(context, each, sender, recipient, home) for each in endpoints]
        if not jobs and takes_lmtp(context.target):
            jobs = [_handed_over(context, recipient, home)]
        outcomes = await asyncio.gather(*jobs)
        parcels = [each for each in outcomes if isinstance(each, Parcel)]
        failures = [each for each in outcomes if not isinstance(each, Parcel)]
        try:
            await await_all(context, mailbox, parcels)
        finally:
            left = await remove(context, mailbox, home, parcels)
        seen = mailbox.transcript.freeze()
    return DeliveriesFacts(
        tuple(outcome(each, recipient.address, left[each.message], seen) for each in parcels),
        tuple(failures),
    )


def _other_account(context: ProbeContext, sender: Account) -> Account:
    try:
        return context.account(fresh=False, other_than=sender.name)
    except ProbeError:
        return sender


async def _through(
    context: ProbeContext, endpoint: Endpoint, sender: Account, recipient: Account, home: Home
) -> Parcel | tuple[str, str, str]:
    purpose = f"through-{endpoint.name}"
    message = compose(context, purpose, sender=sender.address, recipient=recipient.address)
    return await dispatch(context, endpoint, message, sender, recipient.address, home)


async def _handed_over(
    context: ProbeContext, recipient: Account, home: Home
) -> Parcel | tuple[str, str, str]:
    address = recipient.address
    message = compose(context, "handed-over", sender=address, recipient=address)
    return await dispatch_by_lmtp(context, message, address, home)


async def probe_delivery(context: ProbeContext) -> DeliveryFacts:
    """
    What became of the message that was sent through this endpoint.

    Raises:
        ProbeError: None could be sent.
    """
    facts: DeliveriesFacts = await context.fact("deliveries")
    for found in facts.deliveries:
        if found.endpoint == context.service.name:
            return found
    for name, cause, detail in facts.failures:
        if name == context.service.name:
            raise ProbeError(Cause(cause), detail)
    raise ProbeError(Cause.BLOCKED, f"{context.service.name} takes no mail inside TLS")


def _acts(scope: Scope) -> Acts:
    sender = scope.account(fresh=False)
    if sender is None:
        return ()
    found: list[Act] = [MAY_UNQUEUE, *_home(scope, there=False)]
    for endpoint in filter(takes_mail, scope.target.endpoints):
        found += may_send(endpoint, sender)
    if takes_lmtp(scope.target) and not any(map(takes_mail, scope.target.endpoints)):
        found += may_deliver(scope)
    return tuple(found)


def _home(scope: Scope, *, there: bool) -> Acts:
    sender = scope.account(fresh=False)
    if sender is None:
        return ()
    recipient = scope.account(fresh=False, other_than=sender.name) or sender
    endpoints = filter(takes_mail, scope.target.endpoints)
    stored = [leaves(each, sender, recipient) for each in endpoints]
    if takes_lmtp(scope.target) and not stored:
        stored = [delivered(recipient)]
    return at_home(scope, recipient, stored, *_VERBS, there=there)


_VERBS = ("UID FETCH", *REMOVE)

FACTS = (
    FactSpec(
        "deliveries",
        probe_deliveries,
        DeliveriesFacts,
        acts=_acts,
        acts_at_mailboxes=functools.partial(_home, there=True),
        needs=("first_use", "lmtp_port", "standpoints"),
    ),
    FactSpec(
        "delivery",
        probe_delivery,
        DeliveryFacts,
        acts=nothing,
        needs=("deliveries",),
        per_endpoint=True,
    ),
)
