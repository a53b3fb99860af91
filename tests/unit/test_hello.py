"""
Hand-made ClientHellos and the reading of what comes back.
"""

import random
import struct

import pytest

from mailvet.facts.hello import ENTROPY, NUMBERS, read_flight, write_client_hello
from mailvet.facts.suites import SUITES, TLS13_SUITES, offers_with_dh, offers_without_dh
from mailvet.facts.tls import (
    CLIENT_HELLO,
    clear_text,
    first_hello,
    handshake_messages,
    parse_alert,
    parse_client_hello,
    parse_server_hello,
)

NAME = b"mail1.example.com"
ENTROPY_OCTETS = bytes(range(ENTROPY))


def hello(version: str, suites: tuple[int, ...] = (0x002F, 0xC02F)) -> bytes:
    """
    A ClientHello with fixed entropy.
    """
    return write_client_hello(version, suites, server_name=NAME, entropy=ENTROPY_OCTETS)


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """
    A TLS record.
    """
    return struct.pack("!BHH", kind, version, len(body)) + body


def server_hello(version: int, suite: int, extensions: bytes = b"") -> bytes:
    """
    The handshake message ServerHello.
    """
    body = struct.pack("!H32sBHB", version, bytes(32), 0, suite, 0)
    body += struct.pack("!H", len(extensions)) + extensions
    return b"\x02" + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("version", NUMBERS)
def test_what_is_written_is_read_back(version: str) -> None:
    """
    Version and suites of a hello come out of its octets as they went in.
    """
    suites = TLS13_SUITES if version == "TLSv1.3" else offers_without_dh()
    found = first_hello(hello(version, suites), CLIENT_HELLO)
    assert found is not None
    assert found.version == version
    assert found.suites[: len(suites)] == suites
    assert found.extended_master_secret == (version != "SSLv3")


@pytest.mark.parametrize("version", NUMBERS)
def test_length_fields_fit(version: str) -> None:
    """
    Record and message end exactly where the octets end.
    """
    octets = hello(version)
    assert octets[0] == 22
    assert int.from_bytes(octets[3:5]) == len(octets) - 5
    assert int.from_bytes(octets[6:9]) == len(octets) - 9


def test_sslv3_has_no_extensions() -> None:
    """
    SSLv3 knows no extensions, so safe renegotiation is indicated by a suite.
    """
    found = first_hello(hello("SSLv3"), CLIENT_HELLO)
    assert found is not None
    assert found.extensions == ()
    assert found.suites[-1] == 0x00FF


def test_the_name_is_indicated() -> None:
    """
    Server Name Indication carries the name; without one the extension is missing.
    """
    assert NAME in hello("TLSv1.2")
    bare = write_client_hello("TLSv1.2", (0x2F,), server_name=b"", entropy=ENTROPY_OCTETS)
    found = first_hello(bare, CLIENT_HELLO)
    assert found is not None
    assert 0 not in found.extensions


def test_old_hello_offers_nothing_newer() -> None:
    """
    A hello for TLS 1.1 says 1.1 in its body and has no list of versions.
    """
    octets = hello("TLSv1.1")
    assert octets[9:11] == b"\x03\x02"
    found = first_hello(octets, CLIENT_HELLO)
    assert found is not None
    assert 43 not in found.extensions


def test_flight_without_hello_done_is_not_done() -> None:
    """
    A ServerHello alone does not show that the server goes along with the offer.
    """
    flight = read_flight(record(22, server_hello(0x0303, 0xC02F)))
    assert flight.hello is not None
    assert not flight.done
    finished = read_flight(record(22, server_hello(0x0303, 0xC02F) + b"\x0e\x00\x00\x00"))
    assert finished.done


def test_tls13_flight_is_done_with_its_hello() -> None:
    """
    What follows a TLS 1.3 ServerHello is encrypted.
    """
    extension = struct.pack("!HHH", 43, 2, 0x0304)
    flight = read_flight(record(22, server_hello(0x0303, 0x1301, extension)))
    assert flight.hello is not None
    assert flight.hello.version == "TLSv1.3"
    assert flight.done


def test_size_of_the_prime_is_read() -> None:
    """
    ServerKeyExchange of a DHE suite begins with the prime.
    """
    prime = (1 << 1023 | 1).to_bytes(128, "big")
    exchange = struct.pack("!H", len(prime)) + prime
    message = b"\x0c" + len(exchange).to_bytes(3, "big") + exchange
    suite = next(each for each in offers_with_dh() if not SUITES[each].anonymous)
    assert read_flight(record(22, server_hello(0x0303, suite) + message)).dh_bits == 1024
    assert read_flight(record(22, server_hello(0x0303, 0xC02F) + message)).dh_bits == 0


def test_certificate_request_is_seen() -> None:
    """
    A CertificateRequest in the flight is reported.
    """
    message = b"\x0d\x00\x00\x00"
    assert read_flight(record(22, server_hello(0x0303, 0xC02F) + message)).asks_certificate


def test_warnings_are_no_refusals() -> None:
    """
    A warning that the name is not known ends nothing; a fatal alert does.
    """
    warning, fatal = record(21, b"\x01\x70"), record(21, b"\x02\x28")
    assert parse_alert(warning) is None
    assert parse_alert(warning + fatal) == 40


def test_a_flight_in_small_records_is_put_together() -> None:
    """
    Messages may be cut anywhere, also inside their header.
    """
    message = server_hello(0x0303, 0xC02F)
    stream = b"".join(record(22, message[place : place + 3]) for place in range(0, len(message), 3))
    assert [kind for kind, _ in handshake_messages(stream)] == [2]


def test_clear_text_is_told_from_records() -> None:
    """
    A line of SMTP in the place of a record is shown, a record is not.
    """
    assert clear_text(b"554 5.7.0 go away\r\n") == "554 5.7.0 go away"
    assert clear_text(b"\r\n\r\n") == "(blank lines)"
    assert clear_text(record(21, b"\x02\x28")) == ""


@pytest.mark.parametrize("seed", range(40))
def test_hostile_octets_never_raise(seed: int) -> None:
    """
    Cut, changed and invented octets are read without an exception.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    good = record(22, server_hello(0x0303, 0xC02F) + b"\x0e\x00\x00\x00")
    for base in (good, hello("TLSv1.3"), bytes(chance.randbytes(200))):
        octets = bytearray(base[: chance.randrange(len(base) + 1)])
        for _ in range(chance.randrange(8)):
            if octets:
                octets[chance.randrange(len(octets))] = chance.randrange(256)
        stream = bytes(octets)
        read_flight(stream)
        parse_alert(stream)
        clear_text(stream)
        parse_server_hello(stream)
        parse_client_hello(stream)
        first_hello(stream, CLIENT_HELLO)


@pytest.mark.parametrize(
    ("version", "methods"),
    [("TLSv1", b"\x02\x01\x00"), ("TLSv1.2", b"\x02\x01\x00"), ("TLSv1.3", b"\x01\x00")],
)
def test_compression_is_offered_where_there_is_any(version: str, methods: bytes) -> None:
    """
    A server that was never offered it could not be seen to have it (RFC 3749, RFC 8446 §4.1.2).
    """
    octets = hello(version, (0x002F,))
    assert b"\x00\x02\x00\x2f" + methods in octets
