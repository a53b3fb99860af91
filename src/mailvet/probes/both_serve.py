"""
Logs an account in to both servers of a pair, and lists its INBOX through IMAP and POP3.
"""

import asyncio
import dataclasses
import time

from mailvet.acts import Act, Acts, Scope, logs_in, opens_mailbox
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.both_serve import BothServe, Listing
from mailvet.facts.login import Answer
from mailvet.model import Account, Endpoint, Protocol, Security, Target
from mailvet.probes import sasl
from mailvet.probes.dialogue import Pop3
from mailvet.probes.first_use import after_first_use
from mailvet.probes.home import account_of, same_user
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.transcript import Line

TRIES = 4
"""How often lists are read anew while they differ: changes may be under way."""


async def probe_both_serve(context: ProbeContext) -> BothServe:
    """
    The INBOX of a test account on the target and on its partner.

    Raises:
        ProbeError: The inventory names no partner, or no account that both have.
    """
    partner = context.at_partner()
    account = context.account(fresh=False)
    sides = ((context, account), (partner, account_of(partner, account)))
    await after_first_use(context)
    async with context.exclusive(account):
        until = time.monotonic() + context.target.expect.replication.limit
        for number in range(TRIES):
            listed = await asyncio.gather(*(_side(each, owner) for each, owner in sides))
            found = BothServe(
                account.name,
                tuple(each for listings, _ in listed for each in listings),
                tuple(line for _, lines in listed for line in lines),
            )
            if not found.differing or number == TRIES - 1:
                break
            await asyncio.sleep(max(0.0, until - time.monotonic()) / (TRIES - 1 - number))
    return found


async def _side(context: ProbeContext, account: Account) -> tuple[list[Listing], tuple[Line, ...]]:
    with context.permit.in_force():
        listings, lines = await _imap(context, account)
        for endpoint in pop3_services(context.target):
            listings.append(await _pop3(context, endpoint, account))
    return listings, lines


async def _imap(context: ProbeContext, account: Account) -> tuple[list[Listing], tuple[Line, ...]]:
    key = context.target.key
    try:
        async with open_mailbox(context, account) as mailbox:
            ids = tuple(map(str, await mailbox.uids("INBOX")))
            return [Listing(key, "IMAP", ids)], mailbox.transcript.freeze()
    except ProbeError as exc:
        return [Listing(key, "IMAP", (), exc.detail)], exc.transcript


async def _pop3(context: ProbeContext, endpoint: Endpoint, account: Account) -> Listing:
    key = context.target.key
    own = dataclasses.replace(context, endpoint=endpoint)
    try:
        async with sasl.logged_in(own, account) as (speaker, _, login):
            assert isinstance(speaker, Pop3)  # noqa: S101
            if login.answer is not Answer.ACCEPTED:
                return Listing(key, endpoint.name, (), f"the login does not work: {login}")
            reply = await speaker.multiline("UIDL")
            await speaker.quit()
    except ProbeError as exc:
        return Listing(key, endpoint.name, (), exc.detail)
    if not reply.positive:
        return Listing(key, endpoint.name, (), f"UIDL: {reply}")
    rows = (line.split() for line in reply.lines[1:])
    return Listing(key, endpoint.name, tuple(row[1] for row in rows if len(row) > 1))


def pop3_services(target: Target) -> list[Endpoint]:
    """
    The POP3 services with TLS.
    """
    return [
        each
        for each in target.endpoints
        if each.protocol is Protocol.POP3 and each.security is not Security.CLEARTEXT
    ]


def _acts(scope: Scope) -> Acts:
    if "replication" not in scope.target.roles or scope.target.partner is None:
        return ()
    return _reads(scope.target, scope.account(fresh=False))


def _acts_at_partner(scope: Scope) -> Acts:
    account = scope.account(fresh=False)
    partner = scope.target.partner
    if account is None or partner is None:
        return ()
    return _reads(partner, same_user(partner, account))


def _reads(target: Target, account: Account | None) -> Acts:
    if account is None:
        return ()
    found: list[Act] = [*opens_mailbox(target, account, TRIES, "UID SEARCH")]
    for endpoint in pop3_services(target):
        found += logs_in(endpoint, account, 2 * TRIES, "UIDL")
    return tuple(found)


FACTS = (
    FactSpec(
        "both_serve",
        probe_both_serve,
        BothServe,
        acts=_acts,
        acts_at_partner=_acts_at_partner,
        needs=("first_use",),
    ),
)
