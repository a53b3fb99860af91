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
