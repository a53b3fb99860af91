"""
The checks on Sieve, each with facts that pass and facts that fail.
"""

import dataclasses
from collections.abc import Callable

import pytest

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.packages import PackageFacts
from mailvet.facts.replies import Reply
from mailvet.facts.sieve import Filtered, SieveFacts, Step
from mailvet.facts.sieve_setup import GlobalScript, Location, SieveSetup, Way
from mailvet.model import Judgement, Verdict

Load = Callable[[str, str, str], Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
UNVERIFIED, NOT_APPLICABLE = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

OK = Reply("OK", "", ())
NO = Reply("NO", "(NONEXISTENT)", ())
BYE = Reply("BYE", "internal error", ())
TAKEN = Reply("250", "2.0.0 Ok: queued as 1", ())
GREYLISTED = Reply("450", "4.2.0 Greylisted", ())

FOLDER = "mailvet-run"
COMMANDS = ("PUTSCRIPT", "SETACTIVE", "LISTSCRIPTS", "GETSCRIPT", "DELETESCRIPT")


def got(*folders: str, reply: Reply = TAKEN) -> Filtered:
    """
    A message that was found in *folders*.
    """
    delivery = DeliveryFacts(
        endpoint="submission",
        message_id="<match@run.invalid>",
        sender="bob@example.com",
        recipient="bob@example.com",
        standpoint="direct",
        accepted=reply.positive,
        step="DATA",
        reply=reply,
        personal=not reply.positive,
        queue_id="1",
        arrived=bool(folders),
        mailbox=folders[0] if folders else "",
        copies=len(folders),
        seconds=0.2,
        received=(),
        left=(),
        transcript=(),
    )
    return Filtered(delivery, folders)


FINE = SieveFacts(
    account="bob",
    script="mailvet-run",
    folder=FOLDER,
    steps=tuple(Step(each, OK, worked=True) for each in COMMANDS),
    broken=(Step("CHECKSCRIPT", NO, worked=True), Step("PUTSCRIPT", NO, worked=True)),
    broken_stored=False,
    neighbour="alice",
    neighbour_saw=("holidays",),
    neighbour_got=NO,
    matching=got(FOLDER),
    other=got("INBOX"),
    unsent="",
    transcript=(),
)


def without(command: str, reply: Reply | None = NO) -> SieveFacts:
    """
    A session that went wrong at *command*, after which no message was sent.
    """
    done = COMMANDS[: COMMANDS.index(command)]
    steps = (
        *(Step(each, OK, worked=True) for each in done),
        Step(command, reply, worked=False),
        Step("DELETESCRIPT", OK, worked=True),
    )
    return dataclasses.replace(FINE, steps=steps, matching=None, other=None, neighbour_saw=None)


NOTHING = dataclasses.replace(
    FINE, steps=(Step("LISTSCRIPTS", BYE, worked=False),), broken=(), matching=None, other=None
)


def packages(manager: str, *names: str) -> PackageFacts:
    """
    These packages are installed.
    """
    return PackageFacts(manager, tuple((each, "1") for each in names), ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (packages("rpm", "dovecot", "dovecot-pigeonhole"), PASS),
        (packages("rpm", "dovecot"), FAIL),
        (packages("dpkg", "dovecot-sieve", "dovecot-managesieved"), PASS),
        (packages("dpkg", "dovecot-core", "dovecot-managesieved"), FAIL),
        (packages(""), NOT_APPLICABLE),
    ],
)
def test_sieve_01(load_check: Load, facts: PackageFacts, verdict: Verdict) -> None:
    """
    Debian has two packages where RHEL has one.
    """
    assert load_check("sieve", "test_scripts", "test_package")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FINE, PASS),
        (without("PUTSCRIPT"), FAIL),
        (without("SETACTIVE"), FAIL),
        (without("LISTSCRIPTS"), FAIL),
        (without("PUTSCRIPT", None), FAIL),
        (
            dataclasses.replace(
                FINE, steps=(*FINE.steps[:-1], Step("DELETESCRIPT", NO, worked=False))
            ),
            FAIL,
        ),
        (NOTHING, FAIL),
    ],
)
def test_sieve_02(load_check: Load, facts: SieveFacts, verdict: Verdict) -> None:
    """
    Each step counts.
    """
    check = load_check("sieve", "test_scripts", "test_scripts_can_be_managed")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FINE, PASS),
        (dataclasses.replace(FINE, broken=(Step("PUTSCRIPT", NO, worked=True),)), PASS),
        (dataclasses.replace(FINE, broken=(Step("PUTSCRIPT", OK, worked=False),)), FAIL),
        (dataclasses.replace(FINE, broken_stored=True), FAIL),
        (dataclasses.replace(FINE, broken=(Step("PUTSCRIPT", BYE, worked=True),)), UNVERIFIED),
        (dataclasses.replace(FINE, broken=()), UNVERIFIED),
        (without("PUTSCRIPT"), UNVERIFIED),
        (NOTHING, UNVERIFIED),
    ],
)
def test_sieve_03(load_check: Load, facts: SieveFacts, verdict: Verdict) -> None:
    """
    Whoever refuses every script has shown nothing.
    """
    check = load_check("sieve", "test_scripts", "test_scripts_are_validated")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("ways", "verdict"),
    [
        ((Way("lmtp", ("quota", "sieve")),), PASS),
        ((Way("lmtp", ("quota",)),), FAIL),
        ((Way("lmtp", ("imap_sieve",)),), FAIL),
        ((Way("lmtp", ("sieve",)), Way("lda", ())), FAIL),
    ],
)
def test_sieve_04(load_check: Load, ways: tuple[Way, ...], verdict: Verdict) -> None:
    """
    On every way on which mail comes in.
    """
    check = load_check("sieve", "test_delivery", "test_plugin_is_loaded")
    assert check(SieveSetup(ways, (), (), ())).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FINE, PASS),
        (dataclasses.replace(FINE, matching=got("INBOX")), FAIL),
        (dataclasses.replace(FINE, matching=got("INBOX", FOLDER)), FAIL),
        (dataclasses.replace(FINE, matching=got()), FAIL),
        (dataclasses.replace(FINE, matching=got(reply=GREYLISTED)), UNVERIFIED),
        (dataclasses.replace(FINE, matching=None, other=None, unsent="no IMAP"), UNVERIFIED),
        (without("PUTSCRIPT"), UNVERIFIED),
    ],
)
def test_sieve_05(load_check: Load, facts: SieveFacts, verdict: Verdict) -> None:
    """
    In its folder and nowhere else; what was not taken says nothing.
    """
    check = load_check("sieve", "test_delivery", "test_matching_mail_is_filed")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FINE, PASS),
        (dataclasses.replace(FINE, other=got("Trash")), FAIL),
        (dataclasses.replace(FINE, other=got("INBOX", FOLDER)), FAIL),
        (dataclasses.replace(FINE, other=got()), FAIL),
        (dataclasses.replace(FINE, matching=got("INBOX")), UNVERIFIED),
        (dataclasses.replace(FINE, other=got(reply=GREYLISTED)), UNVERIFIED),
    ],
)
def test_sieve_06(load_check: Load, facts: SieveFacts, verdict: Verdict) -> None:
    """
    Where no script runs, mail in the INBOX shows nothing.
    """
    check = load_check("sieve", "test_delivery", "test_other_mail_is_kept")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FINE, PASS),
        (dataclasses.replace(FINE, neighbour_saw=("mailvet-run",)), FAIL),
        (dataclasses.replace(FINE, neighbour_got=OK), FAIL),
        (dataclasses.replace(FINE, neighbour_saw=None, neighbour_got=None), UNVERIFIED),
        (dataclasses.replace(FINE, neighbour_got=BYE), UNVERIFIED),
        (dataclasses.replace(FINE, neighbour=""), UNVERIFIED),
        (without("SETACTIVE"), UNVERIFIED),
    ],
)
def test_sieve_07(load_check: Load, facts: SieveFacts, verdict: Verdict) -> None:
    """
    A script that its owner did not have either is no secret.
    """
    check = load_check("sieve", "test_scripts", "test_scripts_are_private")
    assert check(facts).verdict is verdict


