"""
The checks of area host, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotCheck, DovecotConfig
from mailvet.facts.files import FileFacts, FileStat
from mailvet.facts.mail_account import MailAccountFacts, Passwd, UserLookup
from mailvet.facts.packages import PackageFacts
from mailvet.facts.postfix import PostfixCheck, PostfixConfig
from mailvet.facts.units import Unit, UnitFacts
from mailvet.model import Cause, Expectations, ExpectDovecot, Judgement, Target, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

ALIVE = (("dovecot", True), ("postfix", True))


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "host")


def expecting(*protocols: str) -> Target:
    """A host with these protocols."""
    return make_target(expect=Expectations(dovecot=ExpectDovecot(protocols=protocols)))


def units(
    *states: tuple[str, str, str, str], alive: bool = True, systemd: bool = True
) -> UnitFacts:
    """Units by name, load state, active state and unit file state."""
    running = ALIVE if alive else (("dovecot", False), ("postfix", False))
    return UnitFacts(systemd, tuple(Unit(*each) for each in states), running, ())


@pytest.mark.parametrize("server", ["dovecot", "postfix"])
@pytest.mark.parametrize(
    ("load_state", "file_state", "verdict"),
    [
        ("loaded", "enabled", Verdict.PASS),
        ("loaded", "disabled", Verdict.FAIL),
        ("loaded", "enabled-runtime", Verdict.FAIL),
        ("masked", "masked", Verdict.FAIL),
        ("not-found", "", Verdict.FAIL),
    ],
)
def test_enabled(
    check: Load, server: str, load_state: str, file_state: str, verdict: Verdict
) -> None:
    """Only an enabled unit survives a reboot."""
    facts = units((f"{server}.service", load_state, "active", file_state))

    assert check("test_units", f"test_{server}_enabled")(facts).verdict is verdict


def test_enabled_through_its_socket(check: Load) -> None:
    """Dovecot may be started by its socket."""
    facts = units(
        ("dovecot.service", "loaded", "active", "disabled"),
        ("dovecot.socket", "loaded", "active", "enabled"),
    )

    assert check("test_units", "test_dovecot_enabled")(facts).verdict is Verdict.PASS


def test_enabled_without_systemd(check: Load) -> None:
    """Without systemd the question does not arise."""
    facts = units(systemd=False)

    assert check("test_units", "test_dovecot_enabled")(facts).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("server", ["dovecot", "postfix"])
@pytest.mark.parametrize(
    ("active", "alive", "verdict"),
    [
        ("active", True, Verdict.PASS),
        ("active", False, Verdict.FAIL),
        ("inactive", True, Verdict.FAIL),
        ("failed", False, Verdict.FAIL),
    ],
)
def test_running(
    check: Load,
    server: str,
    active: str,
    alive: bool,
    verdict: Verdict,
) -> None:
    """The unit has to be active, and the master process alive."""
    facts = units((f"{server}.service", "loaded", active, "enabled"), alive=alive)

    assert check("test_units", f"test_{server}_running")(facts).verdict is verdict


def test_debians_dummy_unit_is_not_postfix(check: Load) -> None:
    """postfix.service is active on Debian even if Postfix is not."""
    facts = units(
        ("postfix.service", "loaded", "active", "enabled"),
        ("postfix@-.service", "loaded", "failed", "enabled-runtime"),
    )

    assert check("test_units", "test_postfix_running")(facts).verdict is Verdict.FAIL


def dovecot(protocols: str) -> DovecotConfig:
    """A configuration with these protocols."""
    root = Section("", "", (("protocols", protocols),))
    return DovecotConfig("2.3.16", "", (), root, root, (), ())


@pytest.mark.parametrize(
    ("protocols", "verdict"),
    [
        ("lmtp imap", Verdict.PASS),
        ("imap", Verdict.FAIL),
        ("imap lmtp pop3", Verdict.FAIL),
        ("sieve", Verdict.FAIL),
    ],
)
def test_protocols(check: Load, protocols: str, verdict: Verdict) -> None:
    """The set has to be the declared one, in whatever order."""
    run = check("test_configuration", "test_protocols_declared")

    assert run(dovecot(protocols), expecting("imap", "lmtp")).verdict is verdict


def test_protocols_that_nobody_declared(check: Load) -> None:
    """Without a declaration there is nothing to compare with."""
    run = check("test_configuration", "test_protocols_declared")

    assert run(dovecot("imap"), expecting()).verdict is Verdict.NOT_APPLICABLE


def dovecot_check(**changes: Any) -> DovecotCheck:  # noqa: ANN401
    """A Dovecot in good order, but for *changes*."""
    return dataclasses.replace(DovecotCheck("2.3.16", True, 0, (), ()), **changes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"errors": ("service x { client_limit=1 } is lower than required under max. load (2)",)},
         Verdict.PASS),
        ({"status": 89, "errors": ("Unknown setting: ss",)}, Verdict.FAIL),
        ({"errors": ("doveconf: Warning: Obsolete setting",)}, Verdict.FAIL),
    ],
)  # fmt: skip
def test_dovecot_configuration(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Errors and warnings fail, advice about load does not."""
    run = check("test_configuration", "test_dovecot_configuration_valid")

    assert run(dovecot_check(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"version": "2.4.1-4"}, Verdict.FAIL),
        ({"version": "2.30.1"}, Verdict.FAIL),
        ({"version": ""}, Verdict.FAIL),
        ({"doveadm": False}, Verdict.FAIL),
        ({"status": 127}, Verdict.FAIL),
        ({"status": 89}, Verdict.PASS),
    ],
)
def test_dovecot_release(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Release 2.3 with both tools passes; what its configuration is like is another question."""
    run = check("test_configuration", "test_dovecot_release")

    assert run(dovecot_check(**changes)).verdict is verdict


def postfix_check(**changes: Any) -> PostfixCheck:  # noqa: ANN401
    """A Postfix in good order, but for *changes*."""
    good = PostfixCheck("3.5.9", 0, (), audible=True, postconf_status=0, warnings=())
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"status": 1}, Verdict.FAIL),
        ({"complaints": ("group or other writable: main.cf",)}, Verdict.FAIL),
        ({"audible": False, "complaints": ("fatal: …",)}, Verdict.FAIL),
        ({"audible": False}, Verdict.UNVERIFIED),
    ],
)
def test_postfix_check(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Silence passes only where warnings would have been heard."""
    run = check("test_configuration", "test_postfix_check_clean")

    assert run(postfix_check(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"warnings": ("unused parameter: smtpd_tls_cert_fil=x",)}, Verdict.FAIL),
        ({"postconf_status": 1}, Verdict.FAIL),
    ],
)
def test_postconf(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Any warning fails."""
    run = check("test_configuration", "test_postconf_clean")

    assert run(postfix_check(**changes)).verdict is verdict


def stat(path: str, mode: int = 0o644, owner: str = "root", acl: tuple[str, ...] = ()) -> FileStat:
    """A file of root's group."""
    return FileStat(path, path, "file", mode, owner, "root", (), acl)


MASTER = "/etc/postfix/master.cf"


@pytest.mark.parametrize(
    ("master", "verdict"),
    [
        (stat(MASTER), Verdict.PASS),
        (stat(MASTER, 0o600), Verdict.PASS),
        (stat(MASTER, acl=("user:bob:r--",)), Verdict.PASS),
        (stat(MASTER, 0o666), Verdict.FAIL),
        (stat(MASTER, 0o664), Verdict.FAIL),
        (stat(MASTER, owner="postfix"), Verdict.FAIL),
        (stat(MASTER, acl=("user:bob:rw-",)), Verdict.FAIL),
        (None, Verdict.FAIL),
    ],
)
def test_configuration_files(check: Load, master: FileStat | None, verdict: Verdict) -> None:
    """Root alone may write, whoever may read."""
    found = (stat("/etc/postfix/main.cf"), *((master,) if master else ()))
    files = FileFacts(found, () if master else (MASTER,), ())
    postfix = PostfixConfig("3.5.9", "/etc/postfix", {}, {}, (), (), ())

    run = check("test_configuration", "test_configuration_belongs_to_root")

    assert run(files, postfix).verdict is verdict


VMAIL = Passwd("vmail", 5000, 5000, "/var/mail", "/sbin/nologin")
ALICE = UserLookup("alice", 0, (("uid", "5000"), ("gid", "5000"), ("home", "/var/mail/alice")))
ROOT = FileStat("/var/mail", "/var/mail", "directory", 0o2700, "vmail", "vmail")


def mail_account(**changes: Any) -> MailAccountFacts:  # noqa: ANN401
    """A mail account in good order, but for *changes*."""
    unknown = UserLookup("no-such-user", 67, ())
    good = MailAccountFacts("vmail", (VMAIL,), "vmail", "/var/mail", ROOT, (ALICE,), unknown)
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("account_exists", {}, Verdict.PASS),
        ("account_exists", {"accounts": ()}, Verdict.FAIL),
        ("account_exists", {"group": ""}, Verdict.FAIL),
        ("account_without_shell", {}, Verdict.PASS),
        ("account_without_shell", {"accounts": ()}, Verdict.FAIL),
        ("root_owner", {}, Verdict.PASS),
        ("root_owner", {"root": dataclasses.replace(ROOT, group="mail")}, Verdict.FAIL),
        ("root_owner", {"root": dataclasses.replace(ROOT, owner="root")}, Verdict.FAIL),
        ("root_owner", {"root": None}, Verdict.FAIL),
        ("root_private", {}, Verdict.PASS),
        ("root_private", {"root": dataclasses.replace(ROOT, mode=0o2775)}, Verdict.FAIL),
        ("root_private", {"root": dataclasses.replace(ROOT, acl=("user:bob:r-x",))}, Verdict.FAIL),
        ("root_private", {"root": None}, Verdict.FAIL),
        ("account_is_nobody_else", {}, Verdict.PASS),
        ("account_is_nobody_else", {"accounts": (VMAIL, dataclasses.replace(VMAIL, name="www"))},
         Verdict.FAIL),
        ("account_is_nobody_else", {"accounts": (), "users": ()}, Verdict.UNVERIFIED),
    ],
)  # fmt: skip
def test_mail_account(check: Load, name: str, changes: dict[str, Any], verdict: Verdict) -> None:
    """Each property of the mail account is judged by itself."""
    run = check("test_mail_account", f"test_mail_{name}")

    assert run(mail_account(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("shell", "verdict"),
    [
        ("/usr/sbin/nologin", Verdict.PASS),
        ("/bin/false", Verdict.PASS),
        ("/bin/bash", Verdict.FAIL),
        ("", Verdict.FAIL),
    ],
)
def test_shell(check: Load, shell: str, verdict: Verdict) -> None:
    """An empty field stands for /bin/sh."""
    facts = mail_account(accounts=(dataclasses.replace(VMAIL, shell=shell),))

    run = check("test_mail_account", "test_mail_account_without_shell")

    assert run(facts).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"users": (dataclasses.replace(ALICE, status=67),)}, Verdict.FAIL),
        ({"unknown": ALICE}, Verdict.FAIL),
        ({"users": ()}, Verdict.UNVERIFIED),
    ],
)
def test_user_database(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Without an account to look up nothing is known."""
    judgement = check("test_mail_account", "test_user_database")(mail_account(**changes))

    assert judgement.verdict is verdict
    assert judgement.cause in {None, Cause.CREDENTIALS}


@pytest.mark.parametrize(
    ("manager", "installed", "verdict"),
    [
        ("rpm", ("dovecot", "postfix"), Verdict.PASS),
        ("rpm", (), Verdict.FAIL),
        ("dpkg", ("dovecot-core", "dovecot-imapd", "postfix"), Verdict.PASS),
        ("dpkg", ("dovecot-core",), Verdict.FAIL),
        ("", (), Verdict.NOT_APPLICABLE),
    ],
)
def test_packages(check: Load, manager: str, installed: tuple[str, ...], verdict: Verdict) -> None:
    """Each manager has its own package names; without one the question does not arise."""
    facts = PackageFacts(manager, tuple((name, "1") for name in installed), ())

    assert (
        check("test_packages", "test_dovecot_package")(facts, expecting("imap")).verdict is verdict
    )
    assert check("test_packages", "test_postfix_package")(facts).verdict is verdict
