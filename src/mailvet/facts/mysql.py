"""
The first words of a MySQL or MariaDB server, which it says in clear text.
"""

import struct
from dataclasses import dataclass

CLIENT_SSL = 0x0800
"""Capability: the server talks TLS."""

_PROTOCOL_41, _SECURE_CONNECTION = 0x0200, 0x8000
_UTF8MB4 = 45
_MAX_PACKET = 1 << 24
_ERROR, _PROTOCOL_10 = 0xFF, 10


@dataclass(frozen=True, slots=True)
class Greeting:
    """
    What the server says first.

    Attributes:
        version: Its version.
        offers_tls: Whether it talks TLS.
        error: The error that it sent in the place of a greeting; empty if it greeted.
    """

    version: str
    offers_tls: bool
    error: str = ""


def parse_greeting(packet: bytes) -> Greeting | None:
    """
    A greeting without the header of its packet; None if it is none.
    """
    if packet[:1] == bytes((_ERROR,)):
        return Greeting("", False, packet[3:].decode("utf-8", "replace").strip())
    version, ended, rest = packet[1:].partition(b"\0")
    if packet[:1] != bytes((_PROTOCOL_10,)) or not ended or len(rest) < 15:
        return None
    # Thread id, eight octets of salt and a filler stand before the capabilities.
    (capabilities,) = struct.unpack_from("<H", rest, 13)
    return Greeting(version.decode("utf-8", "replace"), bool(capabilities & CLIENT_SSL))


def ssl_request() -> bytes:
    """
    The packet after which the client begins TLS.
    """
    capabilities = CLIENT_SSL | _PROTOCOL_41 | _SECURE_CONNECTION
    body = struct.pack("<IIB23x", capabilities, _MAX_PACKET, _UTF8MB4)
    return struct.pack("<I", len(body))[:3] + b"\x01" + body
