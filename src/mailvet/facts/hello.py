"""
Hand-made ClientHellos, and what a server answers to them.

No TLS library offers everything that a server must refuse, and the library's policy must not pass
for the server's; so the octets are put together here, and what they offer is read back from them.
"""

import struct
from dataclasses import dataclass

from mailvet.facts.groups import GROUPS, MODERN
from mailvet.facts.signatures import SIGNATURES
from mailvet.facts.suites import SUITES
from mailvet.facts.tls import (
    ALPN,
    EXTENDED_MASTER_SECRET,
    KEY_SHARE,
    RENEGOTIATION_INFO,
    SERVER_HELLO,
    SESSION_TICKET,
    STATUS_REQUEST,
    SUPPORTED_VERSIONS,
    VERSION_NAMES,
    Hello,
    handshake_messages,
    parse_alert,
    parse_server_hello,
)

ENTROPY = 96
"""Random octets that a ClientHello takes."""

MAX_FLIGHT = 256 * 1024
"""Octets of a server's first flight; a chain of certificates has a few thousand."""

NUMBERS = {name: number for number, name in VERSION_NAMES.items()}

_SSL3, _TLS12, _TLS13 = 0x0300, 0x0303, 0x0304
_RENEGOTIATION_SCSV = 0x00FF
_SERVER_KEY_EXCHANGE, _CERTIFICATE_REQUEST, _SERVER_HELLO_DONE = 12, 13, 14
_X25519 = 29
_NO_COMPRESSION = b"\x00"
_COMPRESSION = b"\x01\x00"
"""DEFLATE first: who knows it is seen to choose it (RFC 3749)."""


@dataclass(frozen=True, slots=True)
class Flight:
    """
    A server's answer to a ClientHello, as far as it came.

    Attributes:
        hello: Its ServerHello.
        alert: Description of a fatal alert.
        done: Whether it is waiting for us now, that is, whether it went along with the offer.
        dh_bits: Size of its Diffie-Hellman prime, if it chose such a suite; 0 if not.
        asks_certificate: Whether it asks for a client certificate; not visible under TLS 1.3.
        group: Number of the group of its key exchange; 0 if none was seen.
        signature: Number of the scheme with which it signed that; 0 if none was seen, as before TLS
            1.2, which names none, and under TLS 1.3, which encrypts it.
    """

    hello: Hello | None
    alert: int | None
    done: bool
    dh_bits: int
    asks_certificate: bool
    group: int = 0
    signature: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """
    What a ClientHello offers beside a version and suites.

    Attributes:
        groups: Groups by number; by default all that the version knows. Under
            TLS 1.3 no key is sent for those that are named, so the server asks for one of its
            choice (HelloRetryRequest, RFC 8446 §4.1.4).
        signatures: Signature schemes by number, since TLS 1.2.
        extras: A name for ALPN (RFC 7301), offered with session tickets (RFC 5077) and a stapled
            OCSP response (RFC 6066 §8); empty for these two alone, None for none of the three.
    """

    groups: tuple[int, ...] = ()
    signatures: tuple[int, ...] = tuple(SIGNATURES)
    extras: bytes | None = None


USUAL = Beside()
"""What servers should know."""


def write_client_hello(
    version: str,
    suites: tuple[int, ...],
    *,
    server_name: bytes,
    entropy: bytes,
    beside: Beside = USUAL,
) -> bytes:
    """
    A ClientHello in its record that offers exactly one protocol version, and those *suites*.

    Versions before TLS 1.3 have no way to exclude older ones: the server may answer with these.

    Args:
        version: Name of the version, ``SSLv3`` to ``TLSv1.3``.
        suites: Cipher suites by number.
        server_name: Name to indicate; empty for none.
        entropy: ``ENTROPY`` random octets.
        beside: What else is offered.
    """
    number = NUMBERS[version]
    if number == _SSL3:
        suites, extensions = (*suites, _RENEGOTIATION_SCSV), b""
    else:
        found = _extensions(number, server_name, entropy[64:96], beside.groups)
        if number >= _TLS12:
            found += _extension(13, _vector(2, _numbers(beside.signatures)))
        extensions = _vector(2, found + _extras(beside.extras))
    session = entropy[32:64] if number == _TLS13 else b""
    body = (
        struct.pack("!H", min(number, _TLS12))
        + entropy[:32]
        + _vector(1, session)
        + _vector(2, _numbers(suites))
        + _vector(1, _NO_COMPRESSION if number == _TLS13 else _COMPRESSION)
        + extensions
    )
    record = struct.pack("!BH", 22, min(number, 0x0301))
    return record + _vector(2, b"\x01" + _vector(3, body))


