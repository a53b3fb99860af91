"""
Definitions of Postfix's tables in a directory.
"""

import pytest

from mailvet.facts.files import FileStat
from mailvet.facts.ldap_table import LdapTable, parse_ldap_table

PATH = "/etc/postfix/ldap-aliases.cf"
TLS = "tls_require_cert = yes\n"
GOOD = f"server_host = ldaps://ldap1.example.com\nsearch_base = dc=example,dc=com\n{TLS}"


def table(text: str, mode: int = 0o640, group: str = "postfix") -> LdapTable:
    """
    A definition in a file of root's.
    """
    stat = FileStat(PATH, PATH, "file", mode, "root", group)
    return LdapTable(f"ldap:{PATH}", PATH, stat, parse_ldap_table(text))


@pytest.mark.parametrize(
    ("hosts", "servers"),
    [
        ("ldap1.example.com", [("ldap", "ldap1.example.com")]),
        ("ldap1.example.com:389, ldap2", [("ldap", "ldap1.example.com"), ("ldap", "ldap2")]),
        ("ldaps://ldap1.example.com:636/", [("ldaps", "ldap1.example.com")]),
        ("LDAP://[2001:db8::7]:389", [("ldap", "2001:db8::7")]),
        ("ldapi://%2Frun%2Fldapi", [("ldapi", "%2Frun%2Fldapi")]),
        ("", []),
    ],
)
def test_servers(hosts: str, servers: list[tuple[str, str]]) -> None:
    """
    With and without scheme and port.
    """
    assert list(table(f"server_host = {hosts}").servers) == servers


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (GOOD, 0),
        (GOOD.replace("ldaps:", "ldap:"), 1),
        (GOOD.replace("ldaps:", "ldap:") + "start_tls = yes\n", 0),
        (GOOD.replace(TLS, ""), 1),
        (GOOD.replace("yes", "no"), 1),
        ("server_host = localhost\n", 0),
        ("server_host = ldapi:///\n", 0),
        ("server_host = localhost ldap2\n", 2),
    ],
)
def test_what_is_missing_for_tls(text: str, faults: int) -> None:
    """
    Only where a network is crossed.
    """
    assert len(table(text).unprotected) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (GOOD, 0),
        ("server_host = ldaps://ldap1\n", 1),
        ("search_base = dc=<example>,dc=<com>\nserver_host = <ldap.example.com>\n", 2),
        ("", 2),
    ],
)
def test_what_is_missing_at_all(text: str, faults: int) -> None:
    """
    Placeholders of documentation count as missing.
    """
    assert len(table(text).incomplete) == faults
    assert LdapTable("ldap:/x", "/x", None, ()).incomplete == ("/x does not exist",)


def test_lines_are_continued_and_commented() -> None:
    """
    As in main.cf.
    """
    text = "# query_filter = (cn=%s)\nquery_filter = (&(a=b)\n    # no\n    (mail=%s))\nversion=3\n"
    assert dict(parse_ldap_table(text)) == {"query_filter": "(&(a=b) (mail=%s))", "version": "3"}


@pytest.mark.parametrize(
    ("mode", "group", "exposed"),
    [
        (0o640, "postfix", False),
        (0o600, "root", False),
        (0o644, "postfix", True),
        (0o640, "mail", True),
        (0o660, "postfix", True),
    ],
)
def test_who_may_read_the_password(mode: int, group: str, exposed: bool) -> None:
    """
    Root and Postfix; where there is none, nobody cares.
    """
    assert bool(table("bind_pw = ***", mode, group).exposed) is exposed
    assert not table("bind = no", mode, group).exposed
