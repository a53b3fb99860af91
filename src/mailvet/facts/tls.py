"""
TLS as it was seen on the wire: handshakes, hellos, certificates.
"""

import struct
from dataclasses import dataclass

EXTENDED_MASTER_SECRET = 0x0017
"""Extension of RFC 7627."""

SUPPORTED_VERSIONS = 0x002B
RENEGOTIATION_INFO = 0xFF01

VERSION_NAMES = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}

_HANDSHAKE = 22
_ALERT = 21
_CHANGE_CIPHER_SPEC = 20
CLIENT_HELLO = 1
SERVER_HELLO = 2


@dataclass(frozen=True, slots=True)
class Hello:
    """
    What a ClientHello or ServerHello says.

    Attributes:
        version: Name of the protocol version; for a ServerHello the one chosen.
        suites: Cipher suites by number; a ServerHello has one.
        compression: Compression method of a ServerHello; 0 is none.
        extensions: Numbers of its extensions.
    """

    version: str
    suites: tuple[int, ...]
    compression: int
    extensions: tuple[int, ...]

    @property
    def extended_master_secret(self) -> bool:
        """
        Whether it carries the extension of RFC 7627.
        """
        return EXTENDED_MASTER_SECRET in self.extensions


@dataclass(frozen=True, slots=True)
class Handshake:
    """
    A handshake that was tried.

    Attributes:
        completed: Whether it went through to the Finished messages.
        failure: Why not, as our library or the peer's alert put it; empty if it completed.
        version: Negotiated protocol version; empty if it did not complete.
        cipher: Negotiated suite in OpenSSL's words; empty if it did not complete.
        offered_ems: Whether our ClientHello, read back from the octets sent, offered EMS.
        server_hello: The ServerHello, if one came, even if the handshake failed later.
        chain: The certificates shown, leaf first, as base64 of their DER form.
    """

    completed: bool
    failure: str
    version: str
    cipher: str
    offered_ems: bool
    server_hello: Hello | None
    chain: tuple[str, ...]

    @property
    def ems(self) -> bool | None:
        """
        Whether Extended Master Secret binds the session; None under TLS 1.3, which needs none.
        """
        if self.version == "TLSv1.3" or self.server_hello is None:
            return None
        return self.server_hello.extended_master_secret


def handshake_messages(stream: bytes) -> tuple[tuple[int, bytes], ...]:
    """
    Type and body of every handshake message at the unencrypted head of one direction's octets.
    """
    fragments = bytearray()
    position = 0
    while position + 5 <= len(stream):
        kind, _, length = struct.unpack_from("!BHH", stream, position)
        if kind == _CHANGE_CIPHER_SPEC:
            break
        if kind == _HANDSHAKE:
            fragments += stream[position + 5 : position + 5 + length]
        position += 5 + length
    messages: list[tuple[int, bytes]] = []
    position = 0
    while position + 4 <= len(fragments):
        length = int.from_bytes(fragments[position + 1 : position + 4])
        if position + 4 + length > len(fragments):
            break
        body = bytes(fragments[position + 4 : position + 4 + length])
        messages.append((fragments[position], body))
        position += 4 + length
    return tuple(messages)


def parse_alert(stream: bytes) -> int | None:
    """
    The description of the first unencrypted alert in one direction's octets (RFC 5246 §7.2).
    """
    position = 0
    while position + 5 <= len(stream):
        kind, _, length = struct.unpack_from("!BHH", stream, position)
        if kind == _ALERT and length == 2 and position + 7 <= len(stream):
            return stream[position + 6]
        position += 5 + length
    return None


def parse_server_hello(body: bytes) -> Hello | None:
    """
    A ServerHello (RFC 5246 §7.4.1.3, RFC 8446 §4.1.3); None if the octets are none.
    """
    try:
        version, session_id = struct.unpack_from("!H32xB", body)
        position = 35 + session_id
        suite, compression = struct.unpack_from("!HB", body, position)
        extensions = _extensions(body, position + 3)
    except (struct.error, IndexError):
        return None
    if SUPPORTED_VERSIONS in extensions and len(extensions[SUPPORTED_VERSIONS]) == 2:
        version = int.from_bytes(extensions[SUPPORTED_VERSIONS])
    name = VERSION_NAMES.get(version, f"0x{version:04x}")
    return Hello(name, (suite,), compression, tuple(extensions))


def parse_client_hello(body: bytes) -> Hello | None:
    """
    A ClientHello (RFC 5246 §7.4.1.2); None if the octets are none.
    """
    try:
        version, session_id = struct.unpack_from("!H32xB", body)
        position = 35 + session_id
        (length,) = struct.unpack_from("!H", body, position)
        suites = struct.unpack_from(f"!{length // 2}H", body, position + 2)
        position += 2 + length
        extensions = _extensions(body, position + 1 + body[position])
    except (struct.error, IndexError):
        return None
    name = VERSION_NAMES.get(version, f"0x{version:04x}")
    return Hello(name, suites, 0, tuple(extensions))


def first_hello(stream: bytes, kind: int) -> Hello | None:
    """
    The first ClientHello or ServerHello (*kind*) in one direction's octets.
    """
    parse = parse_client_hello if kind == CLIENT_HELLO else parse_server_hello
    return next(
        (parse(body) for number, body in handshake_messages(stream) if number == kind), None
    )


def _extensions(body: bytes, position: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if position + 2 > len(body):
        return found
    end = position + 2 + int.from_bytes(body[position : position + 2])
    position += 2
    while position + 4 <= min(end, len(body)):
        number, length = struct.unpack_from("!HH", body, position)
        found[number] = body[position + 4 : position + 4 + length]
        position += 4 + length
    return found
