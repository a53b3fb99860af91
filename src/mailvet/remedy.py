"""
Remedies: which commands fit a host, and how names, ports and versions come into them.
"""

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Mapping

from mailvet.model import Control, Endpoint, Expectations, Fix, Protocol, Target

SERVERS = ("postfix", "dovecot", "host")

STARTTLS_NAMES = {
    Protocol.SMTP: "smtp",
    Protocol.SUBMISSION: "smtp",
    Protocol.IMAP: "imap",
    Protocol.POP3: "pop3",
    Protocol.SIEVE: "sieve",
}
"""What OpenSSL's s_client calls the protocols."""

_SERVERS = {
    Protocol.SMTP: "postfix",
    Protocol.SUBMISSION: "postfix",
    Protocol.IMAP: "dovecot",
    Protocol.POP3: "dovecot",
    Protocol.SIEVE: "dovecot",
}

_TLS_VERSIONS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_0-9]+(?:\.[a-z_0-9]+)?)\}")


def placeholders() -> frozenset[str]:
    """
    Names of all placeholders that commands may contain.
    """
    return frozenset({"name", "address", "port", "starttls", "service", *_declared(Expectations())})


def strangers(text: str) -> list[str]:
    """
    Names in braces in *text* that are no placeholders; the shell's own ``${name}`` is left alone.
    """
    return [name for name in _PLACEHOLDER.findall(text) if name not in placeholders()]


def values_of(target: Target, endpoint: Endpoint | None, service: str = "") -> dict[str, str]:
    """
    What to put in place of placeholders.

    Args:
        target: The host.
        endpoint: The endpoint that is to be repaired, if it is only one.
        service: What Postfix's master.cf calls that endpoint.
    """
    values = {"name": target.name, "address": target.address, **_declared(target.expect)}
    values["mail.hostname"] = target.hostname
    if endpoint:
        values["port"] = str(endpoint.port)
        values["starttls"] = STARTTLS_NAMES[endpoint.protocol]
        values["service"] = service or endpoint.name
    return values


def fill(text: str, values: Mapping[str, str]) -> str:
    """
    The text with *values* in place of their names in braces.
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def is_for(server: str, endpoint: Endpoint | None, others: Iterable[str]) -> bool:
    """
    Whether what is said about *server* concerns *endpoint*.

    Where *others* has words for both servers, each speaks about its own endpoints.
    """
    if endpoint is None or not {"postfix", "dovecot"} <= {*others}:
        return True
    return server not in {"postfix", "dovecot"} or server == _SERVERS[endpoint.protocol]


def fixes_for(
    control: Control, endpoint: Endpoint | None, versions: Mapping[str, str]
) -> list[Fix]:
    """
    The commands of *control* that concern *endpoint* and fit the versions found, by server.
    """
    servers = {each.server for each in control.fix}
    return [
        fix
        for fix in control.fix
        if _concerns(fix, endpoint, servers) and _fits(fix, versions.get(fix.server, ""))
    ]


def _concerns(fix: Fix, endpoint: Endpoint | None, servers: Iterable[str]) -> bool:
    if fix.endpoints and endpoint:
        return endpoint.is_kind(fix.endpoints)
    return is_for(fix.server, endpoint, servers)


def _fits(fix: Fix, version: str) -> bool:
    if not version:
        return True
    found = _numbers(version)
    early = bool(fix.since) and found < _numbers(fix.since)
    late = bool(fix.before) and found >= _numbers(fix.before)
    return not early and not late


def _declared(expect: Expectations) -> dict[str, str]:
    values = {
        f"{table.name}.{field.name}": _words(getattr(getattr(expect, table.name), field.name))
        for table in dataclasses.fields(expect)
        for field in dataclasses.fields(getattr(expect, table.name))
    }
    values["tls.refused"] = ", ".join(f"!{each}" for each in _older_than(expect.tls.minimum))
    networks = expect.relay.trusted_networks or ("127.0.0.0/8", "::1/128")
    values["relay.mynetworks"] = " ".join(_bracketed(each) for each in networks)
    return values


def _words(value: object) -> str:
    return " ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def _older_than(minimum: str) -> tuple[str, ...]:
    known = minimum in _TLS_VERSIONS
    return _TLS_VERSIONS[: _TLS_VERSIONS.index(minimum)] if known else _TLS_VERSIONS[:4]


def _bracketed(network: str) -> str:
    """
    A network as Postfix writes it: IPv6 addresses stand in brackets.
    """
    try:
        found = ipaddress.ip_network(network)
    except ValueError:
        return network
    if found.version == 6:
        return f"[{found.network_address}]/{found.prefixlen}"
    return str(found)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(each) for each in found[0].split(".")) if found else ()
