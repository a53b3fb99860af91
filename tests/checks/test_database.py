"""
The checks of what a database shows and answers, each with facts that satisfy it and that do not.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from mailvet.facts.backend_tls import BackendServer, BackendTls, BackendTlsFacts
from mailvet.facts.backend_users import MOST_USERS, BackendUsers
from mailvet.facts.certificate import Certificate, Doubt
from mailvet.facts.database import DatabaseAnswers, DatabaseFacts, SqlRefusal, UserRows
from mailvet.facts.pass_schemes import BARE, StoredScheme
from mailvet.facts.sql import Grant, UserTable
from mailvet.facts.tls import Handshake, Hello
from mailvet.model import Cause, Judgement, Verdict

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

FILE = "/etc/dovecot/dovecot-sql.conf.ext"
SERVER = BackendServer("db1.example.com", 3306, "/etc/pki/ca.crt")
HERE = BackendServer("127.0.0.1", 3306)
LEAF = Certificate("0" * 64, "CN=db1.example.com", "CN=CA", ("db1.example.com",))
SHAKEN = Handshake(True, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", True, None, ())
GOOD = BackendTls(SERVER, SHAKEN, chain=(LEAF,), trusted=True)
SILENT = Doubt(Cause.TIMEOUT, "no answer")


def old(*, ems: bool) -> Handshake:
    """A session with TLS 1.2."""
    hello = Hello("TLSv1.2", (0xC030,), 0, (0x17,) if ems else ())
    return dataclasses.replace(SHAKEN, version="TLSv1.2", server_hello=hello)


def tls(**changes: Any) -> BackendTls:  # noqa: ANN401
    """A good server, but for *changes*."""
    return dataclasses.replace(GOOD, **changes)


@pytest.fixture(name="verdict_of_tls")
def _verdict_of_tls(load_check: Load) -> Callable[..., Verdict]:
    def verdict(name: str, *servers: BackendTls) -> Verdict:
        check = load_check("backends", "test_backend_tls", name)
        return check(backend_tls=BackendTlsFacts(servers)).verdict

    return verdict


FAILED = dataclasses.replace(SHAKEN, completed=False, failure="alert 40")


@pytest.mark.parametrize(
    ("servers", "issued", "named", "offered", "bound"),
    [
        ((GOOD,), PASS, PASS, PASS, PASS),
        ((GOOD, tls(trusted=False, trust_detail="(unknown)")), FAIL, PASS, PASS, PASS),
        ((tls(trusted=None, trust_detail="no authority is named"),), OPEN, PASS, PASS, PASS),
        ((tls(server=BackendServer("db", 3306)),), PASS, FAIL, PASS, PASS),
        ((tls(chain=()),), PASS, FAIL, PASS, PASS),
        ((tls(handshake=old(ems=True)),), PASS, PASS, PASS, PASS),
        ((tls(handshake=old(ems=False)),), PASS, PASS, PASS, FAIL),
        ((BackendTls(SERVER, FAILED),), OPEN, OPEN, FAIL, OPEN),
        ((BackendTls(SERVER, refusal="no TLS"),), OPEN, OPEN, FAIL, OPEN),
        ((BackendTls(SERVER, doubt=SILENT), GOOD), OPEN, OPEN, OPEN, OPEN),
        ((BackendTls(SERVER, doubt=SILENT), BackendTls(SERVER, FAILED)), OPEN, OPEN, FAIL, OPEN),
        ((BackendTls(HERE),), NA, NA, NA, NA),
        ((BackendTls(HERE), GOOD), PASS, PASS, PASS, PASS),
        ((), OPEN, OPEN, OPEN, OPEN),
    ],
)  # fmt: skip
def test_back_50_to_53(
    verdict_of_tls: Callable[..., Verdict],
    servers: tuple[BackendTls, ...],
    issued: Verdict,
    named: Verdict,
    offered: Verdict,
    bound: Verdict,
) -> None:
    """Every server counts, and one that was not seen hides no other's mistake."""
    assert verdict_of_tls("test_authority_has_issued_the_certificate", *servers) == issued
    assert verdict_of_tls("test_certificate_is_for_the_name", *servers) == named
    assert verdict_of_tls("test_backend_offers_tls", *servers) == offered
    assert verdict_of_tls("test_session_is_bound", *servers) == bound


