"""
What is seen of everything that leaves through a connection.
"""

import base64

import pytest

from mailvet.model import Protocol
from mailvet.outlet import TLS, Outlet


class Notes:
    """
    Writes down what an outlet sees.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []

    def verb(self, name: str) -> None:
        """A command without its arguments."""
        self.seen.append(name)

    def credentials(self, user: str, password: str) -> None:
        """A login with its password."""
        self.seen.append(f"{user} with {password}")

    def message(self) -> None:
        """The command that a message follows."""
        self.seen.append("a message")


VERBS = frozenset({"EHLO", "QUIT", "RSET", "NOOP", "MAIL", "DATA", "AUTH", "LOGOUT", "SELECT"})


def seen(protocol: Protocol | None, *chunks: bytes) -> list[str]:
    """
    What is noted of *chunks* that are sent one after the other.
    """
    notes = Notes()
    outlet = Outlet(notes, protocol, VERBS)
    for chunk in chunks:
        outlet.passes(chunk)
    return notes.seen


def token(*words: str) -> bytes:
    """
    A SASL message.
    """
    return base64.b64encode("\0".join(words).encode())


@pytest.mark.parametrize(
    ("protocol", "chunks", "expected"),
    [
        (Protocol.SMTP, [b"ehlo x.invalid\r\nMAIL FROM:<>\r\n"], ["EHLO", "MAIL"]),
        (Protocol.SMTP, [b"EH", b"LO x\r\n", b"QUIT\r\n"], ["EH", "QUIT"]),
        (Protocol.SMTP, [b"\r\n"], ["(empty line)"]),
        (Protocol.IMAP, [b"m1 select INBOX\r\n", b"DONE\r\n"], ["SELECT", "DONE"]),
        (Protocol.IMAP, [b"m1 UID STORE 1 +FLAGS (x)\r\n"], ["UID STORE"]),
        (None, [b"GET / HTTP/1.0\r\n"], ["GET"]),
        (Protocol.IMAP, [b"\x16\x03\x01\x00\nx", b"\x80\x2e\x01"], [TLS, TLS]),
    ],
)
def test_commands_are_seen_without_their_arguments(
    protocol: Protocol | None, chunks: list[bytes], expected: list[str]
) -> None:
    """
    Pipelined, cut into pieces, tagged, or nonsense.
    """
    assert seen(protocol, *chunks) == expected


@pytest.mark.parametrize(
    ("protocol", "chunks"),
    [
        (Protocol.SMTP, [b"AUTH PLAIN " + token("", "al", "pw") + b"\r\n"]),
        (Protocol.SMTP, [b"AUTH PLAIN\r\n", token("", "al", "pw") + b"\r\n"]),
        (Protocol.SMTP, [b"AUTH LOGIN\r\n", token("al") + b"\r\n", token("pw") + b"\r\n"]),
        (Protocol.SMTP, [b"AUTH LOGIN " + token("al") + b"\r\n", token("pw") + b"\r\n"]),
        (Protocol.IMAP, [b"a LOGIN al pw\r\n"]),
        (Protocol.IMAP, [b'a LOGIN "al" "pw"\r\n']),
        (Protocol.IMAP, [b"a AUTHENTICATE PLAIN\r\n", token("", "al", "pw"), b"\r\n"]),
        (Protocol.POP3, [b"USER al\r\n", b"PASS pw\r\n"]),
        (Protocol.SIEVE, [b'AUTHENTICATE "PLAIN"\r\n', b'"' + token("", "al", "pw") + b'"\r\n']),
    ],
)
def test_every_way_to_send_a_password_is_seen(protocol: Protocol, chunks: list[bytes]) -> None:
    """
    User and password reach the judge, whatever the protocol wraps them in.
    """
    assert [each for each in seen(protocol, *chunks) if "with" in each] == ["al with pw"]


@pytest.mark.parametrize("end", [b"*\r\n", b"QUIT\r\n", b"MAIL FROM:<>\r\n"])
def test_an_exchange_that_is_broken_off_is_no_login(end: bytes) -> None:
    """
    The server refused the mechanism, or got no password.
    """
    assert not [each for each in seen(Protocol.SMTP, b"AUTH PLAIN\r\n", end) if "with" in each]


def test_a_server_that_asks_for_more_gets_no_second_login() -> None:
    """
    Libraries say the same again as long as they are asked.
    """
    answer = token("", "al", "pw") + b"\r\n"
    notes = seen(Protocol.SMTP, b"AUTH PLAIN\r\n", answer, answer, b"AUTH PLAIN\r\n", answer)
    assert notes == ["AUTH", "al with pw", "AUTH", "al with pw"]


def test_an_empty_password_is_a_login() -> None:
    """
    Servers count it.
    """
    assert seen(Protocol.SMTP, b"AUTH PLAIN " + token("", "al", "") + b"\r\n")[1:] == ["al with "]


def test_the_lines_of_a_message_are_no_commands() -> None:
    """
    Neither in one piece nor in many; what comes behind its end is one again.
    """
    text = b"Subject: x\r\n\r\nQUIT is a word\r\n.\r"
    notes = seen(Protocol.SMTP, b"DATA\r\n", text, b"\nNOOP\r\n")
    assert notes == ["DATA", "a message", "NOOP"]


def test_a_refused_message_is_followed_by_a_command() -> None:
    """
    Nothing is taken for its text then.
    """
    notes = seen(Protocol.SMTP, b"DATA\r\n", b"RSET\r\n", b"EVIL\r\n")
    assert notes == ["DATA", "a message", "RSET", "EVIL"]


def test_chunks_are_skipped_by_their_size() -> None:
    """
    BDAT says how long it is.
    """
    notes = seen(Protocol.SMTP, b"BDAT 6 LAST\r\nEHLO\r\nNOOP\r\n")
    assert notes == ["BDAT", "a message", "NOOP"]


def test_literals_are_no_commands() -> None:
    """
    Neither is the rest of the line behind them.
    """
    notes = seen(Protocol.IMAP, b"a APPEND INBOX {7}\r\n", b"b EVIL\n", b"\r\n", b"c LOGOUT\r\n")
    assert notes == ["APPEND", "a message", "LOGOUT"]


def test_a_refused_literal_is_followed_by_a_command() -> None:
    """
    It does not disappear in octets that were announced and never sent.
    """
    notes = seen(Protocol.IMAP, b"a APPEND INBOX {700}\r\n", b"b LOGOUT\r\n")
    assert notes == ["APPEND", "a message", "LOGOUT"]
