"""
A Sieve script in the hands of a server that does one thing wrong, or none.
"""

import asyncio
import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.sieve import SieveFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.ledger import Ledger
from mailvet.model import Account, Cause, Endpoint, Expectations, ExpectMail, Protocol, Security
from mailvet.probes import sieve
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.sieve import probe_sieve
from tests.fakes.context import DOMAIN, make_account, make_context, make_target
from tests.fakes.honest import honest
from tests.fakes.honest_session import Flaw
from tests.fakes.mailstore import User
from tests.fakes.stubs import StubHost

DEADLINE = 20.0

OURS = "mailvet-mailvet-test"
RIVAL = "mailvet-another"

Meddler = Callable[[], bool]
"""Does something to the server when its time has come; False until then."""


def context_of(stub: StubHost, *names: str, ledger: Ledger | None = None) -> ProbeContext:
    """
    A context with the accounts *names*, by default alice and bob; carol is fresh.
    """
    accounts: dict[str, Account] = {each: make_account(each) for each in names or ("alice", "bob")}
    accounts["carol"] = make_account("carol", fresh=True)
    target = make_target(
        stub.endpoints.values(),
        accounts=accounts,
        expect=Expectations(mail=ExpectMail(domain=DOMAIN, delivery_deadline=1.5)),
    )

    async def recall(fact: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if fact == "standpoints":
            return StandpointFacts((Standpoint("direct", None, "198.51.100.1", declared=True),), ())
        raise ProbeError(Cause.TOOL, f"the test gives no fact {fact}")

    context = make_context(
        1, Protocol.SIEVE, Security.STARTTLS, target=target, recall=recall, timeout=5.0
    )
    return dataclasses.replace(context, endpoint=None, ledger=ledger or Ledger(None))


def run(context: ProbeContext, meanwhile: Meddler | None = None) -> SieveFacts:
    """
    What the probe returns, in time, while *meanwhile* waits to do something to the server.
    """

    async def watch() -> None:
        while meanwhile and not meanwhile():  # noqa: ASYNC110  # another thread's memory
            await asyncio.sleep(0.005)

    async def bounded() -> SieveFacts:
        async with asyncio.timeout(DEADLINE):
            watching = asyncio.create_task(watch())
            try:
                return await probe_sieve(context)
            finally:
                watching.cancel()

    return asyncio.run(bounded())


def test_an_honest_server_does_all_of_it_and_keeps_nothing() -> None:
    """
    Stored, validated, hidden, run, and gone with its messages and its folder.
    """
    ledger = Ledger(None)
    with honest() as (stub, host):
        facts = run(context_of(stub, ledger=ledger))
        owner = host.store.users[f"bob@{DOMAIN}"]
    assert (facts.account, facts.failed, facts.unjudged) == ("bob", (), "")
    assert facts.validated
    assert facts.hidden
    assert facts.filed
    assert facts.kept
    assert not owner.scripts
    assert not owner.active
    assert not any(owner.folders.values())
    assert not [each for each in owner.folders if each.startswith("mailvet")]
    assert not ledger.outstanding("stub")


def test_a_server_that_takes_every_script_is_seen() -> None:
    """
    And the script that it should have refused is deleted.
    """
    with honest(Flaw.ANY_SCRIPT) as (stub, host):
        facts = run(context_of(stub))
        assert not host.store.users[f"bob@{DOMAIN}"].scripts
    assert [each.command for each in facts.not_validated] == ["CHECKSCRIPT", "PUTSCRIPT"]


def test_scripts_that_everybody_sees_are_seen() -> None:
    """
    By an account that did not upload them.
    """
    with honest(Flaw.SHARED_SCRIPTS) as (stub, _):
        facts = run(context_of(stub))
    assert facts.neighbour == "alice"
    assert facts.leaked


def test_scripts_that_are_not_run_are_seen() -> None:
    """
    The message is in the INBOX in spite of the script.
    """
    with honest(Flaw.SCRIPTS_NOT_RUN) as (stub, _):
        facts = run(context_of(stub))
    assert not facts.filed
    assert facts.matching is not None
    assert facts.matching.folders == ("INBOX",)


def test_an_active_script_is_left_alone() -> None:
    """
    Another account is taken in its place.
    """
    with honest() as (stub, host):
        busy = host.store.users[f"bob@{DOMAIN}"]
        busy.scripts["mine"], busy.active = "keep;", "mine"
        facts = run(context_of(stub))
        assert busy.active == "mine"
    assert facts.account == "alice"


def test_a_script_that_another_audit_left_behind_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    It never becomes active, and stays where it is.
    """
    monkeypatch.setattr(sieve, "RIVAL_SECONDS", 0.05)
    with honest() as (stub, host):
        owner = host.store.users[f"bob@{DOMAIN}"]
        owner.scripts[RIVAL] = "keep;"
        facts = run(context_of(stub))
        assert (dict(owner.scripts), owner.active) == ({RIVAL: "keep;"}, "")
    assert (facts.account, facts.filed) == ("bob", True)


def rival_activates(owner: User) -> bool:
    """
    Another audit activates its script once ours is stored.
    """
    if OURS in owner.scripts:
        owner.active = RIVAL
    return bool(owner.active)


def test_another_audit_that_stored_its_script_first_keeps_the_account() -> None:
    """
    It activates its own while ours waits, which then goes elsewhere and leaves nothing.
    """
    with honest() as (stub, host):
        owner = host.store.users[f"bob@{DOMAIN}"]
        owner.scripts[RIVAL] = "keep;"
        facts = run(context_of(stub), partial(rival_activates, owner))
        assert (dict(owner.scripts), owner.active) == ({RIVAL: "keep;"}, RIVAL)
    assert (facts.account, facts.filed, facts.rival) == ("alice", True, "")


def take_over(owner: User) -> None:
    """
    The owner activates a script of the own.
    """
    owner.scripts["mine"] = "keep;"
    owner.active = "mine"


def test_a_script_that_is_replaced_under_way_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The owner has another one active before the mail is there: no reason to blame the server.
    """
    exchange = sieve.exchange

    async def late(*arguments: Any) -> Any:  # noqa: ANN401
        take_over(owner)
        return await exchange(*arguments)

    monkeypatch.setattr(sieve, "exchange", late)
    with honest() as (stub, host):
        owner = host.store.users[f"bob@{DOMAIN}"]
        facts = run(context_of(stub, "bob"))
        assert (dict(owner.scripts), owner.active) == ({"mine": "keep;"}, "mine")
    assert facts.rival == "mine"
    assert "mine" in facts.unjudged


def test_a_script_that_is_replaced_at_once_is_not_the_servers_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Activated, and not the active one any more when the list is looked at: another account.
    """
    list_scripts = sieve.list_scripts

    async def late(speaker: Dialogue) -> Any:  # noqa: ANN401
        if owner.active == OURS:
            take_over(owner)
        return await list_scripts(speaker)

    monkeypatch.setattr(sieve, "list_scripts", late)
    with honest() as (stub, host):
        owner = host.store.users[f"bob@{DOMAIN}"]
        facts = run(context_of(stub))
        assert (dict(owner.scripts), owner.active) == ({"mine": "keep;"}, "mine")
    assert (facts.account, facts.failed, facts.filed) == ("alice", (), True)


def test_where_every_account_is_taken_nothing_is_judged() -> None:
    """
    Whoever asks is told to come back.
    """
    with honest() as (stub, host):
        owner = host.store.users[f"bob@{DOMAIN}"]
        owner.scripts[RIVAL] = "keep;"
        with pytest.raises(ProbeError, match=f"the last one {RIVAL}: ask again later") as caught:
            run(context_of(stub, "bob"), partial(rival_activates, owner))
    assert caught.value.cause is Cause.BLOCKED


def test_without_an_account_to_spare_nothing_is_touched() -> None:
    """
    The administrator is told which account is missing.
    """
    with honest() as (stub, host):
        busy = host.store.users[f"alice@{DOMAIN}"]
        busy.scripts["mine"], busy.active = "keep;", "mine"
        with pytest.raises(ProbeError, match="none is ever replaced") as caught:
            run(context_of(stub, "alice"))
        assert busy.scripts == {"mine": "keep;"}
    assert caught.value.cause is Cause.CREDENTIALS


def test_mail_that_nobody_takes_says_nothing_about_filters() -> None:
    """
    The script is uploaded and removed nevertheless.
    """
    with honest() as (stub, _):
        context = context_of(stub)
        endpoints = tuple(
            each for each in context.target.endpoints if each.protocol is not Protocol.SMTP
        )
        endpoints = tuple(each for each in endpoints if each.protocol is not Protocol.SUBMISSION)
        target = dataclasses.replace(context.target, endpoints=endpoints)
        facts = run(dataclasses.replace(context, target=target))
    assert facts.active
    assert not facts.failed
    assert "no service that takes mail" in facts.unjudged


def test_lost_mail_is_given_up() -> None:
    """
    Both messages share one deadline.
    """
    with honest(Flaw.LOSES_MAIL) as (stub, _):
        facts = run(context_of(stub))
    assert not facts.unjudged
    assert not facts.filed
    assert not facts.kept
