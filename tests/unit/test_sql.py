"""
SQL queries taken apart, privileges, and schemes of stored passwords.
"""

import sqlite3

import pytest

from mailvet.facts.mysql import parse_greeting, ssl_request
from mailvet.facts.pass_schemes import (
    BARE,
    NO_PASSWORD,
    UNKNOWN,
    StoredScheme,
    contradicts,
    label_of,
    parse_schemes,
    unsafe,
)
from mailvet.facts.sql import (
    Grant,
    UserTable,
    named_databases,
    parse_grant,
    required_transport,
    user_table,
)

KNOWN = ("PLAIN", "CRYPT", "MD5", "MD5-CRYPT", "SHA512-CRYPT", "SSHA512", "SHA256-CRYPT", "PBKDF2")


@pytest.mark.parametrize(
    ("query", "table"),
    [
        (
            "SELECT username AS user, password FROM users WHERE username='%u';",
            UserTable("users", "1", ("username",), "password"),
        ),
        (
            "select u.name user, u.pw password from mail.users as u where u.name = '%n' "
            "and u.domain = '%d' and u.active = 1 limit 1",
            UserTable("mail.users as u", "u.active = 1", ("u.name", "u.domain"), "u.pw"),
        ),
        (
            "SELECT CONCAT('/home/', login) AS home, login AS user, hash AS `password` "
            "FROM accounts WHERE login='%Lu' AND state <> 'closed'",
            UserTable("accounts", "state <> 'closed'", ("login",), "hash"),
        ),
        (
            "SELECT a.name AS user, p.password FROM a JOIN p ON a.id = p.id WHERE a.name LIKE '%u'",
            UserTable("a JOIN p ON a.id = p.id", "1", ("a.name",), "p.password"),
        ),
    ],
)
def test_plain_queries_are_understood(query: str, table: UserTable) -> None:
    """
    Whatever their columns are called.
    """
    assert user_table(query) == table


@pytest.mark.parametrize(
    "query",
    [
        "",
        "CALL login('%u')",
        "SELECT user, password FROM users",
        "SELECT user, hash FROM users WHERE user='%u'",
        "SELECT user, password FROM users WHERE user='%u' OR alias='%u'",
        "SELECT user, password FROM users WHERE LOWER(user)='%u'",
        "SELECT user, password FROM (SELECT * FROM users) AS u WHERE user='%u'",
        "SELECT user, password INTO OUTFILE '/tmp/x' FROM users WHERE user='%u'",
        "SELECT user, password FROM users WHERE user='%u' AND a=1; DROP TABLE users",
        "SELECT user, password FROM users WHERE user='%u' AND SLEEP(10)",
        "SELECT user, password FROM users WHERE user='%u' FOR UPDATE",
        "SELECT SLEEP(9) AS password FROM users WHERE user='%u'",
        "SELECT NULL AS password, 'Y' AS nopassword FROM users WHERE user='%u'",
        "SELECT 1 AS password FROM users WHERE user='%u'",
    ],
)
def test_nothing_but_plain_queries_is_taken_over(query: str) -> None:
    """
    What is not understood is asked by nobody.
    """
    assert user_table(query) is None


@pytest.mark.parametrize(
    ("query", "databases"),
    [
        ("SELECT a FROM users WHERE a='%u'", ()),
        ("SELECT a FROM `hr`.`staff` AS s JOIN mail.users AS u ON s.id = u.id", ("hr", "mail")),
    ],
)
def test_databases_that_a_query_names(query: str, databases: tuple[str, ...]) -> None:
    """
    Before its tables, not before its columns.
    """
    assert named_databases(query) == databases


def test_a_question_is_about_all_rows_with_a_name() -> None:
    """
    Of which no single one is named.
    """
    table = UserTable("users", "active = 1", ("name", "domain"), "password")
    assert table.select("COUNT(*)", "LIMIT 1") == (
        "SELECT COUNT(*) FROM users WHERE active = 1 AND name IS NOT NULL AND domain IS NOT NULL "
        "LIMIT 1"
    )


@pytest.mark.parametrize(
    ("line", "grant", "excess"),
    [
        (
            "GRANT USAGE ON *.* TO `dovecot`@`%` IDENTIFIED BY PASSWORD '*0F' REQUIRE SSL",
            Grant(("USAGE",), "*"),
            "",
        ),
        ("GRANT SELECT ON `mail`.`users` TO `dovecot`@`%`", Grant(("SELECT",), "mail"), ""),
        (
            "GRANT SELECT (`a`, `b`) ON `mail`.`users` TO `dovecot`@`%`",
            Grant(("SELECT",), "mail"),
            "",
        ),
        (
            "GRANT SELECT, INSERT ON `mail`.* TO `dovecot`@`%`",
            Grant(("SELECT", "INSERT"), "mail"),
            "INSERT on mail",
        ),
        (
            "GRANT ALL PRIVILEGES ON *.* TO `dovecot`@`%` WITH GRANT OPTION",
            Grant(("ALL PRIVILEGES",), "*", grantable=True),
            "ALL PRIVILEGES, GRANT OPTION on all databases",
        ),
        (
            "GRANT SELECT ON *.* TO `dovecot`@`%`",
            Grant(("SELECT",), "*"),
            "SELECT on all databases",
        ),
        ("GRANT SELECT ON `my\\_mail`.* TO `d`@`%`", Grant(("SELECT",), "my_mail"), ""),
        ("GRANT SELECT ON `hr`.* TO `d`@`%`", Grant(("SELECT",), "hr"), "SELECT on hr"),
        ("GRANT `readers` TO `dovecot`@`%`", Grant(("ROLE",), ""), ""),
        ("SET DEFAULT ROLE `readers` FOR `dovecot`@`%`", None, ""),
    ],
)
def test_privileges(line: str, grant: Grant | None, excess: str) -> None:
    """
    The hash that stands among them is not kept.
    """
    found = parse_grant(line)
    assert found == grant
    assert (found.excess(frozenset({"mail", "my_mail"})) if found else "") == excess


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("CREATE USER `d`@`%` IDENTIFIED BY PASSWORD '*0F' REQUIRE SSL", "SSL"),
        ("CREATE USER `d`@`%` IDENTIFIED BY PASSWORD '*0F'", "NONE"),
        ("CREATE USER 'd'@'%' REQUIRE NONE PASSWORD EXPIRE DEFAULT", "NONE"),
        ("CREATE USER 'd'@'%' REQUIRE X509 ACCOUNT UNLOCK", "X509"),
    ],
)
def test_what_an_account_requires(text: str, required: str) -> None:
    """
    MariaDB says nothing where nothing is required, MySQL says NONE.
    """
    assert required_transport(text) == required


