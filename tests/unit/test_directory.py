"""
What the client library does where Dovecot's settings say nothing.
"""

import pytest

from mailvet.facts.backend import BackendFile
from mailvet.facts.directory import SHARED, DirectoryFacts, parse_library
from mailvet.facts.host import CommandOutput
from mailvet.facts.ldap_settings import LdapSettings

FILE = "/etc/dovecot/dovecot-ldap.conf.ext"
LIBRARY = "/etc/ldap/ldap.conf"
OUTPUT = """@@library 0
@@library 1
TLS_CACERT	/etc/ssl/certs/ca-certificates.crt
tls_reqcert allow
"""


def made(library: str = "", *, shared: bool = False, **settings: str) -> DirectoryFacts:
    """Settings, and the options of the library that *library* lists."""
    output = CommandOutput("script", 0, library, "")
    file = BackendFile(FILE, None, tuple(settings.items()), sample=False)
    paths = ("/etc/openldap/ldap.conf", LIBRARY)
    own = LdapSettings(file, passwords=True, users=False)
    return DirectoryFacts((own,), parse_library(output, paths), shared, ())


@pytest.mark.parametrize(
    ("library", "settings", "requirement", "authorities"),
    [
        ("", {}, ("demand", "default of the library"), ("", "")),
        (OUTPUT, {}, ("allow", LIBRARY), ("/etc/ssl/certs/ca-certificates.crt", LIBRARY)),
        (
            OUTPUT,
            {"tls_require_cert": "Hard", "tls_ca_cert_file": "/ca.crt"},
            ("hard", FILE),
            ("/ca.crt", FILE),
        ),
        ("", {"tls_ca_cert_dir": "/cas"}, ("demand", "default of the library"), ("/cas", FILE)),
    ],
)
def test_dovecots_file_comes_first(
    library: str,
    settings: dict[str, str],
    requirement: tuple[str, str],
    authorities: tuple[str, str],
) -> None:
    """Then the library's file, then its own default."""
    found = made(library, **settings)
    assert found.requirement(found.settings[0]) == requirement
    assert found.authorities(found.settings[0]) == authorities


def test_a_library_may_trust_the_systems_authorities() -> None:
    """Only where no others are named."""
    found = made(shared=True)
    assert found.authorities(found.settings[0])[0] == SHARED
    found = made(OUTPUT, shared=True)
    assert found.authorities(found.settings[0])[1] == LIBRARY


def test_files_by_what_asks_with_them() -> None:
    """Passwords are asked with this one, users are not."""
    found = made(uris="ldap://ldap.example.com")
    assert found.passwords == found.remote == found.settings
    assert found.users == ()


def test_what_is_missing_for_finding_users() -> None:
    """
    No way at all, or a name without a password.
    """
    assert made(dn="cn=a", dnpass="***").unfindable == ()
    assert "neither dn" in made().unfindable[0]
    assert len(made(dn="cn=a").unfindable) == 2


def test_filters_that_are_searched_with() -> None:
    """
    With a template nobody is searched for when a password is asked.
    """
    assert made(pass_filter="(uid=%n)").filters == ((FILE, "pass_filter", "(uid=%n)"),)
    templated = made(auth_bind="yes", auth_bind_userdn="uid=%n")
    assert (templated.filters, templated.templates) == ((), ("uid=%n",))
    assert templated.by_template
    assert not made().by_template
    assert not DirectoryFacts((), (), shared=False, commands=()).by_template
