"""
The directory as Dovecot and the client library under it are told to ask it.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.ldap_settings import LdapSettings

LIBRARY_FILES = ("/etc/openldap/ldap.conf", "/etc/ldap/ldap.conf")
"""Where OpenLDAP's client library has its defaults, on Red Hat's systems and on Debian."""

SHARED = "/etc/pki/tls/certs/ca-bundle.crt"
"""The system's authorities where the library falls back to them, which Red Hat's does."""

MANDATORY = frozenset({"hard", "demand"})
"""What makes verification mandatory: the two are the same (ldap.conf(5))."""

_OPTION = re.compile(r"^\s*(TLS_\w+)\s+(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DirectoryFacts:
    """
    Settings of the directory, and what the client library does where they say nothing.

    Attributes:
        settings: The files with Dovecot's settings.
        library: Options of the client library about TLS, with the file that each stands in.
        shared: Whether the library trusts the system's authorities where no others are named.
        commands: What was run.
    """

    settings: tuple[LdapSettings, ...]
    library: tuple[tuple[str, str, str], ...]
    shared: bool
    commands: tuple[CommandOutput, ...]

    @property
    def passwords(self) -> tuple[LdapSettings, ...]:
        """
        Files with which a password database asks.
        """
        return tuple(each for each in self.settings if each.passwords)

    @property
    def templates(self) -> tuple[str, ...]:
        """
        The DN templates that passwords are asked with.
        """
        return tuple(each.template for each in self.passwords if each.template)

    @property
    def by_template(self) -> bool:
        """
        Whether passwords are asked with DN templates alone, without a search.
        """
        return bool(self.passwords) and all(each.template for each in self.passwords)

    @property
    def users(self) -> tuple[LdapSettings, ...]:
        """
        Files with which a user database asks.
        """
        return tuple(each for each in self.settings if each.users)

    @property
    def remote(self) -> tuple[LdapSettings, ...]:
        """
        Files that name a server which is reached over a network.
        """
        return tuple(each for each in self.settings if each.remote)

    @property
    def unfindable(self) -> tuple[str, ...]:
        """
        What is missing for finding the DN of whoever logs in.
        """
        ways = [
            f"{each.path}: neither dn with dnpass nor auth_bind_userdn"
            for each in self.passwords
            if not each.strategy
        ]
        accounts = [
            f"{each.path}: dn = {each.get('dn')} without dnpass"
            for each in self.settings
            if each.get("dn") and not each.searches_as
        ]
        return (*ways, *accounts)

    @property
    def filters(self) -> tuple[tuple[str, str, str], ...]:
        """
        The filters that are searched with: the file, the name of the setting, the filter.
        """
        used = [(each, "user_filter") for each in self.users]
        used += [(each, "pass_filter") for each in self.passwords if not each.template]
        return tuple((each.path, name, each.get(name)) for each, name in used)

    def option(self, settings: LdapSettings, name: str, *others: str) -> tuple[str, str]:
        """
        The first of ``tls_…`` settings that is set, and the file that says so; else both empty.

        Dovecot's own file comes before the client library's.
        """
        names = (name, *others)
        for each in names:
            if settings.get(each):
                return settings.get(each), settings.path
        wanted = {_LIBRARY_NAMES[each] for each in names}
        found = [(value, path) for option, value, path in self.library if option in wanted]
        return found[-1] if found else ("", "")

    def requirement(self, settings: LdapSettings) -> tuple[str, str]:
        """
        What a certificate that cannot be verified leads to, and the file that says so.

        The library's own default is ``demand`` (ldap.conf(5)).
        """
        value, path = self.option(settings, "tls_require_cert")
        return (value.lower(), path) if value else ("demand", "default of the library")

    def authorities(self, settings: LdapSettings) -> tuple[str, str]:
        """
        File or directory of the certificates that a server is verified with, and who says so.
        """
        value, path = self.option(settings, "tls_ca_cert_file", "tls_ca_cert_dir")
        if not value and self.shared:
            return SHARED, "default of the library"
        return value, path


_LIBRARY_NAMES = {
    "tls_require_cert": "TLS_REQCERT",
    "tls_ca_cert_file": "TLS_CACERT",
    "tls_ca_cert_dir": "TLS_CACERTDIR",
}


def parse_library(
    output: CommandOutput, paths: tuple[str, ...]
) -> tuple[tuple[str, str, str], ...]:
    """
    What the script in ``probes.directory`` printed about the library's files *paths*.
    """
    parts = sections(output.stdout)
    return tuple(
        (row[1].upper(), row[2].strip("\"'"), path)
        for number, path in enumerate(paths)
        for row in _OPTION.finditer(parts.get(f"library {number}", ""))
    )
