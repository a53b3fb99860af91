"""
Remedies: which commands fit a host, and how names, ports and versions come into them.
"""

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Mapping

from mailvet.model import (
    Control,
    Endpoint,
    Expectations,
    ExpectMailboxes,
    Fix,
    Protocol,
    Security,
    Target,
)

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

_DH_GROUPS = (4096, 6144, 8192)
"""Groups of RFC 7919, from the size on that the guide has."""

_FIREWALL_SERVICES = {
    25: "smtp",
    110: "pop3",
    143: "imap",
    465: "smtps",
    587: "smtp-submission",
    993: "imaps",
    995: "pop3s",
    4190: "managesieve",
}
"""What firewalld calls the ports of mail."""

_OTHER_PORTS = (24, 2000, 2525, 10025, 12345)

_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_0-9]+(?:\.[a-z_0-9]+)?)\}")


def placeholders() -> frozenset[str]:
    """
    Names of all placeholders that commands may contain.
    """
    here = Endpoint("", Protocol.SMTP, 25, Security.STARTTLS)
    return frozenset(values_of(Target("", "", "", (), "", frozenset(), (), Expectations()), here))


def strangers(text: str) -> list[str]:
    """
    Names in braces in *text* that are no placeholders; the shell's own ``${name}`` is left alone.
    """
    return [name for name in _PLACEHOLDER.findall(text) if name not in placeholders()]


def values_of(target: Target, endpoint: Endpoint | None) -> dict[str, str]:
    """
    What to put in place of placeholders, as far as the declaration of *target* tells.
    """
    ports = {each.port for each in target.endpoints}
    closed = {port: name for port, name in _FIREWALL_SERVICES.items() if port not in ports}
    values = {"name": target.name, "address": target.address, **_declared(target.expect)}
    values["mail.hostname"] = target.hostname
    values["dovecot.protocols"] = " ".join(target.expect.dovecot.protocols or _protocols(target))
    values["ports.declared"] = " ".join(str(port) for port in sorted(ports))
    values["ports.undeclared"] = " ".join(str(port) for port in (*closed, *_OTHER_PORTS))
    values["ports.undeclared_services"] = " ".join(closed.values())
    if endpoint:
        values["port"] = str(endpoint.port)
        values["starttls"] = STARTTLS_NAMES[endpoint.protocol]
        values["service"] = endpoint.name
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


def _protocols(target: Target) -> list[str]:
    """
    What Dovecot has to speak if the profile does not list it.
    """
    wanted = dict.fromkeys(str(each.protocol) for each in target.endpoints)
    known = [each for each in wanted if _SERVERS[Protocol(each)] == "dovecot"]
    return [*known, "lmtp"] if "lmtp-socket" in target.roles else known


def _declared(expect: Expectations) -> dict[str, str]:
    values = {
        f"{table.name}.{field.name}": _words(getattr(getattr(expect, table.name), field.name))
        for table in dataclasses.fields(expect)
        for field in dataclasses.fields(getattr(expect, table.name))
    }
    values["tls.refused"] = ", ".join(f"!{each}" for each in _older_than(expect.tls.minimum))
    networks = expect.relay.trusted_networks or ("127.0.0.0/8", "::1/128")
    values["relay.mynetworks"] = " ".join(_bracketed(each) for each in networks)
    values["tls.dh_group"] = f"ffdhe{_group(expect.tls.dh_bits)}"
    values["dovecot.mail_root"] = folder(expect.dovecot.mail_root) or "/var/mail/"
    values["firewall.zone"] = "$(firewall-cmd --get-default-zone)"
    socket = expect.dovecot.lmtp_socket or "/run/dovecot/lmtp"
    values["dovecot.lmtp_socket"] = socket
    values["dovecot.lmtp_service"] = _lmtp_service(socket, expect)
    values["mailboxes.alternatives"] = r"\|".join(expect.mailboxes.special_use)
    values["mailboxes.namespace"] = mailboxes(expect.mailboxes, {}, "inbox")
    return values


def folder(path: str) -> str:
    """
    The path with one slash at its end; empty if it is empty.
    """
    return f"{path.rstrip('/')}/" if path else ""


def mailboxes(expect: ExpectMailboxes, names: Mapping[str, str], namespace: str) -> str:
    """
    A block of Dovecot's configuration with a mailbox for each special use.

    Args:
        expect: The special uses, and which of them are subscribed.
        names: Names of mailboxes by special use; the others are called like their use.
        namespace: Name of the namespace that holds the INBOX.
    """
    lines = [f"namespace {namespace} {{", "  inbox = yes"]
    for use in expect.special_use:
        lines += [f'  mailbox "{names.get(use, use)}" {{', f"    special_use = \\{use}"]
        lines += [f"    auto = {expect.auto(use)}", "  }"]
    return "\n".join([*lines, "}"])


def _lmtp_service(socket: str, expect: Expectations) -> str:
    """
    A block of Dovecot's configuration with one LMTP socket; the default one is switched off.
    """
    own = re.sub(r"^(/var)?/run/dovecot/", "", socket)
    owner = expect.dovecot.lmtp_socket_owner
    mode = next(iter(expect.dovecot.lmtp_socket_modes), "600")
    lines = ["service lmtp {"]
    if own != "lmtp":
        lines += ["  unix_listener lmtp {", "    mode = 0", "  }"]
    lines += [f"  unix_listener {own} {{", f"    mode = 0{mode.lstrip('0')}"]
    return "\n".join([*lines, f"    user = {owner}", f"    group = {owner}", "  }", "}"])


def _group(bits: int) -> int:
    return next((size for size in _DH_GROUPS if size >= bits), _DH_GROUPS[-1])


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
