"""
Settings of a directory, as administrators write them.
"""

import pytest

from mailvet.facts.backend import BackendFacts, BackendFile
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.ldap_settings import LdapSettings, ldap_settings, listed

FILE = "/etc/dovecot/dovecot-ldap.conf.ext"
OTHER = "/etc/dovecot/dovecot-ldap-userdb.conf.ext"
DN = "cn=dovecot_LDAP,dc=example,dc=com"


def made(*, passwords: bool = True, users: bool = True, **settings: str) -> LdapSettings:
    """A file with these settings."""
    stat = FileStat(FILE, FILE, "file", 0o600, "root", "root")
    file = BackendFile(FILE, stat, tuple(settings.items()), sample=False)
    return LdapSettings(file, passwords, users)


@pytest.mark.parametrize(
    ("settings", "uris", "clear"),
    [
        ({"uris": "ldaps://ldap.example.com"}, "ldaps://ldap.example.com", 0),
        ({"uris": "ldap://ldap.example.com", "tls": "yes"}, "ldap://ldap.example.com", 0),
        ({"uris": "ldap://ldap.example.com"}, "ldap://ldap.example.com", 1),
        ({"hosts": "a b:1389", "tls": "yes"}, "ldap://a ldap://b:1389", 0),
        ({"hosts": "a"}, "ldap://a", 1),
        ({"uris": "ldaps://a ldap://b"}, "ldaps://a ldap://b", 1),
        ({"uris": "ldaps://a", "tls": "yes"}, "ldaps://a", 1),
        ({"uris": "ldaps://a:1636,ldaps://b/"}, "ldaps://a:1636 ldaps://b", 0),
        ({"uris": "ldapi://%2frun%2fldapi"}, "ldapi:/run/ldapi", 0),
        ({"uris": "ldapi:///"}, "ldapi:/run/ldapi", 0),
        ({"uris": "ldap://localhost"}, "ldap://localhost", 0),
        ({"uris": "ldap:///"}, "ldap://localhost", 0),
        ({"uris": "ldap://[::1]:1389"}, "ldap://::1:1389", 0),
        ({"uris": "LDAPS://[2001:db8::1]"}, "ldaps://2001:db8::1", 0),
        ({"uris": "https://a"}, "no scheme:https://a", 1),
        ({}, "", 1),
    ],
)
def test_servers_and_whether_they_are_asked_inside_tls(
    settings: dict[str, str], uris: str, clear: int
) -> None:
    """What never leaves the machine needs no TLS."""
    found = made(**settings)
    assert " ".join(map(str, found.uris)) == uris
    assert len(found.clear) == clear


@pytest.mark.parametrize(
    ("settings", "strategy", "account"),
    [
        ({"dn": DN, "dnpass": "***"}, f"a search as {DN}", DN),
        ({"dn": DN}, "", ""),
        ({}, "", ""),
        ({"auth_bind": "yes", "auth_bind_userdn": "uid=%n"}, "the DN template uid=%n", ""),
        ({"auth_bind_userdn": "uid=%n"}, "", ""),
        ({"sasl_bind": "yes", "sasl_mech": "GSSAPI"}, "a search as SASL", "SASL"),
        (
            {"auth_bind": "yes", "auth_bind_userdn": "%n", "dn": DN, "dnpass": "***"},
            "the DN template %n",
            DN,
        ),
    ],
)
def test_how_a_user_is_found(settings: dict[str, str], strategy: str, account: str) -> None:
    """A template counts with auth_bind only; a DN without a password is nobody."""
    found = made(**settings)
    assert (found.strategy, found.searches_as) == (strategy, account)


@pytest.mark.parametrize(
    ("name", "administrator"),
    [
        ("cn=admin,dc=example,dc=com", True),
        ("cn=Directory Manager", True),
        ("CN = Administrator,CN=Users,DC=example,DC=com", True),
        (DN, False),
        ("cn=admins,dc=example,dc=com", False),
        ("uid=mail,ou=admin,dc=example,dc=com", False),
    ],
)
def test_names_of_administrators(name: str, administrator: bool) -> None:
    """Those that directories give them."""
    assert made(dn=name, dnpass="***").searches_as_administrator is administrator


def test_which_database_asks_with_which_file() -> None:
    """Files that do not exist are left out; defaults are Dovecot's."""
    text = (
        f"passdb {{\ndriver = ldap\nargs = {FILE}\n}}\nuserdb {{\ndriver = ldap\nargs = {OTHER}\n}}"
    )
    root = parse_doveconf(text)
    dovecot = DovecotConfig("2.3", "/etc/dovecot/dovecot.conf", (), root, root, (), ())
    stat = FileStat(FILE, FILE, "file", 0o600, "root", "root")
    files = (
        BackendFile(FILE, stat, (("base", "dc=example"),), sample=False),
        BackendFile(OTHER, None, (), sample=False),
    )
    (found,) = ldap_settings(dovecot, BackendFacts("ldap", files, (), ()))
    assert (found.passwords, found.users) == (True, False)
    assert found.get("scope") == "subtree"
    assert found.get("pass_filter") == "(&(objectClass=posixAccount)(uid=%u))"
    assert listed([found], "deref") == f"{FILE}: deref = (unset)"
