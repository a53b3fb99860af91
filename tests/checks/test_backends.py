"""
The checks of area backends, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.backend import BackendFacts, BackendFile, parse_option_files
from mailvet.facts.backend_users import BackendUsers, Lookup
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.mail_account import MailAccountFacts, Passwd, UserLookup
from mailvet.facts.packages import PackageFacts
from mailvet.model import Expectations, ExpectDovecot, Judgement, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

FILE = "/etc/dovecot/dovecot-sql.conf.ext"
CA = "/etc/pki/ca.crt"
CONNECT = f"host=db1.example.com dbname=mail user=dovecot password=*** ssl_ca={CA}"
QUERY = "SELECT username AS user, password FROM users WHERE username='%u'"
FORCED = "override_fields = uid=vmail gid=vmail home=/var/mail/%n/"

ALICE = Lookup("alice", wanted=True, user=0, password=0, local=False)
SILENT = dataclasses.replace(ALICE, user=75, password=75)
NOBODY = Lookup("nobody-1", wanted=False, user=67, password=67, local=False)


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "backends", "test_backend")


@pytest.fixture(name="check_users")
def check_of_users(load_check: Load) -> Load:
    """Loads a check of what comes back."""
    return partial(load_check, "backends", "test_users")


def file_stat(path: str = FILE, **changes: Any) -> FileStat:  # noqa: ANN401
    """A file of root's, but for *changes*."""
    return dataclasses.replace(FileStat(path, path, "file", 0o600, "root", "root"), **changes)


def settings(stat: FileStat | None = None, *, sample: bool = False, **changes: str) -> BackendFile:
    """A file with good settings, but for *changes*."""
    good = {"driver": "mysql", "connect": CONNECT, "password_query": QUERY} | changes
    return BackendFile(FILE, stat or file_stat(), tuple(good.items()), sample)


def backend(*files: BackendFile, **changes: Any) -> BackendFacts:  # noqa: ANN401
    """A backend in good order, but for *changes*."""
    good = BackendFacts("sql", files or (settings(),), (file_stat(CA),), ())
    return dataclasses.replace(good, **changes)


def optional(text: str, mode: int = 0o640, path: str = "/etc/mail.cnf") -> BackendFacts:
    """A backend whose settings leave the rest to a file of the client library."""
    connect = "host=db1 dbname=mail user=dovecot option_file=/etc/mail.cnf"
    output = CommandOutput("script", 0, f"@@file 0\n[client]\n{text}\n", "")
    stats = (file_stat(path, mode=mode),)
    return parse_option_files(backend(settings(connect=connect)), output, stats)


def users(**changes: Any) -> BackendUsers:  # noqa: ANN401
    """Users that are found and listed, but for *changes*."""
    return dataclasses.replace(BackendUsers((ALICE, NOBODY), 4, (), "", ()), **changes)


def dovecot(
    passdb: str = f"driver = sql\nargs = {FILE}",
    userdb: str = f"driver = sql\nargs = {FILE}\n{FORCED}",
    more: str = "",
) -> DovecotConfig:
    """A configuration with these databases."""
    root = parse_doveconf(f"passdb {{\n{passdb}\n}}\nuserdb {{\n{userdb}\n}}\n{more}")
    return DovecotConfig("2.3.19.1", "/etc/dovecot/dovecot.conf", (), root, root, (), ())


def for_users() -> BackendFile:
    """A file that only a userdb names."""
    return dataclasses.replace(settings(password_query=""), for_passwords=False)


def gone() -> BackendFile:
    """A file that is named and does not exist."""
    return BackendFile(FILE, None, (), sample=False)