def test_a_common_name_counts_where_there_is_no_other() -> None:
    """As the libraries of databases and directories have it."""
    bare = dataclasses.replace(LEAF, dns_names=(), common_name="db1.example.com")
    assert tls(chain=(bare,)).named
    assert not tls(chain=(dataclasses.replace(bare, dns_names=("db2.example.com",)),)).named


ROWS = UserRows(2, 0, (StoredScheme("$6$", 2),))
ANSWERS = DatabaseAnswers(
    FILE,
    SERVER,
    account="dovecot@%",
    requires="SSL",
    secure_transport=False,
    grants=(Grant(("USAGE",), "*"), Grant(("SELECT",), "mail")),
    table=UserTable("users", "1", ("username",), "password"),
    rows=ROWS,
)
USERS = BackendUsers((), 2, (), "", ())


def answers(**changes: Any) -> DatabaseAnswers:  # noqa: ANN401
    """Good answers, but for *changes*."""
    return dataclasses.replace(ANSWERS, **changes)


def refused(number: int, *, account: str = "dovecot@%") -> DatabaseAnswers:
    """An error in the place of the rows."""
    return answers(refusal=SqlRefusal(number, "refused"), rows=None, account=account)


def stored(*rows: tuple[str, int], **changes: Any) -> DatabaseAnswers:  # noqa: ANN401
    """Stored passwords of these kinds."""
    schemes = tuple(StoredScheme(*each) for each in rows)
    return answers(rows=UserRows(sum(count for _, count in rows), 0, schemes), **changes)


Decide = Callable[..., Verdict]


@pytest.fixture(name="decide")
def _decide(load_check: Load) -> Decide:
    def verdict(
        name: str, *found: DatabaseAnswers, default: str = "SHA512-CRYPT", **more: object
    ) -> Verdict:
        known = ("SHA512-CRYPT", "SHA256-CRYPT", "PLAIN", "MD5", "SSHA512", "CRYPT")
        facts = DatabaseFacts(found, ("mail",), ((FILE, default),), known)
        return load_check("backends", "test_database", name)(database=facts, **more).verdict

    return verdict


NOT_SEEN = answers(doubt=SILENT, account="", rows=None)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (answers(), PASS),
        (answers(requires="X509"), PASS),
        (answers(requires="NONE"), FAIL),
        (answers(requires="NONE", secure_transport=True), PASS),
        (answers(requires="", secure_transport=None), OPEN),
        (answers(requires="", secure_transport=True), PASS),
        (answers(requires="NONE", server=HERE), NA),
        (refused(1045, account=""), OPEN),
        (NOT_SEEN, OPEN),
    ],
)
def test_back_54(decide: Decide, seen: DatabaseAnswers, verdict: Verdict) -> None:
    """The account or the server, and what neither tells."""
    assert decide("test_account_requires_tls", seen) == verdict


@pytest.mark.parametrize(
    ("seen", "exists", "readable"),
    [
        (answers(), PASS, PASS),
        (refused(1054), FAIL, OPEN),
        (refused(1146), FAIL, OPEN),
        (refused(1049, account=""), FAIL, OPEN),
        (refused(1142), OPEN, FAIL),
        (refused(1045, account=""), OPEN, FAIL),
        (refused(1044, account=""), OPEN, FAIL),
        (refused(1205), OPEN, OPEN),
        (answers(table=None, rows=None), OPEN, OPEN),
        (NOT_SEEN, OPEN, OPEN),
    ],
)
def test_back_55_and_56(
    decide: Decide, seen: DatabaseAnswers, exists: Verdict, readable: Verdict
) -> None:
    """What is not there, and what is not allowed, are two questions."""
    assert decide("test_table_has_its_columns", seen) == exists
    assert decide("test_account_reads_the_table", seen) == readable


