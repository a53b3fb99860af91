"""
Two users and one message, against a mail host that keeps them apart, and one that does not.
"""

import asyncio
import dataclasses
from pathlib import Path

from mailvet.context import ProbeContext
from mailvet.facts.mail_session import MailSessionFacts
from mailvet.ledger import Ledger
from mailvet.model import Account, Protocol, Security
from mailvet.probes.mail_session import probe_mail_session
from tests.fakes.context import DOMAIN, make_account, make_context, make_target
from tests.fakes.honest import honest
from tests.fakes.stubs import StubHost

DEADLINE = 20.0


def context_of(stub: StubHost, ledger: Ledger, *accounts: Account) -> ProbeContext:
    """
    A host without a shell.
    """
    target = make_target(stub.endpoints.values(), accounts={each.name: each for each in accounts})
    return make_context(
        1, Protocol.IMAP, Security.IMPLICIT_TLS, target=target, timeout=5.0, ledger=ledger
    )


def run(context: ProbeContext) -> MailSessionFacts:
    """
    What the probe returns, in time.
    """

    async def bounded() -> MailSessionFacts:
        async with asyncio.timeout(DEADLINE):
            return await probe_mail_session(context)

    return asyncio.run(bounded())


def test_users_who_are_kept_apart(tmp_path: Path) -> None:
    """
    The owner alone finds the message, which is removed; without a shell no process is known.
    """
    ledger = Ledger(tmp_path / "ledger.json")
    with honest() as (stub, host):
        facts = run(context_of(stub, ledger, make_account("alice"), make_account("bob")))
        left = host.store.users[f"alice@{DOMAIN}"].folders["INBOX"]
    assert (facts.owner_sees, facts.seen_in, facts.doubt) == (True, (), "")
    assert "INBOX" in facts.trials
    assert facts.host.failure
    assert not left
    assert not ledger.outstanding("stub")


def test_users_who_share_an_inbox() -> None:
    """
    The other user finds it there.
    """
    with honest() as (stub, host):
        users = host.store.users
        users[f"bob@{DOMAIN}"].folders = users[f"alice@{DOMAIN}"].folders
        facts = run(context_of(stub, Ledger(None), make_account("alice"), make_account("bob")))
    assert "INBOX" in facts.seen_in


def test_one_account_alone_proves_nothing() -> None:
    """
    There must be somebody else to look.
    """
    with honest() as (stub, _):
        facts = run(context_of(stub, Ledger(None), make_account("alice")))
    assert facts.owner_sees
    assert "one account" in facts.doubt


def test_a_login_that_does_not_work_proves_nothing() -> None:
    """
    Neither the owner's nor the other user's.
    """
    stranger = dataclasses.replace(make_account("carol"), user="stranger")
    with honest() as (stub, _):
        nobody = run(context_of(stub, Ledger(None), stranger, make_account("bob")))
        alone = run(context_of(stub, Ledger(None), make_account("alice"), stranger))
    assert "could not be looked at" in nobody.doubt
    assert nobody.host.failure
    assert "cannot look" in alone.doubt


def test_namesakes_are_preferred() -> None:
    """
    Two accounts with one local part in two domains are the ones to compare.
    """
    twin = dataclasses.replace(make_account("twin"), user="alice@example.net")
    with honest() as (stub, _):
        facts = run(
            context_of(stub, Ledger(None), make_account("bob"), make_account("alice"), twin)
        )
    assert facts.namesakes
    assert {facts.owner, facts.neighbour} == {f"alice@{DOMAIN}", "alice@example.net"}