@pytest.mark.parametrize(
    ("manager", "driver", "installed", "verdict"),
    [
        ("dpkg", "sql", ("dovecot-core", "dovecot-mysql"), PASS),
        ("dpkg", "sql", ("dovecot-core", "dovecot-ldap"), FAIL),
        ("rpm", "sql", ("dovecot", "dovecot-mysql"), PASS),
        ("rpm", "sql", ("dovecot",), FAIL),
        ("dpkg", "ldap", ("dovecot-core", "dovecot-ldap"), PASS),
        ("dpkg", "ldap", ("dovecot-core",), FAIL),
        ("rpm", "ldap", ("dovecot",), NA),
        ("", "sql", (), NA),
    ],
)
def test_back_01(
    check: Load, manager: str, driver: str, installed: tuple[str, ...], verdict: Verdict
) -> None:
    """The driver's package, whoever installed it."""
    packages = PackageFacts(manager, tuple((each, "2.3") for each in installed), ())
    found = check("test_driver_is_installed")(packages=packages, backend=backend(driver=driver))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("config", "facts", "verdict"),
    [
        (dovecot(), backend(), PASS),
        (dovecot("driver = pam"), backend(), FAIL),
        (dovecot("driver = sql"), backend(), FAIL),
        (dovecot(), backend(gone()), FAIL),
        (dovecot(), backend(settings(driver="pgsql")), FAIL),
        (dovecot(more="passdb {\ndriver = pam\n}\n"), backend(), PASS),
    ],
)
def test_back_02(check: Load, config: DovecotConfig, facts: BackendFacts, verdict: Verdict) -> None:
    """Driver, file and kind of database."""
    found = check("test_passwords_are_asked_there")(dovecot=config, backend=facts)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("config", "accepted", "verdict"),
    [
        (dovecot(), (), PASS),
        (dovecot(more="passdb {\ndriver = pam\n}\n"), (), FAIL),
        (dovecot(more="passdb {\ndriver = passwd-file\n}\n"), ("passwd-file",), PASS),
        (dovecot(more="passdb {\ndriver = passwd-file\ndeny = yes\n}\n"), (), PASS),
        (dovecot(more="userdb {\ndriver = passwd\n}\n"), (), FAIL),
        (dovecot(more="protocol imap {\npassdb {\ndriver = pam\n}\n}\n"), (), FAIL),
    ],
)
def test_back_03(
    check: Load, config: DovecotConfig, accepted: tuple[str, ...], verdict: Verdict
) -> None:
    """Backends that nobody declared, in whatever block."""
    expect = Expectations(dovecot=ExpectDovecot(other_backends=accepted))
    found = check("test_no_other_backend")(
        dovecot=config, backend=backend(), target=make_target(expect=expect)
    )
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("userdb", "facts", "verdict"),
    [
        (f"driver = sql\nargs = {FILE}\n{FORCED}", backend(), PASS),
        (f"driver = sql\nargs = {FILE}", backend(), FAIL),
        (f"driver = sql\nargs = {FILE}\noverride_fields = uid=root", backend(), FAIL),
        (f"driver = sql\nargs = {FILE}\n{FORCED}", backend(gone()), FAIL),
        ("driver = static\nargs = uid=vmail gid=vmail home=/var/mail/%n", backend(), PASS),
        (f"driver = sql\nargs = {FILE}\n{FORCED.replace('override', 'default')}", backend(), OPEN),
    ],
)
def test_back_04(check: Load, userdb: str, facts: BackendFacts, verdict: Verdict) -> None:
    """Ids and home are forced on everybody."""
    vmail = Passwd("vmail", 5000, 5000, "/var/mail", "/sbin/nologin")
    root = FileStat("/var/mail", "/var/mail", "directory", 0o700, "vmail", "vmail")
    mail = MailAccountFacts(
        "vmail", (vmail,), "vmail", "/var/mail", root, (), UserLookup("nobody", 67, ())
    )
    found = check("test_users_belong_to_the_mail_account")(
        dovecot=dovecot(userdb=userdb), backend=facts, mail_account=mail
    )
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("facts", "owner", "mode"),
    [
        (backend(), PASS, PASS),
        (backend(settings(file_stat(owner="dovecot"))), FAIL, PASS),
        (backend(settings(file_stat(group="dovecot"))), FAIL, PASS),
        (backend(settings(file_stat(mode=0o400))), PASS, PASS),
        (backend(settings(file_stat(mode=0o640))), PASS, FAIL),
        (backend(settings(file_stat(mode=0o640, acl=("user:www-data:r--",)))), PASS, FAIL),
        (backend(settings(file_stat(acl=("user:www-data:---",)))), PASS, PASS),
        (backend(settings(), settings(file_stat(mode=0o644))), PASS, FAIL),
        (optional("password=***"), PASS, PASS),
        (optional("password=***", mode=0o644), PASS, FAIL),
        (optional("ssl-ca=x", mode=0o644), PASS, PASS),
    ],
)
def test_back_05_and_06(check: Load, facts: BackendFacts, owner: Verdict, mode: Verdict) -> None:
    """Two questions; the mode of a file with an access control list has the list's mask."""
    assert check("test_settings_belong_to_root")(backend_settings=facts).verdict == owner
    assert check("test_settings_are_for_root_alone")(backend_settings=facts).verdict == mode


