"""
TLS between Dovecot and the backend of its accounts, as the backend's servers show it to the target.
"""

import ipaddress
from dataclasses import dataclass

from mailvet.facts.certificate import Certificate, Doubt, matches
from mailvet.facts.tls import Handshake
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class BackendServer:
    """
    A server of the backend, as Dovecot's settings name it.

    Attributes:
        name: Its name or address there, or the path of its Unix socket.
        port: Its port; 0 for a Unix socket.
        authorities: File or directory on the target with the certificates that it is verified with;
            empty if the settings name none.
    """

    name: str
    port: int
    authorities: str = ""

    @property
    def on_this_machine(self) -> bool:
        """
        Whether nothing that is said to it crosses a network.
        """
        return on_this_machine(self.name)

    def __str__(self) -> str:
        return f"{self.name} port {self.port}" if self.port else self.name


@dataclass(frozen=True, slots=True)
class BackendTls:
    """
    What a server shows in a TLS handshake that starts at the target.

    Attributes:
        server: The server.
        handshake: The handshake; None if none was tried.
        refusal: What the server said that stands in the way of TLS; empty if nothing did.
        chain: Its certificates, leaf first.
        trusted: Whether they lead to ``server.authorities``, and to nothing else; None if there
            are no such authorities that could be read.
        trust_detail: Why not.
        doubt: Why nothing was seen; None if something was.
        transcript: What was said.
    """

    server: BackendServer
    handshake: Handshake | None = None
    refusal: str = ""
    chain: tuple[Certificate, ...] = ()
    trusted: bool | None = None
    trust_detail: str = ""
    doubt: Doubt | None = None
    transcript: tuple[Line, ...] = ()

    @property
    def completed(self) -> bool:
        """
        Whether there was a TLS session.
        """
        return self.handshake is not None and self.handshake.completed

    @property
    def leaf(self) -> Certificate | None:
        """
        The server's own certificate, if it shows one that can be read.
        """
        return self.chain[0] if self.chain and not self.chain[0].problem else None

    @property
    def named(self) -> bool:
        """
        Whether the certificate is valid for the name that Dovecot uses.
        """
        return self.leaf is not None and accepts(self.leaf, self.server.name)

    @property
    def verified(self) -> bool:
        """
        Whether whoever verifies with these authorities knows whom it talks to.
        """
        return self.completed and bool(self.trusted) and self.named

    @property
    def binds_session(self) -> bool | None:
        """
        Whether the session has what FIPS mode needs: TLS 1.3, or Extended Master Secret (RFC 7627).

        None if there was no session.
        """
        if self.handshake is None or not self.handshake.completed:
            return None
        return self.handshake.version == "TLSv1.3" or bool(self.handshake.ems)

    def __str__(self) -> str:
        said = self.refusal or (str(self.handshake) if self.handshake else "no TLS")
        return f"{self.server}: {said}"


@dataclass(frozen=True, slots=True)
class BackendTlsFacts:
    """
    TLS of every server of the backend.
    """

    servers: tuple[BackendTls, ...]

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        What was said to all of them.
        """
        return tuple(line for each in self.servers for line in each.transcript)


def on_this_machine(host: str) -> bool:
    """
    Whether *host*, as settings name it, is the machine itself: a Unix socket or the loopback.
    """
    if host.startswith("/") or host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def accepts(certificate: Certificate, name: str) -> bool:
    """
    Whether libraries of databases and directories take *certificate* for *name*.

    Unlike mail clients, they fall back to the common name where no DNS name stands in the
    certificate (X509_check_host(3), RFC 4513 §3.1.3).
    """
    if certificate.valid_for(name):
        return True
    common = certificate.common_name
    return bool(common) and not certificate.dns_names and matches(common, name)
