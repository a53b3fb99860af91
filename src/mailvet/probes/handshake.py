"""
The client's side of TLS in a memory BIO, with an offer of our own choice.
"""

import base64
import contextlib
import errno
import os
import socket
from dataclasses import dataclass

from OpenSSL import SSL, crypto

from mailvet.errors import ConfigurationError, ProbeError
from mailvet.facts.tls import (
    CLIENT_HELLO,
    SERVER_HELLO,
    Ending,
    Handshake,
    clear_text,
    first_hello,
    is_resumed,
    parse_alert,
)
from mailvet.model import Cause

NO_EXTENDED_MASTER_SECRET = 0x1
"""OpenSSL's SSL_OP_NO_EXTENDED_MASTER_SECRET, which pyOpenSSL does not export."""

MAX_FLIGHT = 1024 * 1024
"""Octets that a server may send in one handshake before it is taken for an attack."""

_RECEIVE = 65536

Session = SSL.Session
"""A session that another connection may go on with."""

_NEEDED = {
    SSL: ("TLS_CLIENT_METHOD", "VERIFY_NONE", "WantReadError", "ZeroReturnError", "Error"),
    SSL.Context: (
        "set_min_proto_version", "set_max_proto_version", "set_cipher_list", "set_options",
    ),
    SSL.Connection: (
        "bio_read", "bio_write", "do_handshake", "recv", "renegotiate", "sendall", "shutdown",
        "get_session", "set_context", "set_session", "set_tlsext_host_name", "get_peer_cert_chain",
        "get_protocol_version_name", "get_cipher_name",
    ),
    crypto: ("FILETYPE_ASN1", "dump_certificate"),
}  # fmt: skip


def missing_names() -> tuple[str, ...]:
    """
    Names of pyOpenSSL that the wire relies on and that the installed release does not have.
    """
    return tuple(
        f"{getattr(owner, '__name__', owner)}.{name}"
        for owner, names in _NEEDED.items()
        for name in names
        if not hasattr(owner, name)
    )


if missing_names():
    raise ConfigurationError(
        f"this pyOpenSSL has no {', '.join(missing_names())}: install pyOpenSSL>=26.0,<27"
    )

_VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """
    What our side offers in a handshake.

    Attributes:
        minimum: Oldest protocol version.
        maximum: Newest protocol version.
        ciphers: OpenSSL cipher string for TLS 1.2 and older; by default all that authenticate the
            server and encrypt, weak ones included: what a server takes is for a check to judge.
        ems: Whether Extended Master Secret is offered.
        home: What connections have in common that go on with each other's sessions; None if they
            do not.
        session: A session of an earlier connection to go on with; None for a new one.
    """

    minimum: str = "TLSv1.2"
    maximum: str = "TLSv1.3"
    ciphers: str = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
    ems: bool = True
    home: SSL.Context | None = None
    session: Session | None = None


