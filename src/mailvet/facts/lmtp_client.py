"""
How Postfix hands mail to a Dovecot on another host.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.routing import Route, split_list

MANDATORY = frozenset({"encrypt", "verify", "secure", "dane-only", "fingerprint"})
"""TLS levels of postconf(5) with which nothing goes out in clear text."""

PORT = 24
"""What Postfix's LMTP client takes if the next hop names no port (lmtp(8))."""

_HOP = re.compile(r"^(?:inet:)?(?:\[([^\]]+)\]|([^:]+))(?::(\w+))?$")


@dataclass(frozen=True, slots=True)
class NextHop:
    """
    The host that an LMTP client connects to.

    Attributes:
        host: Its name or address.
        port: Its port; a number, or the name of a service.
    """

    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


@dataclass(frozen=True, slots=True)
class LmtpClientFacts:
    """
    The way out for the test accounts' mail, and what it is told about TLS.

    Attributes:
        routes: The ways, one for each account.
        level: ``lmtp_tls_security_level`` as it holds for the service that delivers; what older
            settings say if it is empty.
        service: That service of master.cf.
        policies: ``lmtp_tls_policy_maps``: tables that may set another level for some next hops.
        hop_levels: Levels that these tables name for the next hops in use.
        wrapped: Whether TLS starts with the connection.
        commands: What was run.
    """

    routes: tuple[Route, ...]
    level: str
    service: str
    policies: str
    hop_levels: tuple[str, ...]
    wrapped: bool
    commands: tuple[CommandOutput, ...]

    @property
    def hops(self) -> tuple[NextHop, ...]:
        """
        The hosts that mail goes to by LMTP over TCP.
        """
        found = (next_hop(each) for each in self.routes if each.client == "lmtp")
        return tuple(dict.fromkeys(each for each in found if each))

    @property
    def levels(self) -> tuple[str, ...]:
        """
        The TLS levels that hold for them.
        """
        return self.hop_levels or (self.level,)

    @property
    def said(self) -> str:
        """
        The levels, and what sets them.
        """
        by = (
            f"lmtp_tls_policy_maps ({self.policies})" if self.hop_levels else "main.cf or master.cf"
        )
        return f"{', '.join(self.levels)} by {by}"

    def uses(self, port: int) -> bool:
        """
        Whether all mail goes by LMTP over TCP to *port*.
        """
        whole = all(each.client == "lmtp" and next_hop(each) for each in self.routes)
        return whole and all(each.port == str(port) for each in self.hops)

    def leads_to(self, *names: str) -> bool:
        """
        Whether every next hop has one of these names.
        """
        known = {each.lower().rstrip(".") for each in names}
        return all(each.host.lower().rstrip(".") in known for each in self.hops)

    @property
    def encrypted(self) -> bool:
        """
        Whether nothing goes out in clear text.
        """
        return all(each in MANDATORY for each in self.levels)


def next_hop(route: Route) -> NextHop | None:
    """
    The host of a transport such as ``lmtp:inet:[mail1.example.com]:24``; None for a UNIX socket.
    """
    hop = route.value.partition(":")[2]
    if hop.startswith("unix:"):
        return None
    found = _HOP.match(hop)
    return NextHop(found[1] or found[2], found[3] or str(PORT)) if found else None


def policy_keys(route: Route) -> tuple[str, ...]:
    """
    Under which names a table of policies may know the next hop (postconf(5)).
    """
    hop = route.value.partition(":")[2].removeprefix("inet:")
    return tuple(dict.fromkeys(each for each in (hop, hop.rpartition(":")[0]) if each))


def tls_level(postfix: PostfixConfig, service: str) -> str:
    """
    The TLS level of an LMTP client, from the present setting or those that it replaced.
    """
    level = postfix.setting("lmtp_tls_security_level", service)
    if level:
        return level
    if postfix.enabled("lmtp_enforce_tls", service):
        return "verify" if postfix.enabled("lmtp_tls_enforce_peername", service) else "encrypt"
    return "may" if postfix.enabled("lmtp_use_tls", service) else "none"


def policy_tables(postfix: PostfixConfig, service: str) -> tuple[str, ...]:
    """
    The tables of ``lmtp_tls_policy_maps``.
    """
    return split_list(postfix.setting("lmtp_tls_policy_maps", service))


def policy_levels(answers: Mapping[str, str]) -> tuple[str, ...]:
    """
    The levels in the answers of such tables; what follows the level are its attributes.
    """
    words = (each.split() for each in answers.values())
    return tuple(dict.fromkeys(each[0] for each in words if each))
