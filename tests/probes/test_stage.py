"""
The stop-watch between two servers that replicate.
"""

import asyncio
import dataclasses
from typing import cast

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.convergence import Operation
from mailvet.facts.folders import Folder
from mailvet.facts.replies import Reply
from mailvet.model import Cause, Expectations, ExpectReplication, Target
from mailvet.probes.home import account_of
from mailvet.probes.imap_mailbox import Mailbox
from mailvet.probes.messages import compose
from mailvet.probes.stage import MissedError, Stage, resting_account, travelling_account, worked
from tests.fakes.context import make_account, make_context, make_target

ACCOUNTS = {name: make_account(name) for name in ("alice", "bob", "carol")}
EXPECT = Expectations(replication=ExpectReplication(limit=0.2))


class Shelf:
    """
    Mailboxes as a client sees them; some cannot be removed.
    """

    def __init__(self, *folders: str, stubborn: bool = False) -> None:
        self.names = set(folders)
        self.stubborn = stubborn

    async def folders(self) -> tuple[Folder, ...]:
        """All names."""
        return tuple(Folder(each, ()) for each in sorted(self.names))

    async def find(self, folder: str, message_id: str) -> tuple[int, ...]:  # noqa: ARG002
        """Never a message."""
        return ()

    async def remove(self, message_id: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing is left."""
        return ()

    async def unsubscribe(self, folder: str) -> Reply:  # noqa: ARG002
        """Always works."""
        return Reply("OK", "", ())

    async def leave(self) -> None:
        """Nothing is open."""

    async def discard(self, folder: str) -> bool:
        """Removes it, or not."""
        if not self.stubborn:
            self.names.discard(folder)
        return folder not in self.names


def stage(near: Shelf | None = None, far: Shelf | None = None) -> Stage:
    """
    Two servers with the same accounts.
    """
    contexts = [
        make_context(993, target=make_target(key=key, accounts=ACCOUNTS, expect=EXPECT))
        for key in ("mail1", "mail2")
    ]
    mailboxes = [cast("Mailbox", each or Shelf()) for each in (near, far)]
    users = ("carol@example.com", "carol@example.com")
    return Stage(*contexts, ACCOUNTS["carol"], *mailboxes, users)


async def never() -> str | None:
    """
    Shows nothing.
    """
    return None


async def at_once() -> str | None:
    """
    Shows it.
    """
    return "there"


def test_what_is_seen_is_timed_and_what_is_not_is_missed() -> None:
    """
    The limit of the profile decides how long is waited.
    """
    watch = stage()
    asyncio.run(watch.time(Operation.APPEND, 1, at_once))
    with pytest.raises(MissedError):
        asyncio.run(watch.time(Operation.FLAGS, 1, never))
    seen, missed = watch.trials
    assert seen.seconds is not None
    assert (missed.seconds, missed.detail) == (None, "not there after 0.2 s")
    assert watch.broken((Operation.FLAGS,))
    assert not watch.broken((Operation.APPEND,))


def test_what_builds_on_a_lost_change_is_lost_too() -> None:
    """
    Each operation of the round counts once.
    """
    watch = stage()
    asyncio.run(watch.time(Operation.CREATE, 1, at_once))
    watch.lost((Operation.CREATE, Operation.APPEND), 1, "flags set")
    assert [each.seconds is None for each in watch.trials] == [False, True]


def test_what_was_interrupted_is_not_called_lost() -> None:
    """
    A session that ends says nothing about the sync; what had arrived before stays as it was.
    """
    watch = stage()
    asyncio.run(watch.time(Operation.CREATE, 1, at_once))
    watch.interrupted((Operation.CREATE, Operation.APPEND), 1, "IMAP: the session was ended")
    assert [each.operation for each in watch.trials] == [Operation.CREATE]
    assert watch.unused == {Operation.APPEND: "IMAP: the session was ended"}


def test_a_fault_belongs_to_the_last_trial() -> None:
    """
    It arrived, but not as it should.
    """
    watch = stage()
    asyncio.run(watch.time(Operation.APPEND, 1, at_once))
    watch.fault("UIDs differ")
    assert watch.trials[-1].fault == "UIDs differ"
    assert len(watch.trials) == 1


def test_tidying_settles_both_ledgers_and_tells_what_is_left() -> None:
    """
    What the far server keeps is removed there, or reported.
    """
    watch = stage(Shelf("x"), Shelf("x", stubborn=True))
    message = compose(watch.context, "m", sender="a@example.com", recipient="a@example.com")
    watch.announce(folder="x", message=message)
    assert len(watch.partner.ledger.outstanding("mail2")) == 2
    assert asyncio.run(watch.tidy()) == ("x on mail2",)
    assert watch.context.ledger.outstanding("mail1") == ()
    assert [each.name for each in watch.partner.ledger.outstanding("mail2")] == ["x"]


def account(target: Target, other: str) -> str:
    """
    Name of the account that is chosen.
    """
    found = travelling_account(target, other)
    return found.name if found else ""


def test_each_direction_has_an_account_of_its_own() -> None:
    """
    The last two; the declared one, if there is one.
    """
    first = make_target(key="mail1", accounts=ACCOUNTS)
    second = make_target(key="mail2", accounts=ACCOUNTS)
    assert (account(first, "mail2"), account(second, "mail1")) == ("carol", "bob")
    one = {"alice": ACCOUNTS["alice"]}
    assert account(make_target(key="mail2", accounts=one), "mail1") == "alice"
    assert account(make_target(key="mail2", accounts={}), "mail1") == ""
    expect = Expectations(replication=ExpectReplication(account="bob"))
    assert account(dataclasses.replace(first, expect=expect), "mail2") == "bob"


def test_trouble_in_words() -> None:
    """
    A refusal by the near server, and an account that the far one has not.
    """
    with pytest.raises(ProbeError, match="refuses CREATE"):
        worked(Reply("NO", "over quota", ()), "CREATE")
    empty = make_context(993, target=make_target(key="mail2", accounts={}))
    with pytest.raises(ProbeError) as caught:
        account_of(empty, ACCOUNTS["bob"])
    assert caught.value.cause is Cause.CREDENTIALS


def test_an_outage_has_accounts_of_its_own_where_there_are_enough() -> None:
    """
    A sync that hangs holds up one user alone.
    """
    many = {name: dataclasses.replace(ACCOUNTS["alice"], name=name) for name in "abcde"}
    first = make_target(key="mail1", accounts=many)
    second = make_target(key="mail2", accounts=many)
    chosen = [resting_account(first, "mail2"), resting_account(second, "mail1")]
    assert [each.name for each in chosen if each] == ["c", "b"]
    few = make_target(key="mail1", accounts=ACCOUNTS)
    assert resting_account(few, "mail2") == travelling_account(few, "mail2")
