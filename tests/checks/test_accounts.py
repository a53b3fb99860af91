"""
The checks of area accounts, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.first_use import FirstUseFacts
from mailvet.facts.mail_account import MailAccountFacts, Passwd, UserLookup
from mailvet.facts.mail_session import HostSide, MailSessionFacts
from mailvet.facts.mail_store import Attempt, MailStoreFacts
from mailvet.facts.pam import PamHost
from mailvet.facts.pam_stack import PamFiles
from mailvet.facts.replies import Reply
from mailvet.facts.system_accounts import NssUser, SystemAccountFacts
from mailvet.model import (
    Endpoint,
    Expectations,
    ExpectDovecot,
    Judgement,
    Protocol,
    Security,
    Target,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "accounts")


VMAIL = Passwd("vmail", 5000, 5000, "/var/mail", "/sbin/nologin")
ROOT = FileStat("/var/mail", "/var/spool/mail", "directory", 0o700, "vmail", "vmail")
ALICE = UserLookup("alice", 0, (("home", "/var/mail/alice"), ("mail", "sdbox:/var/mail/alice")))
BOB = UserLookup("bob", 0, (("home", "/var/mail/bob"), ("mail", "sdbox:/var/mail/bob")))
UNKNOWN = UserLookup("nobody", 67, ())
GOOD_STACK = """auth requisite pam_succeed_if.so uid >= 1000
auth required pam_unix.so
account required pam_unix.so
"""
BAD_STACK = "auth required pam_unix.so\naccount required pam_unix.so\n"


def mail(**changes: Any) -> MailAccountFacts:  # noqa: ANN401
    """A mail account in good order, but for *changes*."""
    good = MailAccountFacts("vmail", (VMAIL,), "vmail", "/var/mail", ROOT, (ALICE, BOB), UNKNOWN)
    return dataclasses.replace(good, **changes)


def system(stack: str = GOOD_STACK, **changes: Any) -> SystemAccountFacts:  # noqa: ANN401
    """Accounts in good order, but for *changes*; root has a password."""
    alice = Passwd("alice", 1001, 1001, "/home/alice", "/sbin/nologin")
    good = SystemAccountFacts(
        limit=1000,
        system=(Passwd("root", 0, 0, "/root", "/bin/bash"),),
        passwords=(("root", "set"), ("vmail", "locked")),
        mail_home="/var/spool/mail",
        users=(NssUser("alice", "alice", alice, has_home=False),),
        pam=PamFiles((("dovecot", stack),)),
        pam_host=PamHost(),
    )
    return dataclasses.replace(good, **changes)


def dovecot(
    passdb: tuple[str, ...] = ("pam",), userdb: tuple[str, ...] = ("passwd",), **changes: str
) -> DovecotConfig:
    """A configuration in good order, but for *changes*."""
    forced = ("override_fields", "uid=vmail gid=vmail home=/var/mail/%n/")
    inner = (
        *(Section("passdb", "", (("driver", each),)) for each in passdb),
        *(Section("userdb", "", (("driver", each), forced)) for each in userdb),
    )
    settings = {
        "mail_location": "sdbox:/var/mail/%n/",
        "first_valid_uid": "1000",
        "last_valid_uid": "0",
        "first_valid_gid": "1",
        "last_valid_gid": "0",
    }
    root = Section("", "", tuple((settings | changes).items()), inner)
    return DovecotConfig("2.3.16", "", (), root, root, (), ())


def store(**changes: Any) -> MailStoreFacts:  # noqa: ANN401
    """A mail store in good order, but for *changes*."""
    attempt = Attempt("nobody", True, (), ("/var/mail",), (), True)
    good = MailStoreFacts(
        ("/var/mail",), (), 25, True, "", (), (attempt,), "Enforcing",
        (("/var/mail", "mail_spool_t"),), (("/var/mail", "mail_spool_t"),),
    )  # fmt: skip
    return dataclasses.replace(good, **changes)


def session(**changes: Any) -> MailSessionFacts:  # noqa: ANN401
    """Two users in good order, but for *changes*."""
    ok = Reply("OK", "", ())
    host = HostSide("", ((4711, 5000),), ("/var/mail/alice/dbox-Mails/u.1",))
    good = MailSessionFacts("alice", "bob", ok, True, ok, ("INBOX",), (), "", host, ())
    return dataclasses.replace(good, **changes)


def expecting(**changes: Any) -> Target:  # noqa: ANN401
    """A host with these expectations of Dovecot."""
    return make_target(expect=Expectations(dovecot=ExpectDovecot(**changes)))


NO = Reply("NO", "internal error", ())


@pytest.mark.parametrize(
    ("mail_facts", "system_facts", "config", "verdict"),
    [
        (mail(), system(), dovecot(), PASS),
        (mail(), system(mail_home="/var/spool"), dovecot(), PASS),
        (mail(), system(mail_home="/home/vmail"), dovecot(), FAIL),
        (mail(), system(mail_home="/var/spool/mail2"), dovecot(), FAIL),
        (mail(), system(mail_home="/"), dovecot(), FAIL),
        (mail(), system(mail_home=""), dovecot(), FAIL),
        (mail(accounts=()), system(), dovecot(), FAIL),
        (mail(root=None), system(), dovecot(), OPEN),
        (mail(), system(), dovecot((), (), mail_location=""), OPEN),
    ],
)
def test_home_of_the_mail_account(
    check: Load,
    mail_facts: MailAccountFacts,
    system_facts: SystemAccountFacts,
    config: DovecotConfig,
    verdict: Verdict,
) -> None:
    """The mail root, or a folder above it."""
    run = check("test_mail_account", "test_home_of_the_mail_account")

    assert run(mail_facts, system_facts, config, make_target()).verdict is verdict


@pytest.mark.parametrize(
    ("mail_facts", "state", "verdict"),
    [
        (mail(), "locked", PASS),
        (mail(), "set", FAIL),
        (mail(), "empty", FAIL),
        (mail(), "", OPEN),
        (mail(accounts=()), "", FAIL),
    ],
)
def test_password_of_the_mail_account(
    check: Load, mail_facts: MailAccountFacts, state: str, verdict: Verdict
) -> None:
    """Only a locked entry passes."""
    run = check("test_mail_account", "test_mail_account_has_no_password")
    passwords = (("vmail", state),) if state else ()

    assert run(mail_facts, system(passwords=passwords)).verdict is verdict


@pytest.mark.parametrize(
    ("mail_facts", "config", "verdict"),
    [
        (mail(), dovecot(), PASS),
        (mail(), dovecot(last_valid_uid="5000"), PASS),
        (mail(), dovecot(first_valid_uid="5001"), FAIL),
        (mail(), dovecot(last_valid_uid="4999"), FAIL),
        (mail(), dovecot(last_valid_gid="500"), FAIL),
        (mail(accounts=()), dovecot(), FAIL),
    ],
)
def test_limits(
    check: Load, mail_facts: MailAccountFacts, config: DovecotConfig, verdict: Verdict
) -> None:
    """Uid and gid have to be within both limits."""
    run = check("test_mail_account", "test_mail_account_within_limits")

    assert run(mail_facts, config).verdict is verdict


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("other_users_read_no_mail", {}, PASS),
        ("other_users_read_no_mail",
         {"attempts": (Attempt("nobody", True, ("/var/mail",), (), (), True),)}, FAIL),
        ("other_users_read_no_mail",
         {"attempts": (Attempt("nobody", False, (), ("/var/mail",), (), True),)}, OPEN),
        ("other_users_read_no_mail", {"attempts": ()}, OPEN),
        ("other_users_read_no_mail", {"missing": ("/srv/index",)}, OPEN),
        ("selinux_type", {}, PASS),
        ("selinux_type", {"types": (("/var/mail", "var_t"),)}, FAIL),
        ("selinux_type", {"selinux": "Permissive"}, FAIL),
        ("selinux_type", {"types": ()}, OPEN),
        ("selinux_type", {"selinux": ""}, NA),
        ("selinux_type", {"selinux": "Disabled"}, NA),
        ("selinux_type_survives", {}, NA),
        ("selinux_type_survives", {"selinux": ""}, NA),
        ("selinux_type_survives", {"roots": ("/srv/mail",)}, PASS),
        ("selinux_type_survives",
         {"roots": ("/srv/mail",), "policy": (("/srv/mail", "var_t"),)}, FAIL),
        ("selinux_type_survives", {"roots": ("/srv/mail",), "policy": ()}, OPEN),
    ],
)  # fmt: skip
def test_store(check: Load, name: str, changes: dict[str, Any], verdict: Verdict) -> None:
    """Who reaches the files, and what SELinux calls them."""
    run = check("test_mail_account", f"test_{name}")

    assert run(store(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"foreign": ("/var/mail/x (uid 0, gid 0)",)}, FAIL),
        ({"foreign": ("/var/mail/x (uid 0, gid 0)",), "complete": False}, FAIL),
        ({"complete": False, "gap": "there are more of them"}, OPEN),
    ],
)
def test_owners(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """A sample can fail, but not pass."""
    run = check("test_mail_account", "test_files_belong_to_the_mail_account")

    assert run(store(**changes), mail()).verdict is verdict


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        (HostSide("", ((1, 5000), (2, 5000))), PASS),
        (HostSide("", ((1, 5000), (2, 1001))), FAIL),
        (HostSide("", ()), OPEN),
        (HostSide("no shell"), OPEN),
    ],
)
def test_process(check: Load, host: HostSide, verdict: Verdict) -> None:
    """All processes of the user count."""
    run = check("test_mail_account", "test_process_runs_as_the_mail_account")

    assert run(session(host=host), mail()).verdict is verdict


@pytest.mark.parametrize(
    ("config", "form", "verdict"),
    [
        (dovecot(), "", PASS),
        (dovecot(), "sdbox", PASS),
        (dovecot(mail_location="mdbox:/var/mail/%n"), "sdbox", FAIL),
        (dovecot(mail_location="/var/mail/%n"), "", FAIL),
        (dovecot(mail_location=""), "", FAIL),
        (dovecot(userdb=("sql",), mail_location=""), "", OPEN),
    ],
)
def test_location(check: Load, config: DovecotConfig, form: str, verdict: Verdict) -> None:
    """A format has to be named, the declared one if there is one."""
    run = check("test_mail_location", "test_location_is_set")

    assert run(config, mail(), expecting(mail_format=form)).verdict is verdict


SHARED = tuple(
    UserLookup(name, 0, (("mail", "sdbox:/var/mail/shared"),)) for name in ("alice", "bob")
)


@pytest.mark.parametrize(
    ("config", "users", "verdict"),
    [
        (dovecot(), (ALICE, BOB), PASS),
        (dovecot(), (ALICE,), PASS),
        (dovecot(), (), PASS),
        (dovecot(mail_location="sdbox:/var/mail/shared"), (), FAIL),
        (dovecot(mail_location="sdbox:/var/mail/%d"), (ALICE, BOB), FAIL),
        (dovecot(), SHARED, FAIL),
        (dovecot(mail_location=""), (ALICE, BOB), PASS),
        (dovecot(mail_location=""), (ALICE,), OPEN),
        (dovecot(mail_location=""), (), OPEN),
    ],
)
def test_places(
    check: Load, config: DovecotConfig, users: tuple[UserLookup, ...], verdict: Verdict
) -> None:
    """Both what is configured and what comes out have to differ."""
    run = check("test_mail_location", "test_each_user_has_a_place")

    assert run(config, mail(users=users)).verdict is verdict


DAVES = (
    UserLookup("dave@a.example", 0, (("mail", "sdbox:/var/mail/dave"),)),
    UserLookup("dave@b.example", 0, (("mail", "sdbox:/var/mail/dave"),)),
)


@pytest.mark.parametrize(
    ("system_changes", "session_changes", "verdict"),
    [
        ({}, {}, NA),
        ({"pairs": (DAVES,)}, {}, FAIL),
        ({"domains": ("a.example", "b.example")}, {}, OPEN),
        ({}, {"owner": "dave@a.example", "neighbour": "dave@b.example"}, PASS),
        ({}, {"owner": "dave@a.example", "neighbour": "dave@b.example", "seen_in": ("INBOX",)},
         FAIL),
        ({"domains": ("a.example", "b.example")},
         {"owner": "dave@a.example", "neighbour": "dave@b.example", "failure": "no login"}, OPEN),
    ],
)  # fmt: skip
def test_domains(
    check: Load,
    system_changes: dict[str, Any],
    session_changes: dict[str, Any],
    verdict: Verdict,
) -> None:
    """Seen through IMAP where such accounts are declared, otherwise by the user database."""
    run = check("test_mail_location", "test_domains_do_not_collide")
    accounts = {
        name: dataclasses.replace(account, user=name)
        for name, account in make_target().accounts.items()
    }

    found = run(
        system(**system_changes), session(**session_changes), make_target(accounts=accounts)
    )

    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"seen_in": ("INBOX",)}, FAIL),
        ({"seen_in": ("/var/mail/alice",), "owner_sees": False}, FAIL),
        ({"owner_sees": False}, OPEN),
        ({"append": NO}, OPEN),
        ({"neighbour_inbox": NO}, OPEN),
        ({"neighbour_inbox": None}, OPEN),
        ({"neighbour": "", "failure": "only one account"}, OPEN),
    ],
)
def test_isolation(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Not to be found proves something only if it is there, and if the other user can look."""
    run = check("test_mail_location", "test_users_do_not_see_each_others_mail")

    assert run(session(**changes)).verdict is verdict


