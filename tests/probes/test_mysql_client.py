"""
The client of the database against servers that want more than they should.
"""

import asyncio
import base64
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFacts, BackendFile, parse_option_files
from mailvet.facts.backend_tls import BackendServer, BackendTls, BackendTlsFacts
from mailvet.facts.certificate import Doubt
from mailvet.facts.database import DatabaseAnswers
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.tls import Handshake
from mailvet.model import Cause, Shell
from mailvet.probes import database, database_account
from mailvet.probes.database import probe_database, probe_database_tls
from mailvet.probes.mysql_client import (
    NoAnswerError,
    RefusedError,
    Session,
    UnknownLoginError,
    verifying,
)
from mailvet.secret import Secret
from tests.fakes.context import make_context, make_target

PASSWORD = "hunter2-hunter2"
OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
FILE = "/etc/dovecot/dovecot-sql.conf.ext"

Answer = Callable[["Peer", bytes], None]


def greeting(plugin: bytes = b"mysql_native_password") -> bytes:
    """What a server without TLS says first."""
    return (
        b"\x0a10.11.6-MariaDB\0" + struct.pack("<I", 1) + b"saltsalt\0"
        + struct.pack("<HBHH", 0xF7FE & ~0x0800, 45, 2, 0x81FF) + b"\x15" + b"\0" * 10
        + b"saltsaltsalt\0" + plugin + b"\0"
    )  # fmt: skip


class Peer:
    """
    A server that reads packets and answers them as it is told.

    Attributes:
        received: All that it was sent.
    """

    def __init__(self, connection: socket.socket, first: bytes, answers: list[Answer]) -> None:
        self.received = bytearray()
        self._connection = connection
        self._first = first
        self._answers = answers
        self._number = 0

    def run(self) -> None:
        """Greets, and answers packet after packet."""
        with self._connection:
            try:
                self.send(self._first)
                for answer in self._answers:
                    header = self._read(4)
                    self._number = header[3] + 1
                    answer(self, self._read(int.from_bytes(header[:3], "little")))
            except OSError:
                pass

    def send(self, body: bytes) -> None:
        """One packet."""
        header = struct.pack("<I", len(body))[:3] + bytes((self._number & 0xFF,))
        self._connection.sendall(header + body)
        self._number += 1

    def raw(self, octets: bytes) -> None:
        """Anything."""
        self._connection.sendall(octets)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._connection.recv(count - len(data))
            if not more:
                raise OSError
            data += more
        self.received += data
        return data


@contextmanager
def serving(*answers: Answer, first: bytes | None = None) -> Iterator[tuple[socket.socket, Peer]]:
    """A server behind a socket."""
    near, far = socket.socketpair()
    peer = Peer(far, greeting() if first is None else first, list(answers))
    thread = threading.Thread(target=peer.run, daemon=True)
    thread.start()
    with near:
        yield near, peer
    thread.join(5)


def lets_in(peer: Peer, _: bytes) -> None:
    """Whatever was sent is right."""
    peer.send(OK)


def switches_to(plugin: bytes) -> Answer:
    """Asks for another kind of login."""
    return lambda peer, _: peer.send(b"\xfe" + plugin + b"\0" + b"saltsaltsaltsaltsalt\0")


def fails(number: int, words: str) -> Answer:
    """An error."""
    body = b"\xff" + struct.pack("<H", number) + b"#42000" + words.encode()
    return lambda peer, _: peer.send(body)


def log_in(connected: socket.socket, asked: list[str] | None = None) -> Session:
    """A session without TLS."""
    session = Session((asked if asked is not None else []).append)
    session.log_in(
        connected,
        name="localhost",
        user="dovecot",
        password=Secret(PASSWORD),
        database="mail",
        tls=None,
        timeout=2.0,
    )
    return session


@pytest.mark.parametrize(
    "plugin",
    [
        b"mysql_clear_password",
        b"dialog",
        b"mysql_old_password",
        b"sha256_password",
        b"client_ed25519",
        b"unheard_of",
    ],
)
def test_the_password_is_not_shown_to_whoever_asks_for_it(plugin: bytes) -> None:
    """Nor in a form that is as good."""
    with serving(switches_to(plugin), lets_in) as (connected, peer):
        with pytest.raises(UnknownLoginError):
            log_in(connected)
        # The one answer is scrambled, as MariaDB wants it by default.
        assert PASSWORD.encode() not in peer.received