@pytest.mark.parametrize(
    ("grants", "verdict"),
    [
        (ANSWERS.grants, PASS),
        ((Grant(("SELECT", "INSERT"), "mail"),), FAIL),
        ((Grant(("SELECT",), "*"),), FAIL),
        ((Grant(("SELECT",), "hr"),), FAIL),
        ((Grant(("SELECT",), "mail", grantable=True),), FAIL),
        ((Grant(("SELECT",), "MAIL"),), PASS),
        ((Grant(("USAGE",), "*"), Grant(("ROLE",), "")), OPEN),
        ((Grant(("ALL PRIVILEGES",), "*"), Grant(("ROLE",), "")), FAIL),
        (None, OPEN),
    ],
)
def test_back_57(decide: Decide, grants: tuple[Grant, ...] | None, verdict: Verdict) -> None:
    """Reading, in one database, for itself; what a role gives is not known."""
    assert decide("test_account_only_reads", answers(grants=grants)) == verdict


@pytest.mark.parametrize(
    ("seen", "default", "hashed", "agree", "default_set"),
    [
        (stored(("$6$", 2)), "SHA512-CRYPT", PASS, PASS, PASS),
        (stored(("$6$", 2), ("{SHA256-CRYPT}", 1)), "SHA512-CRYPT", PASS, PASS, PASS),
        (stored(("$6$", 2), ("{PLAIN}", 1)), "SHA512-CRYPT", FAIL, PASS, PASS),
        (stored(("$6$", 2), ("$1$", 1)), "SHA512-CRYPT", PASS, FAIL, PASS),
        (stored(("$6$", 2), ("$1$", 1)), "", PASS, FAIL, FAIL),
        (stored((BARE, 1)), "SHA512-CRYPT", FAIL, FAIL, PASS),
        (stored((BARE, 1)), "SSHA512", PASS, PASS, PASS),
        (stored(("{SHA512-CRYPT}", 2)), "", PASS, PASS, PASS),
        (stored(("$6$", 2)), "", PASS, PASS, FAIL),
        (stored((BARE, 2)), "PLAIN", FAIL, PASS, FAIL),
        (stored(), "SHA512-CRYPT", OPEN, OPEN, OPEN),
        (answers(rows=None), "SHA512-CRYPT", OPEN, OPEN, OPEN),
        (refused(1142), "SHA512-CRYPT", OPEN, OPEN, OPEN),
        (answers(table=None, rows=None), "SHA512-CRYPT", OPEN, OPEN, OPEN),
        (NOT_SEEN, "SHA512-CRYPT", OPEN, OPEN, OPEN),
    ],
)
def test_back_58_to_60(
    decide: Decide,
    seen: DatabaseAnswers,
    default: str,
    hashed: Verdict,
    agree: Verdict,
    default_set: Verdict,
) -> None:
    """Hashes, one scheme, and the default; of an empty table nothing is known."""
    assert decide("test_stored_passwords_are_hashed", seen, default=default) == hashed
    assert decide("test_stored_passwords_agree_with_the_default", seen, default=default) == agree
    assert decide("test_default_scheme_is_set", seen, default=default) == default_set


@pytest.mark.parametrize(
    ("names", "listed", "verdict"),
    [
        (2, 2, PASS),
        (2, 3, PASS),
        (2, 1, FAIL),
        (2, None, OPEN),
        (MOST_USERS + 1, MOST_USERS, OPEN),
        (MOST_USERS, MOST_USERS, PASS),
    ],
)
def test_back_61(decide: Decide, names: int, listed: int | None, verdict: Verdict) -> None:
    """Users that only Dovecot knows are no fault of the list."""
    seen = answers(rows=dataclasses.replace(ROWS, names=names))
    users = dataclasses.replace(USERS, listed=listed)
    assert decide("test_every_user_is_listed", seen, backend_users=users) == verdict


def test_settings_for_users_need_no_password_query(decide: Decide) -> None:
    """What their account may do counts nevertheless."""
    users = answers(table=None, rows=None, for_passwords=False)
    assert decide("test_stored_passwords_are_hashed", answers(), users) == PASS
    assert decide("test_account_reads_the_table", answers(), users) == PASS
    writes = dataclasses.replace(users, grants=(Grant(("ALL",), "*"),))
    assert decide("test_account_only_reads", answers(), writes) == FAIL


@pytest.mark.parametrize(("repeated", "verdict"), [(0, PASS), (1, FAIL)])
def test_back_62(decide: Decide, repeated: int, verdict: Verdict) -> None:
    """Two rows with one name."""
    seen = answers(rows=dataclasses.replace(ROWS, repeated=repeated))
    assert decide("test_names_are_unique", seen, answers()) == verdict
