"""
The programs that talk to sockets on the host, run on this one.
"""

import asyncio
import dataclasses
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailvet.facts.socket_talk import SocketTalk
from mailvet.model import Shell
from mailvet.probes import socket_talk
from mailvet.probes.socket_talk import SocketTalks
from tests.fakes.context import make_context, make_target

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changing the account takes root")


@pytest.fixture(name="served")
def make_served(tmp_path: Path) -> Iterator[Path]:
    """
    A socket for root alone, behind which everything but the unknown command is accepted.
    """
    path = tmp_path / "lmtp"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen()

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb", buffering=0) as lines:
                lines.write(b"220 stub ready\r\n")
                for line in lines:
                    if line.startswith(b"LHLO"):
                        lines.write(b"250-stub\r\n250 PIPELINING\r\n")
                    elif line.startswith(b"QUIT"):
                        lines.write(b"221 bye\r\n")
                        break
                    else:
                        lines.write(b"500 what?\xff\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture(name="language", params=["python", "perl"])
def choose_language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """
    The interpreter that the host has.
    """
    if request.param == "perl":
        without = socket_talk._TALK.replace("command -v python3", "false").replace(
            "command -v /usr/libexec/platform-python", "false"
        )
        monkeypatch.setattr(socket_talk, "_TALK", without)
    return str(request.param)


def hold(account: str, path: Path | str, *commands: str, until: str = "") -> SocketTalk:
    """
    One conversation on this host.
    """
    target = dataclasses.replace(make_target(), shell=Shell("local://"))
    talks = SocketTalks(until=until)
    talks.add(account, str(path), *commands)
    heard, _ = asyncio.run(talks.hold(make_context(1, target=target)))
    return heard[0]


def test_a_conversation_comes_back_reply_by_reply(language: str, served: Path) -> None:
    """
    Octets that are no text do no harm.
    """
    talk = hold("root", served, "LHLO probe.invalid", "NONSENSE", "QUIT")

    assert talk.greeted
    assert str(talk.reply("NONSENSE")) == "500 what??"
    assert str(talk.reply("QUIT")) == "221 bye"


def test_another_account_is_denied(language: str, served: Path) -> None:
    """
    The program gives root's rights up before it connects.
    """
    talk = hold("nobody", served, "QUIT")

    assert not talk.opened
    assert talk.denied


def test_a_socket_that_nobody_serves_is_no_denial(language: str, tmp_path: Path) -> None:
    """
    A missing file has another reason.
    """
    talk = hold("root", tmp_path / "missing", "QUIT")

    assert not talk.opened
    assert not talk.denied
    assert "no such file" in talk.failure


def test_an_account_that_does_not_exist_tells_nothing(language: str, served: Path) -> None:
    """
    It is neither let in nor refused.
    """
    assert hold("no-such-account", served, "QUIT").untold


@pytest.fixture(name="asked", params=[socket.AF_UNIX, socket.AF_INET], ids=["unix", "tcp"])
def make_asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """
    An authentication service that speaks up once it has heard both lines of its client.
    """
    listener = socket.socket(request.param)
    tcp = request.param == socket.AF_INET
    listener.bind(("127.0.0.1", 0) if tcp else str(tmp_path / "auth"))
    listener.listen()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rwb", buffering=0) as lines:
            heard = lines.readline() + lines.readline()
            if heard == b"VERSION\t1\t1\nCPID\t7\n":
                lines.write(b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nCOOKIE\tsecret\nDONE\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"inet:127.0.0.1:{listener.getsockname()[1]}" if tcp else str(tmp_path / "auth")
    listener.close()
    thread.join()


def test_a_service_that_speaks_up_to_a_last_line(language: str, asked: str) -> None:
    """
    Over a socket or TCP, tabs become blanks, and the cookie stays on the host.
    """
    talk = hold("root", asked, "VERSION\t1\t1", "CPID\t7", until="DONE")

    assert talk.lines == ("VERSION 1 2", "MECH PLAIN plaintext", "DONE")
    assert not talk.failure


def test_a_tcp_port_that_nobody_serves_is_told(language: str) -> None:
    """
    As for a socket.
    """
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    talk = hold("root", f"inet:127.0.0.1:{port}", "VERSION\t1\t1", until="DONE")

    assert not talk.opened
    assert "refused" in talk.failure
