"""
The checks on special-use mailboxes, each with facts that pass and facts that fail.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.dovecot import DovecotConfig, parse_dovecot
from mailvet.facts.folders import Folder
from mailvet.facts.login import Login, LoginFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.special_use import FolderTrial, SpecialUseFacts
from mailvet.model import Expectations, ExpectMailboxes, Judgement, Protocol, Verdict
from tests.fakes.context import make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

PASS, FAIL, UNVERIFIED = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED
OK = Reply("OK", "", ())
USES = ("Drafts", "Junk", "Trash", "Sent")


def logged_in(reply: Reply, *capabilities: str) -> LoginFacts:
    """
    A login, and what IMAP announces after it.
    """
    plain = Login(Protocol.IMAP, "alice", "PLAIN", reply, "", 0.1)
    announced = Capabilities(tuple((each, ()) for each in capabilities))
    return LoginFacts(("PLAIN",), plain, None, "SELECT INBOX", OK, announced, ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (logged_in(OK, "IMAP4REV1", "SPECIAL-USE"), PASS),
        (logged_in(OK, "IMAP4REV1"), FAIL),
        (logged_in(Reply("NO", "[AUTHENTICATIONFAILED]", ())), UNVERIFIED),
    ],
)
def test_mbox_01(load_check: Load, facts: LoginFacts, verdict: Verdict) -> None:
    """
    Without a login nothing is known.
    """
    check = load_check("mailboxes", "test_special_use", "test_capability")
    assert check(facts).verdict is verdict


def found(
    uses: tuple[str, ...] = USES,
    subscribed: tuple[str, ...] = USES,
    *,
    also: tuple[Folder, ...] = (),
    remaining: tuple[tuple[str, str], ...] = (),
    broken: str = "",
) -> SpecialUseFacts:
    """
    Mailboxes that are called as what they are for.
    """
    folders = (*(Folder(each, ("\\HasNoChildren", f"\\{each}")) for each in uses), *also)
    trials = tuple(FolderTrial(each, OK, OK, removed=each != broken) for each in uses)
    return SpecialUseFacts("carol", folders, (), folders, subscribed, remaining, trials, ())


OLD = (("Sent", "holds 3 messages, so the account is not fresh"),)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (found(), PASS),
        (found(USES[:3]), FAIL),
        (found(also=(Folder("Sent Messages", ("\\Sent",)),)), FAIL),
        (found(USES[:3], also=(Folder("Gesendet", ("\\Sent",)),)), PASS),
        (found(remaining=OLD), UNVERIFIED),
        (found(USES[1:], remaining=OLD), FAIL),
    ],
)
def test_mbox_02(load_check: Load, facts: SpecialUseFacts, verdict: Verdict) -> None:
    """
    Names do not matter; what an earlier session may have made does not pass.
    """
    check = load_check("mailboxes", "test_special_use", "test_each_use_has_one_mailbox")
    assert check(facts, make_target()).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (found(), PASS),
        (found(subscribed=USES[:3]), FAIL),
        (found(USES[:3]), FAIL),
        (found(remaining=OLD), UNVERIFIED),
    ],
)
def test_mbox_03(load_check: Load, facts: SpecialUseFacts, verdict: Verdict) -> None:
    """
    The server itself has to subscribe each.
    """
    check = load_check("mailboxes", "test_special_use", "test_subscribed_by_the_server")
    assert check(facts, make_target()).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (found(), PASS),
        (found(broken="Trash"), FAIL),
        (found(USES[:3]), FAIL),
        (found(remaining=OLD), UNVERIFIED),
    ],
)
def test_mbox_04(load_check: Load, facts: SpecialUseFacts, verdict: Verdict) -> None:
    """
    Opened, written and tidied, each of them.
    """
    check = load_check("mailboxes", "test_special_use", "test_usable_at_once")
    assert check(facts, make_target()).verdict is verdict


def configured(auto: str = "subscribe", *, inbox: str = "yes", use: str = "Sent") -> DovecotConfig:
    """
    A namespace in which the last mailbox is different.
    """
    named = "\n".join(
        f"  mailbox {name} {{\n    auto = {how}\n    special_use = \\{kind}\n  }}"
        for name, how, kind in (
            *((each, "subscribe", each) for each in USES[:3]),
            ("Sent", auto, use),
        )
    )
    text = f"namespace inbox {{\n  inbox = {inbox}\n  prefix = \n{named}\n}}\n"
    return parse_dovecot(f"@@version\n2.3.19.1\n@@all\n{text}", ())


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (configured(), PASS),
        (configured("create"), FAIL),
        (configured("no"), FAIL),
        (configured(use="Junk"), FAIL),
        (configured(inbox="no"), FAIL),
    ],
)
def test_mbox_05(load_check: Load, config: DovecotConfig, verdict: Verdict) -> None:
    """
    The right use, subscribed, in the namespace of the INBOX.
    """
    check = load_check("mailboxes", "test_special_use", "test_configuration")
    assert check(config, make_target()).verdict is verdict


def named(auto: str, prefix: str = "") -> DovecotConfig:
    """
    A configuration that names Templates.
    """
    mailbox = f"mailbox Templates {{\n    auto = {auto}\n  }}"
    text = f"namespace inbox {{\n  inbox = yes\n  prefix = {prefix}\n  {mailbox}\n}}\n"
    return parse_dovecot(f"@@version\n2.3.19.1\n@@all\n{text}", ())


TEMPLATES = Folder("Templates", ("\\HasNoChildren",))
USED = (("Templates", "holds 3 messages, so the account is not fresh"),)


@pytest.mark.parametrize(
    ("facts", "config", "verdict"),
    [
        (found(also=(TEMPLATES,)), named("create"), PASS),
        (found(), named("create"), FAIL),
        (found(also=(TEMPLATES,), subscribed=(*USES, "Templates")), named("create"), FAIL),
        (found(also=(TEMPLATES,), remaining=USED), named("create"), UNVERIFIED),
        (found(), named("no"), Verdict.NOT_APPLICABLE),
    ],
)
def test_mbox_06(
    load_check: Load, facts: SpecialUseFacts, config: DovecotConfig, verdict: Verdict
) -> None:
    """
    There, and not subscribed; what is left from other sessions shows nothing.
    """
    check = load_check("mailboxes", "test_special_use", "test_created_and_not_subscribed")
    assert check(facts, config, make_target()).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "config", "verdict"),
    [
        (found(), named("no"), PASS),
        (found(also=(TEMPLATES,)), named("no"), FAIL),
        (found(also=(TEMPLATES,), remaining=USED), named("no"), UNVERIFIED),
        (found(()), named("no"), UNVERIFIED),
        (found(), named("create"), Verdict.NOT_APPLICABLE),
    ],
)
def test_mbox_07(
    load_check: Load, facts: SpecialUseFacts, config: DovecotConfig, verdict: Verdict
) -> None:
    """
    Not there, on a server that lists others.
    """
    check = load_check("mailboxes", "test_special_use", "test_not_created")
    assert check(facts, config, make_target()).verdict is verdict


def test_the_profile_says_which_mailboxes_there_are(load_check: Load) -> None:
    """
    Whatever the configuration says.
    """
    expect = ExpectMailboxes(created=("Templates",), not_created=("Notes",))
    target = make_target(expect=Expectations(mailboxes=expect))
    created = load_check("mailboxes", "test_special_use", "test_created_and_not_subscribed")
    absent = load_check("mailboxes", "test_special_use", "test_not_created")
    assert created(found(), named("no"), target).verdict is FAIL
    assert absent(found(), named("no"), target).verdict is PASS


def test_declared_names_stand_behind_the_prefix_of_the_namespace(load_check: Load) -> None:
    """
    Users see INBOX.Templates where the profile says Templates, and so for what must be absent.
    """
    expect = ExpectMailboxes(created=("Templates",), not_created=("Templates",))
    target = make_target(expect=Expectations(mailboxes=expect))
    created = load_check("mailboxes", "test_special_use", "test_created_and_not_subscribed")
    absent = load_check("mailboxes", "test_special_use", "test_not_created")
    facts = found(also=(Folder("INBOX.Templates", ("\\HasNoChildren",)),))

    assert created(facts, named("create", "INBOX."), target).verdict is PASS
    assert absent(facts, named("create", "INBOX."), target).verdict is FAIL


def test_special_uses_may_be_created_only(load_check: Load) -> None:
    """
    What the profile takes out is neither demanded as a subscription nor in the configuration.
    """
    expect = ExpectMailboxes(not_subscribed=("Sent",))
    target = make_target(expect=Expectations(mailboxes=expect))
    subscribed = load_check("mailboxes", "test_special_use", "test_subscribed_by_the_server")
    settings = load_check("mailboxes", "test_special_use", "test_configuration")

    assert subscribed(found(subscribed=USES[:3]), target).verdict is PASS
    assert subscribed(found(subscribed=USES[1:]), target).verdict is FAIL
    assert settings(configured("create"), target).verdict is PASS
    assert settings(configured("subscribe"), target).verdict is FAIL
    assert settings(configured("no"), target).verdict is FAIL


def test_no_special_use_need_be_subscribed(load_check: Load) -> None:
    """
    Where the profile takes all out, there is no question.
    """
    expect = ExpectMailboxes(not_subscribed=USES)
    target = make_target(expect=Expectations(mailboxes=expect))
    subscribed = load_check("mailboxes", "test_special_use", "test_subscribed_by_the_server")

    assert subscribed(found(), target).verdict is Verdict.NOT_APPLICABLE