@pytest.mark.parametrize(
    ("lookups", "verdict"),
    [
        ((ALICE, NOBODY), PASS),
        ((dataclasses.replace(ALICE, password=67), NOBODY), FAIL),
        ((ALICE, dataclasses.replace(NOBODY, user=0)), FAIL),
        ((ALICE, dataclasses.replace(NOBODY, password=0)), FAIL),
        ((ALICE, dataclasses.replace(NOBODY, user=75, password=75)), FAIL),
        ((ALICE, dataclasses.replace(NOBODY, user=124, password=67)), OPEN),
        ((SILENT, dataclasses.replace(NOBODY, user=75, password=75)), OPEN),
        ((SILENT, dataclasses.replace(NOBODY, password=0)), FAIL),
        ((NOBODY,), OPEN),
    ],
)
def test_back_07(check_users: Load, lookups: tuple[Lookup, ...], verdict: Verdict) -> None:
    """A name that breaks the look-up is not unknown; where all fail, it is not the name."""
    found = check_users("test_names_lead_to_one_user_or_none")(backend_users=users(lookups=lookups))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"listed": 0}, FAIL),
        ({"listed": None, "complaint": "failure"}, FAIL),
        ({"unlisted": ("carol",)}, FAIL),
    ],
)
def test_back_08(check_users: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """An empty list and one without a test account."""
    found = check_users("test_users_are_listed")(dovecot=dovecot(), backend_users=users(**changes))
    assert found.verdict == verdict


def test_back_08_of_a_static_user_database(check_users: Load) -> None:
    """It takes every name, and has no list."""
    config = dovecot(userdb="driver = static\nargs = uid=vmail")
    found = check_users("test_users_are_listed")(dovecot=config, backend_users=users(listed=None))
    assert found.verdict == NA


@pytest.mark.parametrize(
    ("lookups", "verdict"),
    [
        ((ALICE, NOBODY), PASS),
        ((dataclasses.replace(ALICE, local=True), NOBODY), OPEN),
        ((dataclasses.replace(ALICE, local=True), ALICE), PASS),
        ((dataclasses.replace(ALICE, user=67),), FAIL),
        ((SILENT,), OPEN),
        ((NOBODY,), OPEN),
    ],
)
def test_back_09(check_users: Load, lookups: tuple[Lookup, ...], verdict: Verdict) -> None:
    """Where every test account is the system's, nothing can be learnt."""
    found = check_users("test_users_need_no_system_account")(backend_users=users(lookups=lookups))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (backend(), PASS),
        (backend(settings(connect="host=db1 user=dovecot password=***")), FAIL),
        (backend(settings(sample=True)), FAIL),
        (backend(settings(connect="option_file=/etc/mail.cnf")), OPEN),
        (backend(settings(connect="option_file=/etc/mail.cnf"), settings(sample=True)), FAIL),
        (optional("password=***"), PASS),
        (optional("socket=/run/x\n[other]\npassword=***"), FAIL),
        (optional("password=***", path="/etc/other.cnf"), FAIL),
    ],
)
def test_back_10(check: Load, facts: BackendFacts, verdict: Verdict) -> None:
    """A part that is missing, and the example's password."""
    assert check("test_database_is_named_in_full")(backend_settings=facts).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (backend(), PASS),
        (backend(settings(connect="host=db1 dbname=mail")), FAIL),
        (backend(authorities=()), FAIL),
        (backend(settings(connect=f"{CONNECT} ssl_verify_server_cert=no")), FAIL),
        (backend(settings(connect="host=localhost dbname=mail")), NA),
        (backend(settings(connect="host=127.0.0.1 dbname=mail")), NA),
        (backend(settings(connect="host=::1 dbname=mail")), NA),
        (backend(settings(connect="host=localhost host=db2 dbname=mail")), FAIL),
        (backend(settings(connect="host=db1 host=localhost dbname=mail")), FAIL),
        (backend(settings(connect="hostaddr=192.0.2.7 dbname=mail")), FAIL),
        (backend(settings(connect="host=db1 option_file=/etc/mail.cnf")), OPEN),
        (optional(f"ssl-ca={CA}\nssl-verify-server-cert"), PASS),
        (optional(f"ssl-ca={CA}"), FAIL),
        (optional("ssl-verify-server-cert"), FAIL),
        (optional(f"ssl-ca={CA}\nssl-verify-server-cert=0"), FAIL),
    ],
)
def test_back_11(check: Load, facts: BackendFacts, verdict: Verdict) -> None:
    """No authority, one that is not there, and one that is not asked."""
    assert check("test_database_is_asked_inside_tls")(backend_settings=facts).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (backend(), PASS),
        (backend(settings(password_query="SELECT username, password FROM users")), FAIL),
        (backend(settings(password_query="SELECT username AS user, pw FROM users")), FAIL),
        (backend(settings(password_query="")), FAIL),
        (backend(settings(password_query="CALL login('%u')")), OPEN),
        (backend(settings(), for_users()), PASS),
        (backend(for_users()), OPEN),
    ],
)
def test_back_12(check: Load, facts: BackendFacts, verdict: Verdict) -> None:
    """A query that cannot be read is left open."""
    assert check("test_password_query_names_its_columns")(backend_settings=facts).verdict == verdict
