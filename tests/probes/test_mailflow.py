"""
Login, delivery, mailboxes and clean-up against a mail host that does one thing wrong, or none.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.ledger import Ledger, Residue
from mailvet.model import Cause, Endpoint, Expectations, ExpectMail, Protocol, Security
from mailvet.probes.arrival import probe_deliveries
from mailvet.probes.cleanup import clean_up
from mailvet.probes.imap_mailbox import open_mailbox
from mailvet.probes.login import probe_login
from mailvet.probes.refused_login import _rounds, probe_failing_logins
from mailvet.probes.sender_rights import probe_sender_rights
from mailvet.probes.special_use import probe_special_use
from mailvet.probes.stored_message import probe_stored_message
from tests.fakes.context import DOMAIN, make_account, make_context, make_target
from tests.fakes.honest import honest
from tests.fakes.honest_session import Flaw, HonestHost
from tests.fakes.stubs import StubHost

Fact = TypeVar("Fact")

DEADLINE = 20.0

STORED = b"Message-ID: <left@run.invalid>\r\nSubject: left behind\r\n\r\nHello\r\n"


def run(probe: Callable[[ProbeContext], Awaitable[Fact]], context: ProbeContext) -> Fact:
    """
    What *probe* returns, in time.
    """

    async def bounded() -> Fact:
        async with asyncio.timeout(DEADLINE):
            return await probe(context)

    return asyncio.run(bounded())


def context_of(
    stub: StubHost, name: str = "imaps", *, ledger: Ledger | None = None
) -> ProbeContext:
    """
    A context for the endpoint *name* of *stub*; alice and bob are in use, carol is fresh.
    """
    accounts = {each: make_account(each) for each in ("alice", "bob")}
    accounts["carol"] = make_account("carol", fresh=True)
    target = make_target(
        stub.endpoints.values(),
        accounts=accounts,
        expect=Expectations(mail=ExpectMail(domain=DOMAIN, delivery_deadline=1.5)),
    )

    async def recall(fact: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if fact == "standpoints":
            return StandpointFacts((Standpoint("direct", None, "198.51.100.1", declared=True),), ())
        if fact == "login":
            return await probe_login(dataclasses.replace(context, endpoint=endpoint))
        raise ProbeError(Cause.TOOL, f"the test gives no fact {fact}")

    context = make_context(
        1, Protocol.IMAP, Security.IMPLICIT_TLS, target=target, recall=recall, timeout=5.0
    )
    own = stub.endpoints[name]
    context = dataclasses.replace(context, endpoint=own, ledger=ledger or Ledger(None))
    return context


def folders(host: HonestHost, user: str) -> dict[str, int]:
    """
    Number of messages by folder.
    """
    owner = host.store.users[f"{user}@{DOMAIN}"]
    return {name: len(messages) for name, messages in owner.folders.items()}


def test_a_login_opens_the_mailbox_everywhere() -> None:
    """
    IMAP, POP3 and ManageSieve each open it with a command of their own.
    """
    with honest() as (stub, _):
        seen = {
            name: run(probe_login, context_of(stub, name)).opening
            for name in ("imap", "imaps", "pop3", "pop3s", "sieve")
        }
    assert seen == {
        "imap": "SELECT INBOX",
        "imaps": "SELECT INBOX",
        "pop3": "STAT",
        "pop3s": "STAT",
        "sieve": "LISTSCRIPTS",
    }


def test_no_password_is_in_a_transcript() -> None:
    """
    Neither as it is nor in base64, in what the wire and IMAPClient write down.
    """
    with honest() as (stub, _):
        lines = [*run(probe_login, context_of(stub)).transcript]
        lines += run(probe_stored_message, context_of(stub)).transcript
    hidden = make_account().password.resolve().disguises()
    assert lines
    assert not [each for each in lines if any(secret in each.text for secret in hidden)]


def test_an_honest_host_refuses_all_that_it_must() -> None:
    """
    Wrong password, unknown account and empty password, and the right one works after them.
    """
    with honest() as (stub, _):
        facts = run(probe_failing_logins, context_of(stub))
    assert not facts.failures
    assert len(facts.results) == 7
    assert all(each.proves(each.wrong) for _, each in facts.results)
    assert all(each.proves(each.unknown) for _, each in facts.results)
    assert facts.empty
    assert facts.empty[1].proves(facts.empty[2])


def test_a_host_that_takes_any_password_is_seen() -> None:
    """
    On every endpoint.
    """
    with honest(Flaw.ANY_PASSWORD) as (stub, _):
        facts = run(probe_failing_logins, context_of(stub))
    assert {each.wrong.answer for _, each in facts.results} == {Answer.ACCEPTED}


def test_no_account_gets_a_third_wrong_password_in_one_round() -> None:
    """
    An empty password counts as a wrong one.
    """
    accounts = (make_account("alice"), make_account("bob"))
    endpoints = tuple(Endpoint(str(n), Protocol.IMAP, n, Security.STARTTLS) for n in range(9))
    rounds = list(_rounds(endpoints, accounts))
    assert sum(len(seats) for seats in rounds) == 9
    for seats in rounds:
        wrong = Counter(seat.account.name for seat in seats for _ in range(1 + seat.empty))
        assert max(wrong.values()) <= 2


def test_messages_arrive_and_leave_nothing() -> None:
    """
    One through each service that takes mail; mailboxes and ledger are empty afterwards.
    """
    ledger = Ledger(None)
    with honest() as (stub, host):
        facts = run(probe_deliveries, context_of(stub, ledger=ledger))
        after = folders(host, "bob")
    assert {each.endpoint for each in facts.deliveries if each.arrived} == {
        "smtp",
        "submission",
        "submissions",
    }
    assert not facts.left
    assert after["INBOX"] == 0
    assert not ledger.outstanding("stub")


def test_lost_mail_is_given_up() -> None:
    """
    All messages share one deadline.
    """
    with honest(Flaw.LOSES_MAIL) as (stub, _):
        facts = run(probe_deliveries, context_of(stub))
    assert [each.accepted for each in facts.deliveries] == [True, True, True]
    assert not any(each.arrived for each in facts.deliveries)


def test_special_use_mailboxes_are_the_servers_own() -> None:
    """
    What an earlier session left counts for nothing, and is there again afterwards.
    """
    with honest(Flaw.NO_SPECIAL_USE) as (stub, host):
        owner = host.store.users[f"carol@{DOMAIN}"]
        owner.subscribed.add("Sent")
        facts = run(probe_special_use, context_of(stub))
        assert owner.subscribed == {"Sent"}
    assert not facts.having("Sent")


def test_special_use_mailboxes_can_be_used() -> None:
    """
    Each is subscribed by the server, opened, written and tidied.
    """
    uses = ("Drafts", "Junk", "Trash", "Sent")
    with honest() as (stub, host):
        facts = run(probe_special_use, context_of(stub))
        after = folders(host, "carol")
    assert all(len(facts.having(use)) == 1 for use in uses)
    assert not facts.unsubscribed(uses)
    assert [each.worked for each in facts.trials] == [True] * 4
    assert sum(after.values()) == 0


def test_a_stored_message_reads_alike() -> None:
    """
    Through IMAP and both POP3 services, and it is gone afterwards.
    """
    with honest() as (stub, host):
        facts = run(probe_stored_message, context_of(stub))
        after = folders(host, "alice")
    assert {each.service: each.alike for each in facts.readings} == {
        "IMAP": True,
        "pop3": True,
        "pop3s": True,
    }
    assert after["INBOX"] == 0


def test_the_own_sender_comes_first() -> None:
    """
    Another's address proves something only where the own one was accepted.
    """
    with honest() as (stub, _):
        facts = run(probe_sender_rights, context_of(stub, "submissions"))
    assert facts.own_reply.positive
    assert facts.own != facts.other


def test_clean_up_removes_what_a_killed_run_left(tmp_path: Path) -> None:
    """
    A message in any folder, an active script, and a subscription that was taken away.
    """
    path = tmp_path / "ledger.json"
    before = Ledger(path)
    for kind, name in (
        ("message", "<left@run.invalid>"),
        ("script", "mailvet-left"),
        ("subscription", "Archive"),
    ):
        before.announce(Residue(kind, "stub", "alice", name))
    with honest() as (stub, host):
        owner = host.store.users[f"alice@{DOMAIN}"]
        for folder in ("INBOX", "Junk"):
            host.store.store(owner, folder, STORED)
        owner.scripts["mailvet-left"], owner.active = "keep;", "mailvet-left"
        left = run(clean_up, context_of(stub, ledger=Ledger(path)))
        assert sum(folders(host, "alice").values()) == 0
        assert not owner.scripts
        assert "Archive" in owner.subscribed
    assert not left
    assert not path.exists()


def test_clean_up_activates_again_what_was_active_before(tmp_path: Path) -> None:
    """
    A killed run's script and folder go, and the user's own script runs again.
    """
    path = tmp_path / "ledger.json"
    before = Ledger(path)
    for kind, name in (
        ("script", "mailvet-left"),
        ("active-script", '["holidays", "holidays", "old"]'),
        ("folder", "mailvet-left"),
        ("message", "<left@run.invalid>"),
    ):
        before.announce(Residue(kind, "stub", "alice", name))
    with honest() as (stub, host):
        owner = host.store.users[f"alice@{DOMAIN}"]
        host.store.store(owner, "mailvet-left", STORED)
        owner.scripts |= {"mailvet-left": "keep;", "holidays": "keep;", "old": "keep;"}
        owner.active = "mailvet-left"
        left = run(clean_up, context_of(stub, ledger=Ledger(path)))
        assert set(owner.scripts) == {"holidays", "old"}
        assert owner.active == "holidays"
        assert "mailvet-left" not in owner.folders
    assert not left
    assert not path.exists()


def test_clean_up_activates_what_the_server_moved_away(tmp_path: Path) -> None:
    """
    Pigeonhole makes a script of a file in the place of the active one when another is activated.
    """
    path = tmp_path / "ledger.json"
    before = Ledger(path)
    before.announce(Residue("script", "stub", "alice", "mailvet-left"))
    before.announce(Residue("active-script", "stub", "alice", '["", "old"]'))
    with honest() as (stub, host):
        owner = host.store.users[f"alice@{DOMAIN}"]
        owner.scripts |= {"mailvet-left": "keep;", "dovecot.orig": "keep;", "old": "keep;"}
        owner.active = "mailvet-left"
        assert not run(clean_up, context_of(stub, ledger=Ledger(path)))
        assert owner.active == "dovecot.orig"


def test_clean_up_keeps_a_folder_that_somebody_uses() -> None:
    """
    Only an empty folder is deleted.
    """
    ledger = Ledger(None)
    ledger.announce(Residue("folder", "stub", "alice", "mailvet-left"))
    with honest() as (stub, host):
        owner = host.store.users[f"alice@{DOMAIN}"]
        host.store.store(owner, "mailvet-left", STORED)
        left = run(clean_up, context_of(stub, ledger=ledger))
        assert "mailvet-left" in owner.folders
    assert len(left) == 1


def test_clean_up_reports_what_it_cannot_reach() -> None:
    """
    A host that does not answer keeps its residue in the ledger.
    """
    ledger = Ledger(None)
    ledger.announce(Residue("message", "stub", "alice", "<left@run.invalid>"))
    ledger.announce(Residue("message", "stub", "gone", "<left@run.invalid>"))
    context = make_context(1, Protocol.IMAP, Security.IMPLICIT_TLS, ledger=ledger, timeout=0.4)
    assert len(run(clean_up, context)) == 2


def test_a_mailbox_of_a_silent_server_is_given_up() -> None:
    """
    The thread that waits for it holds nothing up.
    """
    context = make_context(1, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=0.4)

    async def look(context: ProbeContext) -> None:
        async with open_mailbox(context, make_account()):
            raise AssertionError

    with pytest.raises(ProbeError) as caught:
        run(look, context)
    assert caught.value.cause in {Cause.UNREACHABLE, Cause.TIMEOUT}
