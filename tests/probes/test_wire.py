"""
The wire against peers that are slow, rude, or gone, in clear text and inside TLS.
"""

import asyncio
import ssl
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest
from OpenSSL import SSL

from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.tls import Ending, Handshake
from mailvet.model import Cause, Protocol, Security, Shell
from mailvet.probes import handshake as handshake_module
from mailvet.probes.wire import TlsOffer, Wire, dial
from tests.fakes.certificates import server_tls
from tests.fakes.context import make_context
from tests.fakes.old_tls import GREETING, old_tls_server, settings
from tests.fakes.stubs import Visit, serving

IMAPS = (("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),)
TIMEOUT = 0.5
NAME = "mail1.example.com"

Play = Callable[[Visit], Awaitable[None]]
Use = Callable[[Wire], Awaitable[object]]


def use_port(port: int, use: Use, *, timeout: float = TIMEOUT) -> object:
    """
    Connects to *port*, does *use* with the wire, and returns what that returns.
    """

    async def run() -> object:
        context = make_context(port, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=timeout)
        async with asyncio.timeout(10), dial(context) as wire:
            return await use(wire)

    return asyncio.run(run())


def talk(play: Play, use: Use, *, timeout: float = TIMEOUT) -> object:
    """
    The same with a server that does *play*.
    """
    with serving(play, IMAPS) as host:
        return use_port(host.endpoints["imaps"].port, use, timeout=timeout)


async def shake(wire: Wire, offer: TlsOffer | None = None) -> Handshake:
    """
    Starts TLS.
    """
    return await wire.start_tls(offer or TlsOffer(), NAME)


async def read_line(wire: Wire) -> bytes:
    """
    Reads one line.
    """
    return await wire.line()


async def secured_line(wire: Wire) -> bytes:
    """
    Starts TLS and reads one line inside.
    """
    assert (await shake(wire)).completed
    return await wire.line()


def test_octets_one_at_a_time() -> None:
    """
    A line that comes octet by octet is put together.
    """

    async def dribble(visit: Visit) -> None:
        for octet in b"* OK slow\r\n":
            await visit.send(bytes((octet,)))
            await asyncio.sleep(0.001)
        await visit.ignore()

    assert talk(dribble, read_line, timeout=3) == b"* OK slow\r\n"


def test_endless_dribble_ends_at_the_deadline() -> None:
    """
    A peer that sends an octet now and then, and never a line end, does not hold a probe for ever.
    """

    async def dribble(visit: Visit) -> None:
        while True:
            await visit.send(b"x")
            await asyncio.sleep(0.05)

    with pytest.raises(ProbeError) as caught:
        talk(dribble, read_line)
    assert caught.value.cause is Cause.TIMEOUT
    assert "octets of a line" in caught.value.detail


def test_line_without_end_is_cut_off() -> None:
    """
    A line of megabytes is refused before it fills the memory.
    """

    async def flood(visit: Visit) -> None:
        while True:
            await visit.send(b"x" * 65536)

    tracemalloc.start()
    with pytest.raises(ProbeError) as caught:
        talk(flood, read_line, timeout=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.cause is Cause.BLOCKED
    assert peak < 8 * 1024 * 1024


def test_closing_is_told_from_silence() -> None:
    """
    Who hangs up raises another error than who says nothing.
    """

    async def leave(visit: Visit) -> None:
        await visit.send("* BYE")

    async def wait(visit: Visit) -> None:
        await visit.ignore()

    with pytest.raises(PeerClosedError):
        talk(leave, read_line)
    with pytest.raises(ProbeError) as caught:
        talk(wait, read_line)
    assert caught.value.cause is Cause.TIMEOUT


def test_reset_is_a_closed_connection() -> None:
    """
    A TCP reset while reading is no crash.
    """

    async def reset(visit: Visit) -> None:
        await visit.receive()
        visit.reset()

    async def say_and_listen(wire: Wire) -> bytes:
        await wire.send(b"hello\r\n")
        return await wire.line()

    with pytest.raises(PeerClosedError):
        talk(reset, say_and_listen)


@pytest.mark.parametrize("maximum", ["TLSv1.2", "TLSv1.3"])
def test_words_that_come_with_the_finished_are_not_lost(maximum: str) -> None:
    """
    A greeting in the same segment as the end of the handshake is read without waiting for more.
    """
    tls = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = server_tls().wrap_bio(*tls, server_side=True)

    async def answer_at_once(visit: Visit) -> None:
        while True:
            tls[0].write(await visit.receive())
            try:
                inside.do_handshake()
            except ssl.SSLWantReadError:
                await visit.send(tls[1].read())
                continue
            inside.write(b"* OK ready\r\n")
            await visit.send(tls[1].read())
            await visit.ignore()

    async def use(wire: Wire) -> bytes:
        assert (await shake(wire, TlsOffer(maximum=maximum))).version == maximum
        return await wire.line()

    assert talk(answer_at_once, use) == b"* OK ready\r\n"


def test_tickets_of_tls13_are_no_data() -> None:
    """
    Session tickets behind the handshake are swallowed, and lines go on coming.
    """

    async def serve(visit: Visit) -> None:
        await visit.start_tls(keep_pending=True)
        await visit.send("* OK ready\r\n")
        await visit.send(f"echo {await visit.line()}\r\n")
        await visit.ignore()

    async def use(wire: Wire) -> bytes:
        await secured_line(wire)
        await wire.send(b"hello\r\n")
        return await wire.line()

    assert talk(serve, use) == b"echo hello\r\n"


def test_close_notify_ends_the_session() -> None:
    """
    After the server has ended TLS, nothing is waited for.
    """

    async def use(wire: Wire) -> bytes:
        assert await secured_line(wire) == GREETING
        return await wire.line()

    with old_tls_server(settings()) as port, pytest.raises(PeerClosedError) as caught:
        use_port(port, use, timeout=5)
    assert "ended TLS" in caught.value.detail


def test_clear_text_in_place_of_tls_is_shown() -> None:
    """
    The failure of the handshake names the line that came instead.
    """

    async def greet(visit: Visit) -> None:
        await visit.send("220 mail1.example.com ESMTP\r\n")
        await visit.ignore()

    outcome = talk(greet, shake)
    assert isinstance(outcome, Handshake)
    assert not outcome.completed
    assert outcome.clear_text == "220 mail1.example.com ESMTP"


def test_clear_text_behind_a_reply_stays_visible() -> None:
    """
    What comes together with the reply to STARTTLS is pending, not swallowed.
    """

    async def inject(visit: Visit) -> None:
        await visit.send(b"220 go ahead\r\n250 injected\r\n")
        await visit.ignore()

    async def use(wire: Wire) -> bytes:
        await wire.line()
        return wire.pending

    assert talk(inject, use) == b"250 injected\r\n"


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (b"", Ending.SERVER),
        (b"\x15\x03\x03\x00\x02\x02\x28", Ending.SERVER),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", Ending.CLIENT),
    ],
)
def test_who_ended_the_handshake(answer: bytes, ending: Ending) -> None:
    """
    Hanging up and alerts are the server's doing; nonsense is what our own library gives up on.
    """

    async def reply(visit: Visit) -> None:
        await visit.receive()
        await visit.send(answer)

    outcome = talk(reply, shake)
    assert isinstance(outcome, Handshake)
    assert not outcome.completed
    assert outcome.ending is ending


def test_silence_in_the_handshake_is_a_fact() -> None:
    """
    A server that does not answer a ClientHello ends the handshake by the clock.
    """

    async def ignore(visit: Visit) -> None:
        await visit.ignore()

    outcome = talk(ignore, shake)
    assert isinstance(outcome, Handshake)
    assert outcome.ending is Ending.TIME


def test_handshake_of_megabytes_is_given_up() -> None:
    """
    An endless handshake record stream ends before the memory does.
    """

    async def flood(visit: Visit) -> None:
        await visit.receive()
        while True:
            await visit.send(b"\x16\x03\x03\x40\x00" + b"\x0b\xff\xff\xff" + bytes(0x3FFC))

    outcome = talk(flood, shake, timeout=5)
    assert isinstance(outcome, Handshake)
    assert not outcome.completed


def test_what_our_openssl_cannot_offer_is_our_limit() -> None:
    """
    An offer that our library refuses to make is never the server's refusal.
    """

    async def wait(visit: Visit) -> None:
        await visit.ignore()

    async def impossible(wire: Wire) -> Handshake:
        return await shake(wire, TlsOffer("TLSv1", "TLSv1.1", "ECDHE+AESGCM:@SECLEVEL=2"))

    with pytest.raises(ProbeError) as caught:
        talk(wait, impossible)
    assert caught.value.cause is Cause.CLIENT_LIMIT


def test_missing_names_of_the_library_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A pyOpenSSL without something that the wire needs is named at start, not in mid-probe.
    """
    assert handshake_module.missing_names() == ()
    monkeypatch.delattr(SSL.Connection, "bio_read")
    assert handshake_module.missing_names() == ("Connection.bio_read",)


def test_a_name_that_is_none_is_an_error_of_ours() -> None:
    """
    A host name with an impossible label ends in words, not in a traceback.
    """
    with pytest.raises(ProbeError) as caught:
        handshake_module.server_name_octets("a" * 70 + ".example.com")
    assert caught.value.cause is Cause.TOOL
    assert handshake_module.server_name_octets("192.0.2.1") == b""


def through(connection: str = "ssh://root@vantage.example.net") -> object:
    """
    What comes of reading a line through a vantage.
    """

    async def run() -> object:
        context = make_context(25, timeout=5)
        async with asyncio.timeout(10), dial(context, through=Shell(connection)) as wire:
            return await wire.line()

    return asyncio.run(run())


def test_a_vantage_is_a_byte_pipe(fake_ssh: Callable[[str], None]) -> None:
    """
    What ssh passes on is read like what comes directly.
    """
    fake_ssh("echo '220 mail1.example.com'; cat")
    assert through() == b"220 mail1.example.com\n"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("channel 0: open failed: connect failed: Connection refused", Cause.UNREACHABLE),
        ("channel 0: open failed: connect failed: Connection timed out", Cause.TIMEOUT),
        ("channel 0: open failed: administratively prohibited: open failed", Cause.VANTAGE),
        ("root@vantage: Permission denied (publickey).", Cause.VANTAGE),
    ],
)
def test_trouble_of_the_pipe_is_not_the_server(
    fake_ssh: Callable[[str], None], words: str, cause: Cause
) -> None:
    """
    A closed port, a vantage that forwards nothing, and one that lets nobody in are told apart.
    """
    fake_ssh(f"echo '{words}' >&2; exit 255")
    with pytest.raises(ProbeError) as caught:
        through()
    assert caught.value.cause is cause
    assert not isinstance(caught.value, PeerClosedError)


def test_a_shared_connection_is_asked_again(fake_ssh: Callable[[str], None]) -> None:
    """
    A shared ssh connection does not say why it could not connect, so one of its own does.
    """
    fake_ssh(
        'case "$*" in *ControlPath=none*) '
        "echo 'channel 0: open failed: connect failed: No route to host' >&2;; "
        "*) echo 'Stdio forwarding request failed: Session open refused by peer' >&2;; esac; "
        "exit 255"
    )
    with pytest.raises(ProbeError) as caught:
        through()
    assert caught.value.cause is Cause.UNREACHABLE
    assert "No route to host" in caught.value.detail


def test_a_server_that_hangs_up_behind_a_vantage(fake_ssh: Callable[[str], None]) -> None:
    """
    When ssh itself is content, it was the server.
    """
    fake_ssh("exit 0")
    with pytest.raises(PeerClosedError):
        through()


def test_a_vantage_is_reached_by_ssh_only() -> None:
    """
    Another way to run commands there forwards no connections.
    """
    with pytest.raises(ProbeError) as caught:
        through("podman://vantage")
    assert caught.value.cause is Cause.VANTAGE
