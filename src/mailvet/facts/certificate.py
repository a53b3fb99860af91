"""
Certificates that servers show, and the names that they are valid for.
"""

import datetime as dt
import ipaddress
from dataclasses import dataclass

from mailvet.model import Cause
from mailvet.transcript import Line

DAY = 86_400.0

_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 256}
_BROKEN_HASHES = frozenset({"md2", "md4", "md5", "sha1"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    What stands in a certificate.

    Attributes:
        sha256: Its fingerprint, in hexadecimal digits.
        subject: Subject in the form of RFC 4514.
        issuer: Issuer in the form of RFC 4514.
        dns_names: Names of its subjectAltName.
        addresses: IP addresses of its subjectAltName.
        not_before: First moment of its validity, in seconds since 1970.
        not_after: Last moment of its validity, in seconds since 1970.
        key: Kind of its key: ``RSA``, ``EC``, ``Ed25519`` …
        bits: Size of its key.
        signature_hash: Hash that its signature rests on; empty where the kind of signature says it.
        server_auth: Whether it may authenticate a TLS server.
        common_name: The common name of its subject; empty if it has none.
        problem: Why it could not be read; all else is empty then.
    """

    sha256: str
    subject: str = ""
    issuer: str = ""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    not_before: float = 0.0
    not_after: float = 0.0
    key: str = ""
    bits: int = 0
    signature_hash: str = ""
    server_auth: bool = True
    common_name: str = ""
    problem: str = ""

    @property
    def self_issued(self) -> bool:
        """
        Whether it names itself as its issuer.
        """
        return self.subject == self.issuer

    @property
    def expiry(self) -> str:
        """
        The last day of its validity.
        """
        return dt.datetime.fromtimestamp(self.not_after, dt.UTC).date().isoformat()

    @property
    def names(self) -> str:
        """
        The names and addresses that it is valid for, in words.
        """
        return ", ".join((*self.dns_names, *self.addresses)) or "no name"

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """
        Why its key or its signature does not hold; none if it does.
        """
        found = []
        least = _LEAST_BITS.get(self.key, 0)
        if self.bits < least:
            found.append(f"its {self.key} key has {self.bits} bits, {least} is the least")
        if self.signature_hash in _BROKEN_HASHES:
            found.append(f"it is signed with {self.signature_hash.upper()}")
        return tuple(found)

    def valid_for(self, name: str) -> bool:
        """
        Whether clients that connect to *name* accept it (RFC 9525 §6.3).

        Its common name is ignored, as clients ignore it.
        """
        try:
            wanted = ipaddress.ip_address(name)
        except ValueError:
            return any(matches(pattern, name) for pattern in self.dns_names)
        return str(wanted) in self.addresses


def matches(pattern: str, name: str) -> bool:
    """
    Whether a name in a certificate covers *name* (RFC 9525 §6.3).

    A wildcard stands for exactly one label, the leftmost, and for nothing less than all of it.
    """
    presented, wanted = _labels(pattern), _labels(name)
    if not name or len(presented) != len(wanted):
        return False
    if presented[0] == "*" and len(presented) > 2:
        return presented[1:] == wanted[1:]
    return presented == wanted


def _labels(name: str) -> list[str]:
    try:
        ascii_name = name if name.startswith("*") else name.encode("idna").decode()
    except UnicodeError:
        ascii_name = name
    return ascii_name.lower().removesuffix(".").split(".")


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """
    The certificates that an endpoint shows.

    Attributes:
        chain: They, leaf first; none if the session is anonymous.
        anchors: What clients trust, in words.
        trusted: Whether a client gets from the leaf to what it trusts with nothing but the chain;
            None if what it trusts could not be read.
        trust_detail: Why not.
        checked_at: When that was tried, in seconds since 1970.
        transcript: The chain in short lines.
    """

    chain: tuple[Certificate, ...]
    anchors: str
    trusted: bool | None
    trust_detail: str
    checked_at: float
    transcript: tuple[Line, ...]

    @property
    def leaf(self) -> Certificate | None:
        """
        The server's own certificate, if it shows one that can be read.
        """
        return self.chain[0] if self.chain and not self.chain[0].problem else None

    @property
    def days_left(self) -> float:
        """
        Days that the leaf remains valid; negative if it has expired, or is not valid yet.
        """
        if self.leaf is None:
            return 0.0
        if self.checked_at < self.leaf.not_before:
            return (self.checked_at - self.leaf.not_before) / DAY
        return (self.leaf.not_after - self.checked_at) / DAY

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """
        What is weak in the chain; signatures of roots do not matter, nobody checks them.
        """
        return tuple(
            f"{each.subject}: {weakness}"
            for place, each in enumerate(self.chain)
            if not (place and each.self_issued)
            for weakness in each.weaknesses
        )

    @property
    def superfluous(self) -> tuple[str, ...]:
        """
        Subjects of certificates that were sent and that nobody needs: roots, which clients have or
        do not trust, and those that issued none of the others (RFC 8446 §4.4.2).
        """
        issuers = {each.issuer for each in self.chain if not each.self_issued}
        return tuple(
            each.subject
            for each in self.chain[1:]
            if each.self_issued or each.subject not in issuers
        )

    @property
    def sent(self) -> str:
        """
        How many certificates were sent, in words.
        """
        vain = f", {len(self.superfluous)} of them in vain" if self.superfluous else ""
        return f"{len(self.chain)} sent{vain}"


@dataclass(frozen=True, slots=True)
class ShownLeaf:
    """
    The certificate of one endpoint.

    Attributes:
        server: ``dovecot`` or ``postfix``.
        endpoint: Name of the endpoint.
        port: Its port.
        certificate: The server's own certificate.
    """

    server: str
    endpoint: str
    port: int
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    Why certificates could not be compared.
    """

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class ShownFacts:
    """
    The certificates of all endpoints side by side, and those on the host's disk.

    Attributes:
        leaves: One for each endpoint with TLS.
        unseen: Endpoints that showed none, each with the reason.
        on_disk: Pairs of server and fingerprint, for every certificate that is configured there.
        disk_detail: Why the disk of a server was not looked at, as pairs.
        transcript: Endpoints and fingerprints in short lines.
    """

    leaves: tuple[ShownLeaf, ...]
    unseen: tuple[tuple[str, str], ...]
    on_disk: tuple[tuple[str, str], ...]
    disk_detail: tuple[tuple[str, str], ...]
    transcript: tuple[Line, ...]

    def of(self, server: str) -> tuple[ShownLeaf, ...]:
        """
        The certificates that *server* shows.
        """
        return tuple(each for each in self.leaves if each.server == server)

    def wrong(self, server: str) -> str:
        """
        How the certificates of *server* contradict each other or its disk; empty if they do not.
        """
        files = self._files(server)
        outdated = [
            str(each.port)
            for each in self.of(server)
            if files and each.certificate.sha256 not in files
        ]
        if outdated:
            return f"port {', '.join(outdated)}: not the certificate that is on disk now"
        ports: dict[str, list[str]] = {}
        for each in self.of(server):
            ports.setdefault(each.certificate.sha256, []).append(str(each.port))
        if len(ports) < 2:
            return ""
        return "; ".join(f"port {', '.join(where)}: {leaf[:16]}…" for leaf, where in ports.items())

    def doubt(self, server: str) -> Doubt | None:
        """
        Why nothing can be said about *server*, if so.
        """
        unseen = "; ".join(why for name, why in self.unseen if name == server)
        if unseen or not self.of(server):
            return Doubt(Cause.BLOCKED, unseen or "no endpoint with TLS is declared")
        if len(self.of(server)) == 1 and not self._files(server):
            return Doubt(Cause.PRIVILEGE, f"one port only, and {self._why_no_file(server)}")
        return None

    def agreement(self, server: str) -> str:
        """
        What the certificates of *server* agree with, in words.
        """
        ports = ", ".join(str(each.port) for each in self.of(server))
        if self._files(server):
            return f"port {ports}: the certificate that is on disk"
        return f"port {ports}: the same certificate; not compared: {self._why_no_file(server)}"

    def _files(self, server: str) -> frozenset[str]:
        return frozenset(fingerprint for name, fingerprint in self.on_disk if name == server)

    def _why_no_file(self, server: str) -> str:
        detail = dict(self.disk_detail).get(server)
        return detail or "no certificate on its disk could be read"
