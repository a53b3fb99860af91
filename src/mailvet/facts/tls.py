"""
TLS as it was seen on the wire: handshakes, hellos, certificates.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum

from mailvet.transcript import readable

EXTENDED_MASTER_SECRET = 0x0017
"""Extension of RFC 7627."""

STATUS_REQUEST = 0x0005
ALPN = 0x0010
SESSION_TICKET = 0x0023
PRE_SHARED_KEY = 0x0029
SUPPORTED_VERSIONS = 0x002B
KEY_SHARE = 0x0033
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
_FATAL = b"\x02"
_CHANGE_CIPHER_SPEC = 20
_RECORD_TYPES = range(20, 24)
CLIENT_HELLO = 1
SERVER_HELLO = 2


class Ending(StrEnum):
    """
    Who ended a handshake that did not complete.
    """

    NONE = ""
    SERVER = "server"
    CLIENT = "client"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Hello:
    """
    What a ClientHello or ServerHello says.

    Attributes:
        version: Name of the protocol version: of a ServerHello the one chosen, of a ClientHello
            the newest offered.
        suites: Cipher suites by number; a ServerHello has one.
        compression: Compression method of a ServerHello; 0 is none.
        extensions: Numbers of its extensions.
        group: Number of the group that a ServerHello of TLS 1.3 chose; 0 if it names none.
        resumes: Whether a ClientHello asks to go on with an earlier session.
    """

    version: str
    suites: tuple[int, ...]
    compression: int
    extensions: tuple[int, ...]
    group: int = 0
    resumes: bool = False

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
        ending: Who ended it, if it did not complete: the server by an alert or by hanging up, our
            own library, or the clock.
        clear_text: What came where a TLS record should begin, as text; empty if one did.
        offered_session: Whether our ClientHello, read back from the octets sent, asked to go on
            with an earlier session.
        resumed: Whether the server went along with that, under TLS 1.2 or older.
    """

    completed: bool
    failure: str
    version: str
    cipher: str
    offered_ems: bool
    server_hello: Hello | None
    chain: tuple[str, ...]
    ending: Ending = Ending.NONE
    clear_text: str = ""
    offered_session: bool = False
    resumed: bool = False

    @property
    def ems(self) -> bool | None:
        """
        Whether Extended Master Secret binds the session; None under TLS 1.3, which needs none.
        """
        if self.version == "TLSv1.3" or self.server_hello is None:
            return None
        return self.server_hello.extended_master_secret

    def __str__(self) -> str:
        if not self.completed:
            return f"TLS handshake failed: {self.failure}"
        ems = {True: ", extended master secret", False: ", no extended master secret", None: ""}
        return f"TLS handshake: {self.version} {self.cipher}{ems[self.ems]}"


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


def is_resumed(sent: bytes, received: bytes) -> bool:
    """
    Whether the ServerHello in *received* goes on with the session that the ClientHello in *sent*
    asks for: then it repeats its session id (RFC 5246 §7.4.1.3, RFC 5077 §3.4).

    TLS 1.3 repeats it always; there this says nothing.
    """
    asked, answered = _session_id(sent, CLIENT_HELLO), _session_id(received, SERVER_HELLO)
    return bool(asked) and asked == answered


def _session_id(stream: bytes, kind: int) -> bytes:
    bodies = (body for number, body in handshake_messages(stream) if number == kind)
    body = next(bodies, b"")
    return body[35 : 35 + body[34]] if len(body) > 34 else b""


def parse_alert(stream: bytes) -> int | None:
    """
    The description of the first unencrypted fatal alert in one direction's octets (RFC 5246 §7.2).

    Warnings end nothing: a server that does not know the name we indicate may warn and go on.
    """
    position = 0
    while position + 5 <= len(stream):
        kind, _, length = struct.unpack_from("!BHH", stream, position)
        if kind == _ALERT and length == 2 and stream[position + 5 : position + 6] == _FATAL:
            return stream[position + 6] if position + 7 <= len(stream) else None
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
    group = int.from_bytes(extensions.get(KEY_SHARE, b"")[:2])
    return Hello(name, (suite,), compression, tuple(extensions), group)


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
    listed = extensions.get(SUPPORTED_VERSIONS, b"")[1:]
    pairs = zip(listed[::2], listed[1::2], strict=False)
    offered = ((high << 8) | low for high, low in pairs)
    version = max((each for each in offered if each in VERSION_NAMES), default=version)
    name = VERSION_NAMES.get(version, f"0x{version:04x}")
    # TLS 1.3 sends a session id that means nothing (RFC 8446 §4.1.2).
    named = bool(session_id) and SUPPORTED_VERSIONS not in extensions
    resumes = named or bool(extensions.get(SESSION_TICKET)) or PRE_SHARED_KEY in extensions
    return Hello(name, suites, 0, tuple(extensions), resumes=resumes)


def clear_text(stream: bytes) -> str:
    """
    The head of one direction's octets as text if it is no TLS record.
    """
    if not stream or stream[0] in _RECORD_TYPES:
        return ""
    return readable(stream[:200].lstrip().partition(b"\n")[0]) or "(blank lines)"


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