MDBOX = (UserLookup("alice", 0, (("mail", "mdbox:/var/mail/alice"),)),)


@pytest.mark.parametrize(
    ("users", "files", "form", "verdict"),
    [
        ((ALICE,), ("/m/u.1",), "", PASS),
        ((ALICE,), ("/m/u.1", "/m/u.2"), "", FAIL),
        ((ALICE,), ("/m/m.1",), "", FAIL),
        ((ALICE,), (), "", OPEN),
        (MDBOX, ("/m/m.1",), "", NA),
        (MDBOX, ("/m/m.1",), "sdbox", FAIL),
    ],
)
def test_layout(
    check: Load,
    users: tuple[UserLookup, ...],
    files: tuple[str, ...],
    form: str,
    verdict: Verdict,
) -> None:
    """Another format is fine unless single-dbox is declared."""
    run = check("test_mail_location", "test_one_file_for_each_message")
    facts = session(host=HostSide("", (), files))

    assert run(facts, mail(users=users), expecting(mail_format=form)).verdict is verdict


def test_forced_fields(check: Load) -> None:
    """Values of the backend must not win."""
    run = check("test_mail_location", "test_user_database_forces_the_mail_account")
    left = Section("userdb", "", (("driver", "passwd"),))
    default = ("default_fields", "uid=vmail gid=vmail home=/var/mail/%n")
    perhaps = Section("userdb", "", (("driver", "sql"), default))

    def having(section: Section) -> DovecotConfig:
        root = Section("", "", (), (section,))
        return dataclasses.replace(dovecot(), root=root)

    assert run(dovecot(), mail()).verdict is PASS
    assert run(having(left), mail()).verdict is FAIL
    assert run(having(perhaps), mail()).verdict is OPEN