def _extensions(
    number: int, server_name: bytes, key_share: bytes, groups: tuple[int, ...]
) -> bytes:
    # Who offers TLS 1.3 alone may not name old ones (RFC 8446 §4.2.7).
    usual = MODERN if number == _TLS13 else tuple(GROUPS)
    parts = [
        _extension(10, _vector(2, _numbers(groups or usual))),
        _extension(11, b"\x01\x00"),
        _extension(EXTENDED_MASTER_SECRET, b""),
        _extension(RENEGOTIATION_INFO, b"\x00"),
    ]
    if server_name:
        parts.insert(0, _extension(0, _vector(2, b"\x00" + _vector(2, server_name))))
    if number == _TLS13:
        share = b"" if groups else struct.pack("!H", _X25519) + _vector(2, key_share)
        parts.append(_extension(SUPPORTED_VERSIONS, _vector(1, _numbers((number,)))))
        parts.append(_extension(45, b"\x01\x01"))
        parts.append(_extension(KEY_SHARE, _vector(2, share)))
    return b"".join(parts)


def _extras(protocol: bytes | None) -> bytes:
    if protocol is None:
        return b""
    names = _extension(ALPN, _vector(2, _vector(1, protocol))) if protocol else b""
    stapled = b"\x01" + _vector(2, b"") + _vector(2, b"")
    return names + _extension(STATUS_REQUEST, stapled) + _extension(SESSION_TICKET, b"")


def _extension(number: int, body: bytes) -> bytes:
    return struct.pack("!H", number) + _vector(2, body)


def _vector(size: int, body: bytes) -> bytes:
    return len(body).to_bytes(size, "big") + body


def _numbers(values: tuple[int, ...]) -> bytes:
    return struct.pack(f"!{len(values)}H", *values)


def read_flight(stream: bytes) -> Flight:
    """
    What a server has answered so far; hostile octets give an empty flight, never an error.
    """
    hello: Hello | None = None
    done = asks = False
    exchange = b""
    for kind, body in handshake_messages(stream):
        if kind == SERVER_HELLO and hello is None:
            hello = parse_server_hello(body)
        elif kind == _SERVER_KEY_EXCHANGE:
            exchange = body
        asks = asks or kind == _CERTIFICATE_REQUEST
        done = done or kind == _SERVER_HELLO_DONE
    if hello is None:
        return Flight(None, parse_alert(stream), done=False, dh_bits=0, asks_certificate=asks)
    # The rest of a TLS 1.3 flight is encrypted, and its alerts with it.
    done = done or hello.version == "TLSv1.3"
    bits, group = _dh_bits(hello, exchange), hello.group or _curve(hello, exchange)
    signature = _signature(hello, exchange)
    return Flight(hello, parse_alert(stream), done, bits, asks, group, signature)


def _curve(hello: Hello, exchange: bytes) -> int:
    """
    The named curve of a ServerKeyExchange (RFC 8422 §5.4).
    """
    suite = SUITES.get(hello.suites[0])
    named = suite is not None and suite.exchange.startswith("ECDHE") and exchange[:1] == b"\x03"
    return int.from_bytes(exchange[1:3]) if named else 0


def _dh_bits(hello: Hello, exchange: bytes) -> int:
    suite = SUITES.get(hello.suites[0])
    if suite is None or not suite.needs_dh:
        return 0
    return int.from_bytes(exchange[2 : 2 + int.from_bytes(exchange[:2])]).bit_length()


def _signature(hello: Hello, exchange: bytes) -> int:
    """
    The scheme behind the parameters of a ServerKeyExchange of TLS 1.2 (RFC 5246 §7.4.3).
    """
    suite = SUITES.get(hello.suites[0])
    if suite is None or hello.version != "TLSv1.2" or not suite.signed:
        return 0
    position = 0
    if suite.needs_dh:
        for _ in range(3):
            position += 2 + int.from_bytes(exchange[position : position + 2])
    else:
        position = 4 + int.from_bytes(exchange[3:4])
    return int.from_bytes(exchange[position : position + 2])
