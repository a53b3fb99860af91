"""
Two audits that want the same account.
"""

import asyncio
import threading
from collections.abc import Callable

import pytest

from mailvet.facts.folders import Folder
from mailvet.ledger import Ledger
from mailvet.model import Protocol, Security
from mailvet.probes import claim
from mailvet.probes.claim import CLAIM, claimed, without_claim
from mailvet.probes.imap_mailbox import open_mailbox
from tests.fakes.context import DOMAIN, make_account, make_context
from tests.fakes.honest import honest
from tests.fakes.mailstore import User

DEADLINE = 20.0


def hold(ledger: Ledger, prepare: Callable[[User], None], then: Callable[[User], None]) -> User:
    """
    Holds alice's account after *prepare* made something of it, and does *then* meanwhile.
    """

    async def bounded() -> None:
        async with (
            asyncio.timeout(DEADLINE),
            open_mailbox(context, alice) as mailbox,
            claimed(context, alice, mailbox),
        ):
            then(owner)

    with honest() as (stub, host):
        owner = host.store.users[f"alice@{DOMAIN}"]
        prepare(owner)
        alice = make_account()
        service = stub.endpoint(Protocol.IMAP, Security.IMPLICIT_TLS)
        context = make_context(
            service.port, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=5.0, ledger=ledger
        )
        asyncio.run(bounded())
    return owner


def seen(owner: User) -> None:
    """
    The account is held.
    """
    assert CLAIM in owner.folders


def test_an_account_is_held_and_given_back() -> None:
    """
    While it is held, the ledger knows what a killed audit would leave.
    """
    ledger = Ledger(None)
    held: list[int] = []

    def then(owner: User) -> None:
        seen(owner)
        held.append(len(ledger.outstanding("stub")))

    owner = hold(ledger, lambda _: None, then)
    assert held == [1]
    assert CLAIM not in owner.folders
    assert not ledger.outstanding("stub")


def test_the_second_audit_waits_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It gets the account as soon as the first one is done with it.
    """
    released = threading.Event()

    def release(owner: User) -> None:
        del owner.folders[CLAIM]
        released.set()

    def prepare(owner: User) -> None:
        owner.folders[CLAIM] = []
        threading.Timer(0.2, release, (owner,)).start()

    def then(owner: User) -> None:
        assert released.is_set()
        seen(owner)

    monkeypatch.setattr(claim, "PAUSE", 0.01)
    owner = hold(Ledger(None), prepare, then)
    assert CLAIM not in owner.folders


def test_what_a_killed_audit_left_holds_nobody_up_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Longer than any audit takes means that there is none any more.
    """
    monkeypatch.setattr(claim, "HELD_SECONDS", 0.0)
    owner = hold(Ledger(None), lambda owner: owner.folders.update({CLAIM: []}), seen)
    assert CLAIM not in owner.folders


def test_the_claim_is_no_mailbox_of_the_servers() -> None:
    """
    Whatever the prefix, what the server provides is looked at without it.
    """
    inbox = Folder("INBOX", ())
    assert without_claim((inbox, Folder(f"INBOX.{CLAIM}", ()))) == (inbox,)
