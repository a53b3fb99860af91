"""
What a probe may do to the host that its target replicates with.
"""

import asyncio

import pytest

from mailvet.acts import Acts, Commands, Scope, nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.ledger import Ledger
from mailvet.model import Cause, Shell
from mailvet.plan import host_plans
from mailvet.record import FactKey
from mailvet.store import FactStore, Timeouts
from tests.fakes.context import make_target

SHELL = Shell("ssh://root@mail.example.com")
PARTNER = make_target(key="mail2", shell=SHELL)
TARGET = make_target(key="mail1", shell=SHELL, partner=PARTNER)
LONELY = make_target(key="mail1", shell=SHELL)


async def look(context: ProbeContext) -> str:
    """
    Runs a command at the partner, as far as it may.
    """
    partner = context.at_partner()
    partner.permit.command("id", "id")
    return partner.target.key


def looks(scope: Scope) -> Acts:
    """
    One command, as seen from the target.
    """
    assert scope.target.key == "mail1"
    return (Commands("who we are"),)


def gathered(spec: FactSpec, target: object = TARGET) -> FactStore:
    """
    A store that gathered the fact.
    """
    store = FactStore(
        {"look": spec}, nonce="x", timeouts=Timeouts(1, 1, 1), ledgers=lambda _: Ledger(None)
    )
    asyncio.run(store.gather({FactKey("mail1", "look"): (target, None)}))  # type: ignore[dict-item]
    return store


def test_acts_at_the_partner_are_permitted_and_counted_there() -> None:
    """
    The footprint names the host on which something was done.
    """
    store = gathered(FactSpec("look", look, str, acts=nothing, acts_at_partner=looks))
    assert store.get(FactKey("mail1", "look")) == "mail2"
    assert [(each.target, each.commands) for each in store.footprints()] == [("mail2", 1)]


def test_what_is_not_planned_there_is_refused() -> None:
    """
    A permit for the target is none for its partner.
    """
    spec = FactSpec("look", look, str, acts=looks, acts_at_partner=lambda _: ())
    with pytest.raises(ProbeError) as caught:
        gathered(spec).get(FactKey("mail1", "look"))
    assert caught.value.cause is Cause.TOOL


def test_without_a_partner_there_is_nowhere_to_go() -> None:
    """
    One line says what to add to the inventory.
    """
    spec = FactSpec("look", look, str, acts=nothing, acts_at_partner=looks)
    with pytest.raises(ProbeError, match="names no partner of mail1"):
        gathered(spec, LONELY).get(FactKey("mail1", "look"))


def test_the_plan_shows_what_is_done_to_the_partner() -> None:
    """
    Under its own name, with the target for whose sake it is.
    """
    specs = {"look": FactSpec("look", look, str, acts=nothing, acts_at_partner=looks)}
    wanted = {FactKey("mail1", "look"): (TARGET, None)}
    own, other = host_plans(specs, wanted, (TARGET, PARTNER), {})
    assert own.steps == ()
    assert [each.name for each in other.steps] == ["look of mail1"]


def test_partners_have_the_locks_of_accounts_in_common() -> None:
    """
    The two servers hold one mailbox, so probes of both take turns.
    """
    held: list[bool] = []

    async def hold(context: ProbeContext) -> str:
        account = next(iter(context.target.accounts.values()))
        partner = context.at_partner()
        async with context.exclusive(account):
            held.append(partner.lane.accounts[account.user].locked())
        return ""

    gathered(FactSpec("look", hold, str, acts=nothing, acts_at_partner=looks))
    assert held == [True]