class TlsClient:
    """
    Our end of one TLS connection; it moves no octets by itself.

    Raises:
        ProbeError: CLIENT_LIMIT if our own OpenSSL cannot make the offer.
    """

    def __init__(self, offer: TlsOffer, server_name: str) -> None:
        self._offer = offer
        self._connection = _connection(offer, server_name)
        self._sent = bytearray()
        self._received = bytearray()
        self._failure = ""

    def advance(self) -> bool:
        """
        Goes on with the handshake; True when it is over, one way or the other.

        Raises:
            ProbeError: CLIENT_LIMIT if our own OpenSSL refuses to make the offer.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as exc:
            self._failure = words(exc)
            if not self._received:
                detail = f"our own OpenSSL does not start a handshake: {self._failure}"
                raise ProbeError(Cause.CLIENT_LIMIT, detail) from exc
        return True

    @property
    def completed(self) -> bool:
        """
        Whether the handshake is over and nothing failed, provided that ``advance`` said so.
        """
        return not self._failure

    @property
    def overflowing(self) -> bool:
        """
        Whether the server sent more than any handshake needs.
        """
        return len(self._received) > MAX_FLIGHT

    def feed(self, data: bytes) -> None:
        """
        Takes octets from the server.
        """
        self._connection.bio_write(data)

    def feed_handshake(self, data: bytes) -> None:
        """
        Takes octets from the server and keeps them as evidence.
        """
        self._received += data
        self.feed(data)

    def outgoing(self) -> bytes:
        """
        Octets that have to go to the server now.
        """
        collected = bytearray()
        with contextlib.suppress(SSL.WantReadError):
            while True:
                collected += self._connection.bio_read(_RECEIVE)
        return bytes(collected)

    def outgoing_handshake(self) -> bytes:
        """
        Octets that have to go to the server now, kept as evidence.
        """
        octets = self.outgoing()
        self._sent += octets
        return octets

    def encrypt(self, data: bytes) -> None:
        """
        Takes *data* for the server; ``outgoing`` then has it encrypted.
        """
        self._connection.sendall(data)

    def decrypt(self) -> tuple[bytes, str]:
        """
        What the server said inside TLS, and why TLS is over, if it is.
        """
        collected = bytearray()
        try:
            while True:
                collected += self._connection.recv(_RECEIVE)
        except SSL.WantReadError:
            return bytes(collected), ""
        except SSL.ZeroReturnError:
            return bytes(collected), "the server ended TLS"
        except SSL.Error as exc:
            return bytes(collected), f"TLS broke: {words(exc)}"

    def end(self) -> Session | None:
        """
        Says that TLS is over, in the next outgoing octets, and returns the session.

        OpenSSL goes on with no session whose connection broke off.
        """
        self._connection.shutdown()
        return self._connection.get_session()

    def renegotiate(self) -> None:
        """
        Begins another handshake inside this session (RFC 5246 §7.4.1.1).
        """
        self._connection.renegotiate()

    def renegotiated(self) -> bool:
        """
        Goes on with that handshake; True when it is complete.

        Raises:
            OpenSSL.SSL.Error: The server refuses it.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def outcome(self, failure: str = "", ending: Ending = Ending.NONE) -> Handshake:
        """
        The handshake as a fact; *failure* and *ending* tell of what happened outside of TLS.
        """
        received = bytes(self._received)
        alert = parse_alert(received)
        if self._failure and not failure:
            refused = alert is not None or " alert " in f" {self._failure} "
            ending = Ending.SERVER if refused else Ending.CLIENT
        failure = failure or self._failure
        if failure and alert is not None:
            failure = f"{failure} (alert {alert})"
        offered = first_hello(bytes(self._sent), CLIENT_HELLO)
        hello = first_hello(received, SERVER_HELLO)
        name = self._connection.get_protocol_version_name
        return Handshake(
            completed=not failure,
            failure=failure,
            version="" if failure else name(),
            cipher="" if failure else self._connection.get_cipher_name() or "",
            offered_ems=offered is not None and offered.extended_master_secret,
            server_hello=hello,
            chain=() if failure else self._chain(),
            ending=ending,
            clear_text=clear_text(received),
            offered_session=offered is not None and offered.resumes,
            resumed=hello is not None
            and hello.version != "TLSv1.3"
            and is_resumed(bytes(self._sent), received),
        )

    def _chain(self) -> tuple[str, ...]:
        # DER as it came: a certificate that our parser chokes on is a fact as well.
        return tuple(
            base64.b64encode(crypto.dump_certificate(crypto.FILETYPE_ASN1, each)).decode()
            for each in self._connection.get_peer_cert_chain() or ()
        )


def session_home(offer: TlsOffer) -> SSL.Context:
    """
    A home for the sessions of connections that offer the same versions and suites.

    Raises:
        ProbeError: CLIENT_LIMIT if our own OpenSSL does not know any of the suites.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    try:
        context.set_min_proto_version(_VERSIONS[offer.minimum])
        context.set_max_proto_version(_VERSIONS[offer.maximum])
        context.set_cipher_list(offer.ciphers.encode())
    except SSL.Error as exc:
        detail = f"our own OpenSSL cannot offer the suites {offer.ciphers!r}"
        raise ProbeError(Cause.CLIENT_LIMIT, detail) from exc
    if not offer.ems:
        context.set_options(NO_EXTENDED_MASTER_SECRET)
    return context


def _connection(offer: TlsOffer, server_name: str) -> SSL.Connection:
    connection = SSL.Connection(session_home(offer), None)
    connection.set_connect_state()
    if offer.home is not None:
        # The options of the context that it was made with remain.
        connection.set_context(offer.home)
    if offer.session is not None:
        connection.set_session(offer.session)
    indicated = server_name_octets(server_name)
    if indicated:
        connection.set_tlsext_host_name(indicated)
    return connection


def server_name_octets(name: str) -> bytes:
    """
    What Server Name Indication says for *name* (RFC 6066 §3); empty for addresses.

    Raises:
        ProbeError: TOOL if *name* cannot be a host name.
    """
    if not name or is_address(name):
        return b""
    try:
        return name.rstrip(".").encode("idna")
    except UnicodeError as exc:
        raise ProbeError(Cause.TOOL, f"{name!r} cannot be a host name: {exc}") from exc


def is_address(name: str) -> bool:
    """
    Whether *name* is an IP address.
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, name)
            return True
    return False


def words(exc: Exception) -> str:
    """
    What went wrong, in the words of OpenSSL or of the system.
    """
    if isinstance(exc, OSError) and exc.strerror:
        # asyncio puts "Connect call failed" and the address in the place of the reason.
        number = 0 if isinstance(exc, socket.gaierror) else exc.errno or 0
        return (os.strerror(number) if number in errno.errorcode else exc.strerror).lower()
    if isinstance(exc, SSL.Error) and exc.args and isinstance(exc.args[0], list) and exc.args[0]:
        return str(exc.args[0][-1][-1])
    return str(exc) or type(exc).__name__
