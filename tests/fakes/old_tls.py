"""
A TLS server that does what OpenSSL no longer does: old versions, broken suites, EMS at will.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import trustme
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.errors import BaseTLSException
from tlslite.session import Session
from tlslite.sessioncache import SessionCache

from tests.fakes.certificates import AUTHORITY
from tests.fakes.grammar import HOST_NAME

GREETING = b"* OK ready\r\n"


@cache
def _credentials() -> tuple[X509CertChain, Any]:
    issued = AUTHORITY.issue_cert(HOST_NAME, key_type=trustme.KeyType.RSA)
    chain = X509CertChain()
    chain.parsePemList(b"".join(each.bytes() for each in issued.cert_chain_pems).decode())
    return chain, parsePEMKey(issued.private_key_pem.bytes().decode(), private=True)


class Forgetful(SessionCache):  # type: ignore[misc]
    """
    Keeps sessions, and gives them out as if all had begun with Extended Master Secret.
    """

    def __getitem__(self, number: bytes) -> Session:
        found = super().__getitem__(number)
        found.extendedMasterSecret = True
        return found


def settings(
    *,
    minimum: tuple[int, int] = (3, 3),
    maximum: tuple[int, int] = (3, 4),
    ems: str = "support",
    ciphers: tuple[str, ...] = (),
    exchanges: tuple[str, ...] = (),
) -> HandshakeSettings:
    """
    What a server accepts; *ems* is ``require``, ``support`` or ``none``.
    """
    chosen = HandshakeSettings()
    chosen.minVersion, chosen.maxVersion = minimum, maximum
    chosen.useExtendedMasterSecret = ems != "none"
    chosen.requireExtendedMasterSecret = ems == "require"
    if ciphers:
        chosen.cipherNames = list(ciphers)
    if exchanges:
        chosen.keyExchangeNames = list(exchanges)
    return chosen


@contextlib.contextmanager
def old_tls_server(
    chosen: HandshakeSettings, sessions: SessionCache | None = None
) -> Iterator[int]:
    """
    The port of a server on the loopback interface that starts TLS at once and then greets.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listening, chosen, sessions), daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _serve(
    listening: socket.socket, chosen: HandshakeSettings, sessions: SessionCache | None
) -> None:
    while True:
        try:
            link, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_visit, args=(link, chosen, sessions), daemon=True).start()


def _visit(link: socket.socket, chosen: HandshakeSettings, sessions: SessionCache | None) -> None:
    chain, key = _credentials()
    link.settimeout(5)
    with link, contextlib.suppress(BaseTLSException, OSError, ValueError):
        tls = TLSConnection(link)
        tls.handshakeServer(certChain=chain, privateKey=key, settings=chosen, sessionCache=sessions)
        tls.write(GREETING)
        tls.close()
