"""
The services of a host, and the places to see them from.
"""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Security(StrEnum):
    """
    Transport security of an endpoint, in the terms of RFC 8314.
    """

    CLEARTEXT = "cleartext"
    STARTTLS = "starttls"
    IMPLICIT_TLS = "implicit-tls"


class Protocol(StrEnum):
    """
    What is spoken on an endpoint; ``submission`` is SMTP in the role of RFC 6409.
    """

    SMTP = "smtp"
    SUBMISSION = "submission"
    IMAP = "imap"
    POP3 = "pop3"
    SIEVE = "sieve"


class Vantage(StrEnum):
    """
    Where a probe's packets come from, seen from the target.
    """

    OUTSIDE = "outside"
    INSIDE = "inside"
    PARTNER = "partner"
    MTA = "mta"
    ON_HOST = "on-host"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One service of a target.

    Attributes:
        name: The name in the profile, by custom the one of the IANA registry (``submissions``).
        protocol: What is spoken there.
        port: TCP port.
        security: How TLS starts, if it does.
        optional: True in ``discover``: silence is then no failure, the service is not applicable.
    """

    name: str
    protocol: Protocol
    port: int
    security: Security
    optional: bool = False

    @property
    def kind(self) -> str:
        """
        Protocol and transport security as the catalogue selects them: ``imap/starttls``.
        """
        return f"{self.protocol}/{self.security}"

    def is_kind(self, patterns: Iterable[str]) -> bool:
        """
        Whether one of *patterns* selects it.
        """
        return any(fnmatch.fnmatchcase(self.kind, pattern) for pattern in patterns)
