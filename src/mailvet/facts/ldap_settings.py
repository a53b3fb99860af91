"""
How Dovecot is told to ask a directory (Dovecot 2.3, ``dovecot-ldap.conf.ext``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from mailvet.facts.backend import BackendFacts, BackendFile
from mailvet.facts.backend_tls import BackendServer, on_this_machine
from mailvet.facts.dovecot import ON, DovecotConfig
from mailvet.facts.passdb import Database, databases

PORTS = {"ldap": 389, "ldaps": 636}
"""Ports of RFC 4516, and the one that LDAP over TLS has had since before StartTLS."""

SOCKET = "/run/ldapi"
"""What stands for the client library's own socket, whose path depends on the distribution."""

SCOPES = ("base", "onelevel", "subtree")

_POSIX = "(&(objectClass=posixAccount)(uid=%u))"
_DEFAULTS = {"scope": "subtree", "pass_filter": _POSIX, "user_filter": _POSIX, "auth_bind": "no"}
"""Defaults of Dovecot 2.3 (``db-ldap.c``)."""

_URI = re.compile(r"^(ldapi?|ldaps)://([^/?]*)", re.IGNORECASE)
_ADMINISTRATOR = re.compile(
    r"^\s*(?:cn|uid)\s*=\s*(?:admin|administrator|manager|directory manager|root)\s*(?:,|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DirectoryUri:
    """
    A directory server, as ``uris`` or ``hosts`` names it.

    Attributes:
        scheme: ``ldap``, ``ldaps`` or ``ldapi``; empty if it is none of these.
        host: Its name or address; of ``ldapi`` the path of the socket.
        port: Its port; 0 for a socket.
    """

    scheme: str
    host: str
    port: int

    @property
    def local(self) -> bool:
        """
        Whether nothing that is said to it crosses a network.
        """
        return self.scheme == "ldapi" or on_this_machine(self.host)

    def server(self, authorities: str) -> BackendServer:
        """
        The server, verified with *authorities*.
        """
        return BackendServer(self.host, self.port, authorities)

    def __str__(self) -> str:
        if self.scheme not in PORTS:
            return f"{self.scheme or 'no scheme'}:{self.host}"
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """
    A file with settings of the directory.

    Attributes:
        file: What it says; secrets are ``***``.
        passwords: Whether a password database asks with it.
        users: Whether a user database asks with it.
    """

    file: BackendFile
    passwords: bool
    users: bool

    @property
    def path(self) -> str:
        """
        Where it is.
        """
        return self.file.path

    def get(self, name: str) -> str:
        """
        A setting, by default what Dovecot 2.3 has for it.
        """
        return self.file.get(name) or _DEFAULTS.get(name, "")

    def on(self, name: str) -> bool:
        """
        Whether a setting is switched on.
        """
        return self.get(name).lower() in ON

    @property
    def uris(self) -> tuple[DirectoryUri, ...]:
        """
        The servers, in the order in which they are tried; ``uris`` wins over ``hosts``.
        """
        if self.get("uris"):
            return tuple(map(_uri, re.split(r"[\s,]+", self.get("uris").strip())))
        return tuple(_at("ldap", each) for each in self.get("hosts").split())

    @property
    def remote(self) -> tuple[DirectoryUri, ...]:
        """
        Those that are reached over a network.
        """
        return tuple(each for each in self.uris if not each.local)

    @property
    def template(self) -> str:
        """
        What users are bound as, without a search; empty if they are searched for.
        """
        return self.get("auth_bind_userdn") if self.on("auth_bind") else ""

    @property
    def searches(self) -> bool:
        """
        Whether anybody is searched for with it.
        """
        return self.users or (self.passwords and not self.template)

    @property
    def searches_as(self) -> str:
        """
        Whose account searches; empty for nobody's.

        A DN without a password is nobody's, too: servers take it for an anonymous bind or refuse
        it (RFC 4513 §5.1.2).
        """
        if self.on("sasl_bind"):
            return self.get("sasl_authz_id") or self.get("dn") or "SASL"
        return self.get("dn") if self.get("dnpass") else ""

    @property
    def searches_as_administrator(self) -> bool:
        """
        Whether the name of that account is one that directories give their administrator.
        """
        return bool(_ADMINISTRATOR.match(self.searches_as))

    @property
    def strategy(self) -> str:
        """
        How the DN of a user is found, in words; empty if nothing complete is configured.
        """
        if self.template:
            return f"the DN template {self.template}"
        if self.searches_as:
            return f"a search as {self.searches_as}"
        return ""

    @property
    def clear(self) -> tuple[str, ...]:
        """
        What crosses a network outside of TLS, or can never be asked.
        """
        tls = self.on("tls")
        wrong = [
            f"{self.path}: {each} without tls = yes"
            for each in self.remote
            if each.scheme == "ldap" and not tls
        ]
        wrong += [f"{self.path}: {each} is no LDAP URI" for each in self.uris if not each.scheme]
        if tls and any(each.scheme == "ldaps" for each in self.uris):
            wrong.append(
                f"{self.path}: tls = yes beside ldaps://, which Dovecot does not start with"
            )
        return tuple(wrong or ([] if self.uris else [f"{self.path}: neither uris nor hosts"]))


def ldap_settings(dovecot: DovecotConfig, backend: BackendFacts) -> tuple[LdapSettings, ...]:
    """
    The files that exist, and which databases ask with them.
    """
    passwords = _named(databases(dovecot, "passdb"))
    users = _named(databases(dovecot, "userdb"))
    return tuple(
        LdapSettings(each, each.path in passwords, each.path in users)
        for each in backend.files
        if each.stat
    )


def listed(settings: Iterable[LdapSettings], name: str) -> str:
    """
    A setting of several files, in words.
    """
    return ", ".join(f"{each.path}: {name} = {each.get(name) or '(unset)'}" for each in settings)


def _named(found: Iterable[Database]) -> frozenset[str]:
    return frozenset(
        word for each in found if each.driver == "ldap" for word in each.get("args").split()
    )


def _uri(text: str) -> DirectoryUri:
    matched = _URI.match(text)
    if not matched:
        return DirectoryUri("", text, 0)
    scheme = matched[1].lower()
    if scheme == "ldapi":
        return DirectoryUri(scheme, unquote(matched[2]) or SOCKET, 0)
    return _at(scheme, matched[2])


def _at(scheme: str, place: str) -> DirectoryUri:
    """
    A server from ``host``, ``host:port``, ``[2001:db8::1]:port`` or a bare IPv6 address.
    """
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.endswith("]")):
        host, port = place, ""
    plain = host.removeprefix("[").removesuffix("]")
    # Without a host the client library asks the machine itself.
    return DirectoryUri(scheme, plain or "localhost", int(port) if port else PORTS[scheme])