def test_what_is_asked_is_told_first() -> None:
    """Where the asker refuses, nothing leaves."""

    def refuse(name: str) -> None:
        if name == "DELETE":
            raise ProbeError(Cause.TOOL, "not planned")

    asked: list[str] = []
    with serving(lets_in, lets_in) as (connected, peer):
        session = log_in(connected, asked)
        assert asked == ["LOGIN", "SET NAMES"]
        session._asks = refuse
        with pytest.raises(ProbeError):
            session.ask("DELETE FROM users")
        assert b"DELETE" not in peer.received


def test_a_refused_login_is_an_answer() -> None:
    """With the server's number and words."""
    with (
        serving(fails(1045, "Access denied for user 'dovecot'")) as (connected, _),
        pytest.raises(RefusedError) as caught,
    ):
        log_in(connected)
    assert caught.value.refusal.denied


def test_no_file_is_sent_to_the_server() -> None:
    """LOAD DATA LOCAL is for the server to ask, and for the client to refuse."""

    def wants_file(peer: Peer, _: bytes) -> None:
        peer.send(b"\xfb/etc/passwd")

    with serving(lets_in, lets_in, wants_file, lets_in) as (connected, peer):
        session = log_in(connected)
        with pytest.raises(NoAnswerError):
            session.ask("SELECT 1")
        assert b"root:" not in peer.received


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"\x0a",
        b"\x0a" + b"v" * 100,
        b"\xff\x10\x04Too many connections",
        b"\x0aversion\0" + b"\xff" * 60,
        greeting(b"\xff\xfe"),
    ],
)
def test_what_is_no_mysql_ends_in_words(first: bytes) -> None:
    """Whatever it makes the library raise."""
    with (
        serving(lambda peer, _: peer.raw(b"\xff" * 9), first=first) as (connected, _),
        pytest.raises((NoAnswerError, RefusedError)),
    ):
        log_in(connected)


def test_without_an_authority_nobody_is_verified() -> None:
    """Python would say so with a traceback."""
    with pytest.raises(NoAnswerError, match="no certificate"):
        verifying("", name=True)


SERVER = BackendServer("db1.example.com", 3306, "/etc/pki/ca.crt")
SHAKEN = Handshake(True, "", "TLSv1.3", "AES", True, None, ())


def settings(connect: str, **changes: str) -> BackendFacts:
    """One file with settings."""
    rows = {"driver": "mysql", "connect": connect} | changes
    stat = FileStat(FILE, FILE, "file", 0o600, "root", "root")
    return BackendFacts("sql", (BackendFile(FILE, stat, tuple(rows.items()), False),), (), ())


def with_options(text: str) -> BackendFacts:
    """Settings that leave some to a file of the client library."""
    output = CommandOutput("script", 0, f"@@file 0\n{text}", "")
    return parse_option_files(settings(f"{CONNECT} option_file=/etc/mail.cnf"), output, ())


CONNECT = f"host={SERVER.name} user=dovecot password=*** dbname=mail ssl_ca={SERVER.authorities}"


def context_of(facts: BackendFacts, tls: BackendTls) -> ProbeContext:
    """A context that knows these."""

    async def recall(name: str, _: object) -> object:
        return facts if name == "backend_settings" else BackendTlsFacts((tls,))

    return make_context(1, target=make_target(shell=Shell("ssh://root@mail1")), recall=recall)