GOOD = GlobalScript("/s/a.sieve", found=True, readable=True, compiled=True, error="")


@pytest.mark.parametrize(
    ("scripts", "verdict"),
    [
        ((GOOD,), PASS),
        ((), PASS),
        ((GOOD, GlobalScript("/s/b.sieve", found=False)), FAIL),
        ((dataclasses.replace(GOOD, readable=False),), FAIL),
        ((dataclasses.replace(GOOD, compiled=False),), FAIL),
        ((dataclasses.replace(GOOD, error="line 1: error"),), FAIL),
        ((dataclasses.replace(GOOD, error=None),), UNVERIFIED),
        ((dataclasses.replace(GOOD, readable=None),), UNVERIFIED),
    ],
)
def test_sieve_08(load_check: Load, scripts: tuple[GlobalScript, ...], verdict: Verdict) -> None:
    """
    There, readable, right, and compiled.
    """
    check = load_check("sieve", "test_delivery", "test_global_scripts")
    facts = SieveSetup((), (Location("sieve_before", "/s"),), (), scripts)
    assert check(facts).verdict is verdict


def test_sieve_08_without_global_scripts(load_check: Load) -> None:
    """
    Nobody has to have any.
    """
    check = load_check("sieve", "test_delivery", "test_global_scripts")
    facts = SieveSetup((), (), ("sieve_before = /s/%d/",), ())
    assert check(facts).verdict is NOT_APPLICABLE