@pytest.mark.parametrize(
    ("name", "config", "verdict"),
    [
        ("passwords_are_checked_by_pam", dovecot(), PASS),
        ("passwords_are_checked_by_pam", dovecot(("passwd-file", "pam")), PASS),
        ("passwords_are_checked_by_pam", dovecot(("shadow",)), FAIL),
        ("passwords_are_checked_by_pam", dovecot(("pam", "static")), FAIL),
        ("passwords_are_checked_by_pam", dovecot(()), FAIL),
        ("users_are_looked_up_in_nss", dovecot(), PASS),
        ("users_are_looked_up_in_nss", dovecot(userdb=("static",)), FAIL),
        ("users_are_looked_up_in_nss", dovecot(userdb=("passwd", "static")), FAIL),
        ("users_are_looked_up_in_nss", dovecot(userdb=()), FAIL),
    ],
)
def test_databases(check: Load, name: str, config: DovecotConfig, verdict: Verdict) -> None:
    """Whom Dovecot asks about passwords and users."""
    assert check("test_pam", f"test_{name}")(config).verdict is verdict


@pytest.mark.parametrize(
    ("config", "stack", "verdict"),
    [
        (dovecot(), GOOD_STACK, PASS),
        (dovecot(), "auth sufficient pam_permit.so\n", FAIL),
        (dovecot(()), GOOD_STACK, FAIL),
    ],
)
def test_service(check: Load, config: DovecotConfig, stack: str, verdict: Verdict) -> None:
    """A service that takes any password fails."""
    assert check("test_pam", "test_pam_service")(config, system(stack)).verdict is verdict