@pytest.mark.parametrize(
    ("tls", "cause", "words"),
    [
        (BackendTls(SERVER, refusal="the server offers no TLS"), Cause.BLOCKED, "no TLS"),
        (BackendTls(SERVER, SHAKEN, trusted=False, trust_detail="(x)"), Cause.BLOCKED, "verified"),
        (BackendTls(SERVER, SHAKEN, trusted=True), Cause.BLOCKED, "not for db1"),
        (BackendTls(SERVER, doubt=Doubt(Cause.TIMEOUT, "silent")), Cause.TIMEOUT, "silent"),
    ],
)
def test_nobody_logs_in_where_the_server_is_not_verified(
    monkeypatch: pytest.MonkeyPatch, tls: BackendTls, cause: Cause, words: str
) -> None:
    """Whoever answers there would learn enough to guess the password."""

    async def run(*_: object, **__: object) -> CommandOutput:
        return CommandOutput("script", 0, "@@schemes\nSHA512-CRYPT\n@@settings 0\n\n", "")

    def connect(*_: object) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(database_account, "run", run)
    monkeypatch.setattr(database, "backend_socket", connect)
    monkeypatch.setattr("mailvet.probes.backend_tls.run", run)
    found = asyncio.run(probe_database(context_of(settings(CONNECT), tls)))
    (answers,) = found.answers
    assert answers.doubt is not None
    assert answers.doubt.cause is cause
    assert words in answers.doubt.detail


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (settings("option_file=/etc/mail.cnf"), "mail.cnf, which is not read"),
        (settings("user=dovecot"), "no database server"),
        (settings(f"{CONNECT} option_file=/etc/mail.cnf"), "mail.cnf, which is not read"),
        (with_options("!includedir /etc/my.cnf.d\n"), "files that /etc/mail.cnf includes"),
        (settings(CONNECT, driver="pgsql"), "pgsql"),
        (settings(" ".join(f"host=db{n}" for n in range(9))), "over 6"),
    ],
)
def test_settings_that_are_not_understood_are_a_limit_of_ours(
    facts: BackendFacts, words: str
) -> None:
    """Nobody is connected to then."""
    with pytest.raises(ProbeError, match=words) as caught:
        asyncio.run(probe_database_tls(context_of(facts, BackendTls(SERVER))))
    assert caught.value.cause is Cause.CLIENT_LIMIT


def test_no_handshake_is_tried_on_the_target_itself() -> None:
    """Nothing crosses a network there."""
    found = asyncio.run(
        probe_database_tls(
            context_of(settings("host=127.0.0.1 host=/run/db.sock"), BackendTls(SERVER))
        )
    )
    assert [each.server.port for each in found.servers] == [3306, 0]
    assert not [each for each in found.servers if each.handshake]


HERE = BackendServer("127.0.0.1", 3306)


def interviewed(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> DatabaseAnswers:
    """What comes of a database on the target itself that gives these *answers*."""
    connect = f"connect = host=127.0.0.1 user=dovecot password={PASSWORD} dbname=mail\n"
    encoded = base64.b64encode(connect.encode()).decode()

    async def run(*_: object, **__: object) -> CommandOutput:
        printed = f"@@schemes\nSHA512-CRYPT\n@@settings 0\n{encoded}\n"
        return CommandOutput("script", 0, printed, "")

    monkeypatch.setattr(database_account, "run", run)
    facts = settings(
        "host=127.0.0.1 user=dovecot password=*** dbname=mail",
        password_query="SELECT username AS user, password FROM users WHERE username='%u'",
    )
    with serving(*answers) as (connected, _):

        @asynccontextmanager
        async def backend_socket(*_: object) -> AsyncIterator[socket.socket]:
            yield connected

        monkeypatch.setattr(database, "backend_socket", backend_socket)
        found = asyncio.run(probe_database(context_of(facts, BackendTls(HERE))))
    assert PASSWORD not in repr(found)
    assert encoded not in repr(found)
    (answers_found,) = found.answers
    return answers_found


def test_a_password_that_is_wrong_is_what_the_database_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the password is in no fact."""
    found = interviewed(monkeypatch, fails(1045, "Access denied for user 'dovecot'"))
    assert (found.account, found.doubt) == ("", None)
    assert found.refusal is not None
    assert found.refusal.denied


def test_a_database_that_tells_nothing_leaves_everything_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only that the table cannot be read is known."""
    denied = fails(1142, "SELECT command denied")
    found = interviewed(monkeypatch, lets_in, lets_in, *[denied] * 7)
    assert (found.requires, found.secure_transport, found.grants) == ("", None, None)
    assert found.refusal is not None
    assert found.rows is None


def test_a_login_that_would_show_the_password_is_a_limit_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says nothing about the database."""
    found = interviewed(monkeypatch, switches_to(b"mysql_clear_password"), lets_in)
    assert found.doubt is not None
    assert found.doubt.cause is Cause.CLIENT_LIMIT


def test_a_certificate_of_dovecots_own_is_a_limit_of_ours() -> None:
    """Without it the database would refuse the login, and be right."""
    file = settings(f"{CONNECT} ssl_cert=/etc/pki/dovecot.crt").files[0]
    with pytest.raises(ProbeError) as caught:
        database._secured(file, BackendTls(SERVER, SHAKEN), "")
    assert caught.value.cause is Cause.CLIENT_LIMIT