@pytest.mark.parametrize(
    ("stored", "label"),
    [
        ("$6$salt$hash", "$6$"),
        ("$2y$05$hash", "$2y$"),
        ("{SSHA512}aGFzaA==", "{SSHA512}"),
        ("{ssha512.b64}aGFzaA==", "{SSHA512.b64}"),
        ("{CRYPT}$6$salt$hash", "{CRYPT}$6$"),
        ("{CRYPT}abJnggxhB/yWI", "{CRYPT}"),
        ("{PLAIN}summer", "{PLAIN}"),
        ("{SUMMER}2026", UNKNOWN),
        ("summer", BARE),
        ("$summer$", BARE),
        ("", NO_PASSWORD),
        (None, NO_PASSWORD),
        ("!$6$salt$hash", NO_PASSWORD),
        ("!summer", BARE),
    ],
)
def test_labels_hold_nothing_of_a_password(stored: str | None, label: str) -> None:
    """
    The expression is SQL as everybody talks it, but for the conversion.
    """
    expression = label_of("p", KNOWN).replace("CONVERT(p USING utf8mb4)", "p")
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (p TEXT)")
    database.execute("INSERT INTO t VALUES (?)", (stored,))
    question = UserTable("t", "1", (), "p").select(expression)
    assert database.execute(question).fetchone() == (label,)


@pytest.mark.parametrize(
    ("label", "default", "bad", "contradiction"),
    [
        ("$6$", "SHA512-CRYPT", False, False),
        ("$6$", "CRYPT", False, False),
        ("$6$", "", False, False),
        ("$1$", "SHA512-CRYPT", False, True),
        ("$1$", "MD5", False, False),
        ("$1$", "PBKDF2", False, False),
        ("$6$", "PLAIN", False, True),
        ("{SHA256-CRYPT}", "SHA512-CRYPT", False, False),
        ("{SSHA512.b64}", "SHA512-CRYPT", False, False),
        ("{CRYPT}$6$", "", False, False),
        ("{CRYPT}", "", True, False),
        ("{PLAIN}", "", True, False),
        ("{LDAP-MD5}", "", True, False),
        ("{NEWER}", "", True, False),
        (UNKNOWN, "", True, False),
        (BARE, "SHA512-CRYPT", True, True),
        (BARE, "CRYPT", True, False),
        (BARE, "PLAIN", True, False),
        (BARE, "SSHA512", False, False),
        (BARE, "", True, False),
        (NO_PASSWORD, "PLAIN", False, False),
    ],
)
def test_schemes_of_stored_passwords(
    label: str, default: str, bad: bool, contradiction: bool
) -> None:
    """
    Clear text, no salt, unknown; and another scheme than the default.
    """
    stored = StoredScheme(label, 3)
    assert unsafe(stored, default, KNOWN) is bad
    assert contradicts(stored, default) is contradiction


def test_schemes_that_dovecot_knows() -> None:
    """
    Only what can be a name becomes part of a question.
    """
    assert parse_schemes("SSHA512 SCRAM-SHA-256 x'--\n") == ("SSHA512", "SCRAM-SHA-256")


GREETING = (
    b"\x0a5.5.5-10.11.6-MariaDB\0"
    + b"\x07\0\0\0"
    + b"saltsalt\0"
    + b"\xfe\xff"
    + b"\x2d"
    + b"\0" * 30
)


def test_a_greeting_says_whether_there_is_tls() -> None:
    """
    In its capabilities.
    """
    found = parse_greeting(GREETING)
    assert found is not None
    assert (found.version, found.offers_tls) == ("5.5.5-10.11.6-MariaDB", True)
    without = parse_greeting(GREETING.replace(b"\xfe\xff", b"\xfe\xf7"))
    assert without is not None
    assert not without.offers_tls


@pytest.mark.parametrize("packet", [b"", b"\x0a", b"\x0aversion without an end", b"220 mail\r\n"])
def test_what_is_no_greeting(packet: bytes) -> None:
    """
    Another protocol, or half of one.
    """
    assert parse_greeting(packet) is None


def test_a_server_may_refuse_at_once() -> None:
    """
    The host, for example.
    """
    found = parse_greeting(b"\xff\x6a\x04Host '192.0.2.1' is not allowed to connect")
    assert found is not None
    assert "not allowed" in found.error


def test_the_request_for_tls_has_the_length_that_it_says() -> None:
    """
    It is the second packet.
    """
    packet = ssl_request()
    assert (packet[:4], len(packet)) == (b"\x20\0\0\x01", 36)
