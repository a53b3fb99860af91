"""
Which certificate and key files the configurations of Dovecot and Postfix name, and where.
"""

import re
from dataclasses import dataclass

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import ON, DovecotConfig
from mailvet.facts.keyfiles import KeyPair
from mailvet.facts.postfix import PostfixConfig

_FILE_VALUED = ("ssl_cert", "ssl_alt_cert", "ssl_key", "ssl_alt_key", "ssl_ca", "ssl_dh")
_PAIRS = (("ssl_cert", "ssl_key"), ("ssl_alt_cert", "ssl_alt_key"))
_NEW_NAMES = {
    "ssl_cert": "ssl_server_cert_file",
    "ssl_key": "ssl_server_key_file",
    "ssl_ca": "ssl_server_ca_file",
    "ssl_dh": "ssl_server_dh_file",
}
"""Names since Dovecot 2.4, whose values are paths without a marker."""

_POSTFIX_PAIRS = (
    ("smtpd_tls_cert_file", "smtpd_tls_key_file"),
    ("smtpd_tls_eccert_file", "smtpd_tls_eckey_file"),
)


@dataclass(frozen=True, slots=True)
class FileSetting:
    """
    A setting of Dovecot whose value is read from a file.

    Attributes:
        where: The section it stands in; empty for the top.
        name: Its name.
        value: Its value as doveconf shows it; ``***`` for a key that is not read from a file.
    """

    where: str
    name: str
    value: str

    @property
    def marked(self) -> bool:
        """
        Whether Dovecot reads the file instead of taking its path for the content.
        """
        return self.value.startswith("<") or self.name.endswith("_file")

    @property
    def path(self) -> str:
        """
        Path of the file; empty if the value is none.
        """
        path = self.value.removeprefix("<").strip()
        return path if self.marked and path.startswith("/") else ""

    def __str__(self) -> str:
        return f"{self.where + ': ' if self.where else ''}{self.name} = {self.value}"


def file_settings(dovecot: DovecotConfig, *names: str) -> tuple[FileSetting, ...]:
    """
    All set ones of *names*, by default of all settings with a file, wherever they stand.
    """
    wanted = names or _FILE_VALUED
    return tuple(
        FileSetting(_where(section), name, value)
        for section in dovecot.root.walk()
        for old in wanted
        for name in (old, _NEW_NAMES.get(old, ""))
        if name and (value := section.get(name))
    )


def dovecot_pairs(dovecot: DovecotConfig) -> tuple[KeyPair, ...]:
    """
    Every certificate with its key; a section that sets one of the two inherits the other.
    """
    pairs = []
    for section in dovecot.root.walk():
        for certificate, key in _PAIRS:
            own = (_path(section, certificate), _path(section, key))
            if section is dovecot.root and certificate == "ssl_cert":
                pairs.append(KeyPair("ssl_cert and ssl_key", own[0] or "", own[1] or ""))
            elif any(own):
                outer = (_path(dovecot.root, certificate), _path(dovecot.root, key))
                where = _where(section) or certificate
                pairs.append(KeyPair(where, own[0] or outer[0] or "", own[1] or outer[1] or ""))
    return tuple(pairs)


def dovecot_parameters(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Paths of Diffie-Hellman parameters and of certificates of authorities.
    """
    return tuple(each.path for each in file_settings(dovecot, "ssl_dh", "ssl_ca") if each.path)


def _path(section: Section, name: str) -> str | None:
    for each in (name, _NEW_NAMES.get(name, "")):
        value = section.get(each)
        if value:
            return FileSetting("", each, value).path
    return None


def _where(section: Section) -> str:
    return f"{section.kind} {section.name}".strip()


def postfix_pairs(postfix: PostfixConfig) -> tuple[KeyPair, ...]:
    """
    Every certificate with its key, of main.cf and of each service that has its own.
    """
    pairs: dict[tuple[str, str], KeyPair] = {}
    services = [each.key for each in postfix.services if each.program == "smtpd"]
    for service in ("", *services):
        for certificate, key in _postfix_paths(postfix, service):
            pairs.setdefault((certificate, key), KeyPair(service or "main.cf", certificate, key))
    return tuple(pairs.values())


def _postfix_paths(postfix: PostfixConfig, service: str) -> list[tuple[str, str]]:
    chains = re.split(r"[,\s]+", postfix.setting("smtpd_tls_chain_files", service).strip())
    if chains != [""]:
        return [(each, each) for each in chains]
    found = []
    for certificate, key in _POSTFIX_PAIRS:
        path = _set(postfix.setting(certificate, service))
        own = _set(postfix.setting(key, service))
        if path or certificate == "smtpd_tls_cert_file":
            found.append((path, own or path))
    return [each for each in found if any(each)] or [("", "")]


def _set(value: str) -> str:
    return "" if value.strip() == "none" else value.strip()


def tls_switched_off(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Where Dovecot's setting ``ssl`` is neither on nor ``required``; nowhere is how it should be.
    """
    found = []
    for section in dovecot.root.walk():
        value = section.get("ssl")
        # Inside a listener, the same word says whether TLS starts with the connection.
        if value is None or section.kind == "inet_listener":
            continue
        if value.lower() not in {*ON, "required"}:
            found.append(f"{_where(section) + ': ' if section.kind else ''}ssl = {value}")
    return tuple(found)