def test_known_users(check: Load) -> None:
    """One that NSS does not know fails; without any, nothing is known."""
    run = check("test_pam", "test_mail_users_are_known")
    carol = NssUser("carol", "carol", None, has_home=False)

    assert run(system()).verdict is PASS
    assert run(system(users=(*system().users, carol))).verdict is FAIL
    assert run(system(users=())).verdict is OPEN


@pytest.mark.parametrize(
    ("value", "lowest", "verdict"),
    [
        ("1000", 1000, PASS),
        ("5000", 1000, PASS),
        ("500", 500, PASS),
        ("500", 1000, FAIL),
        ("1000", 5000, FAIL),
        ("0", 1000, FAIL),
        ("", 1000, FAIL),
    ],
)
def test_lowest_uid(check: Load, value: str, lowest: int, verdict: Verdict) -> None:
    """The declared one, or a higher one."""
    run = check("test_pam", "test_lowest_uid")
    target = expecting(first_valid_uid=lowest)

    assert run(dovecot(first_valid_uid=value), target).verdict is verdict


STOPPED = (UserLookup("root", 0, (("uid", "0"),)),)
SUBMISSION = (Endpoint("submission", Protocol.SUBMISSION, 587, Security.STARTTLS),)


@pytest.mark.parametrize(
    ("config", "facts", "endpoints", "verdict"),
    [
        (dovecot(), system(), (), PASS),
        (dovecot(), system(BAD_STACK), (), FAIL),
        (dovecot(), system(BAD_STACK, lookups=STOPPED), (), PASS),
        (dovecot(), system(BAD_STACK, lookups=STOPPED), SUBMISSION, FAIL),
        (dovecot(), system(BAD_STACK, passwords=(("root", "locked"),)), (), NA),
        (dovecot(("pam", "sql")), system(), (), OPEN),
        (dovecot(), system("auth required pam_deny.so\n"), (), OPEN),
        (dovecot(), system(system=()), (), OPEN),
        (dovecot(), system("auth required pam_strange.so\naccount required pam_permit.so\n"), (),
         OPEN),
    ],
)  # fmt: skip
def test_system_accounts(
    check: Load,
    config: DovecotConfig,
    facts: SystemAccountFacts,
    endpoints: tuple[Endpoint, ...],
    verdict: Verdict,
) -> None:
    """Refused whatever the password passes; what cannot be told is said."""
    run = check("test_pam", "test_system_accounts_stay_outside")

    assert run(config, facts, make_target(endpoints)).verdict is verdict


@pytest.mark.parametrize(
    ("has_home", "opened", "verdict"),
    [
        (False, ("alice",), PASS),
        (False, ("bob",), FAIL),
        (False, (), OPEN),
        (True, (), NA),
    ],
)
def test_home_directory(
    check: Load, has_home: bool, opened: tuple[str, ...], verdict: Verdict
) -> None:
    """An account that cannot be used counts only if others can."""
    run = check("test_pam", "test_home_directory_is_not_needed")
    users = tuple(dataclasses.replace(each, has_home=has_home) for each in system().users)

    found = run(system(users=users), FirstUseFacts(opened), make_target())

    assert found.verdict is verdict
