"""
Servers on the loopback interface that behave as they are told, in a thread with its own event loop.
"""

import asyncio
import base64
import contextlib
import re
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from mailvet.model import Endpoint, Protocol, Security
from tests.fakes.certificates import server_tls
from tests.fakes.grammar import GRAMMARS, LITERAL, Command, Grammar

SERVICES = (
    ("smtp", Protocol.SMTP, Security.STARTTLS),
    ("submission", Protocol.SUBMISSION, Security.STARTTLS),
    ("submissions", Protocol.SUBMISSION, Security.IMPLICIT_TLS),
    ("imap", Protocol.IMAP, Security.STARTTLS),
    ("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),
    ("pop3", Protocol.POP3, Security.STARTTLS),
    ("pop3s", Protocol.POP3, Security.IMPLICIT_TLS),
    ("sieve", Protocol.SIEVE, Security.STARTTLS),
)
"""Every service that is probed: name, protocol, and how TLS starts."""

LONGEST_LINE = 1 << 17
"""Octets of a line, about; who sends more is hung up on."""

MAX_RECORDED = 1_000_000
"""Octets that are kept of one connection."""


@dataclass(slots=True)
class Received:
    """
    What one connection brought.

    Attributes:
        endpoint: The service that was connected to.
        clear: Octets that came in clear text.
        secured: Octets that came inside TLS.
        handshake: Whether a TLS handshake was completed.
    """

    endpoint: Endpoint
    clear: bytearray = field(default_factory=bytearray)
    secured: bytearray = field(default_factory=bytearray)
    handshake: bool = False

    def betrays(self, password: str) -> bool:
        """
        Whether *password* crossed the network in clear text, as it is or in base64.
        """
        return _contains(bytes(self.clear), password)

    def hides(self, password: str) -> bool:
        """
        Whether *password* came inside TLS.
        """
        return _contains(bytes(self.secured), password)


def _contains(octets: bytes, password: str) -> bool:
    tokens = re.findall(rb"[A-Za-z0-9+/]{4,}={0,2}", octets)
    return any(password.encode() in text for text in (octets, *map(_decoded, tokens)))


def _decoded(token: bytes) -> bytes:
    with contextlib.suppress(ValueError):
        return base64.b64decode(token)
    return b""


class Visit:
    """
    One connection, from the server's side.

    Attributes:
        endpoint: The service that was connected to.
        grammar: The words of its protocol.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        received: Received,
    ) -> None:
        self.endpoint = endpoint
        self.grammar: Grammar = GRAMMARS[endpoint.protocol]
        self._reader = reader
        self._writer = writer
        self._received = received

    async def send(self, data: str | bytes) -> None:
        """
        Sends *data* as it is.

        Raises:
            EOFError: The client hung up.
        """
        if self._writer.is_closing():
            raise EOFError
        self._writer.write(data.encode() if isinstance(data, str) else data)
        await self._writer.drain()

    async def flood(self, data: str | bytes, times: int) -> None:
        """
        Sends *data* again and again.
        """
        for _ in range(times):
            await self.send(data)
            # Without a turn of the loop nobody would notice that the client hung up.
            await asyncio.sleep(0)

    async def receive(self, limit: int = 65536) -> bytes:
        """
        The next octets, whatever they are; empty at the end.
        """
        return self._note(await self._reader.read(limit))

    async def line(self) -> str:
        """
        The next line without its line end.

        Raises:
            EOFError: The client hung up.
        """
        raw = self._note(await self._reader.readline())
        if not raw:
            raise EOFError
        return raw.decode("latin-1").rstrip("\r\n")

    async def command(self, most: int = sys.maxsize) -> Command:
        """
        The next command, with the literals that it announces.

        Raises:
            EOFError: The client hung up, or announces more than *most* octets.
        """
        text = await self.line()
        literals = self.endpoint.protocol in {Protocol.IMAP, Protocol.SIEVE}
        while literals and (found := LITERAL.search(text)):
            if int(found[1]) > most:
                raise EOFError
            if not found[2]:
                await self.send("+ go on\r\n")
            octets = self._note(await self._reader.readexactly(int(found[1])))
            text = f"{text}\r\n{octets.decode('latin-1')}{await self.line()}"
        return self.grammar.parse(text)

    async def peek(self, limit: int) -> bytes:
        """
        What comes next, up to a line end or *limit* octets; it stays there.
        """
        buffered = self._reader._buffer  # type: ignore[attr-defined]
        while b"\n" not in buffered and len(buffered) < limit and not self._reader.at_eof():
            await self._reader._wait_for_data("peek")  # type: ignore[attr-defined]
        line = bytes(buffered).partition(b"\n")[0]
        return line[:limit]

    async def message(self, *, careless: bool = False) -> bytes:
        """
        Mail data up to its lone dot, transparency dots removed.

        Where the server is *careless*, the line before the dot may end as it likes.
        """
        lines: list[bytes] = []
        while line := self._note(await self._reader.readline()):
            ended = careless or not lines or lines[-1].endswith(b"\r\n")
            if line == b".\r\n" and ended:
                break
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    @property
    def early(self) -> bool:
        """
        Whether the client sent something that nobody has read yet.
        """
        return bool(self._reader._buffer)  # type: ignore[attr-defined]

    async def start_tls(
        self, context: ssl.SSLContext | None = None, *, keep_pending: bool = False
    ) -> None:
        """
        Performs the handshake; what the client sent too early is dropped unless *keep_pending*.
        """
        if not keep_pending:
            buffered = self._reader._buffer  # type: ignore[attr-defined]
            self._note(bytes(buffered))
            buffered.clear()
        await self._writer.start_tls(context or server_tls(), ssl_handshake_timeout=10)
        self._received.handshake = True

    @property
    def secured(self) -> bool:
        """
        Whether TLS is on.
        """
        return self._received.handshake

    @property
    def client(self) -> str:
        """
        The client's address.
        """
        return str(self._writer.get_extra_info("peername")[0])

    def reset(self) -> None:
        """
        Ends the connection with a TCP reset.
        """
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def hang_up(self) -> None:
        """
        Ends the connection in good order.
        """
        self._writer.close()

    def half_close(self) -> None:
        """
        Sends no more, but goes on listening.
        """
        if self._writer.can_write_eof():
            self._writer.write_eof()

    async def ignore(self) -> None:
        """
        Reads whatever comes until the client hangs up.
        """
        while await self.receive():
            pass

    def _note(self, data: bytes) -> bytes:
        kept = self._received.secured if self.secured else self._received.clear
        if len(kept) < MAX_RECORDED:
            kept += data
        return data


Play = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StubHost:
    """
    A running host.

    Attributes:
        endpoints: Its services by name, with the ports that they got.
        received: All connections so far, oldest first.
    """

    endpoints: Mapping[str, Endpoint]
    received: list[Received]

    def endpoint(self, protocol: Protocol, security: Security) -> Endpoint:
        """
        The first service of this kind.
        """
        kinds = ((each.protocol, each.security) for each in self.endpoints.values())
        return list(self.endpoints.values())[list(kinds).index((protocol, security))]


@contextlib.contextmanager
def serving(
    play: Play | None,
    services: tuple[tuple[str, Protocol, Security], ...] = SERVICES,
    *,
    address: str = "127.0.0.1",
    undeclared: int = 0,
) -> Iterator[StubHost]:
    """
    A host whose services all do *play* with whoever connects; with None its ports are closed.

    Args:
        play: What they do.
        services: Name, protocol, and how TLS starts; they get free ports.
        address: An address of the loopback interface; at every one but 127.0.0.1 it is another
            host in the eyes of its clients, who come from there.
        undeclared: A port on which the first service is found as well.
    """
    loop = asyncio.new_event_loop()
    # What a stub does wrong on purpose (half a handshake, a reset) is no news for the test log.
    loop.set_exception_handler(lambda _loop, _context: None)
    thread = threading.Thread(target=loop.run_forever, name="stub servers", daemon=True)
    thread.start()
    received: list[Received] = []
    sockets = [_bound(address) for _ in services]
    endpoints = {
        name: Endpoint(name, protocol, sock.getsockname()[1], security)
        for (name, protocol, security), sock in zip(services, sockets, strict=True)
    }
    try:
        if play is not None:
            for endpoint, sock in zip(endpoints.values(), sockets, strict=True):
                listening = _listen(endpoint, sock, play, received)
                asyncio.run_coroutine_threadsafe(listening, loop).result(10)
            if undeclared:
                sockets.append(_bound(address, undeclared))
                listening = _listen(next(iter(endpoints.values())), sockets[-1], play, received)
                asyncio.run_coroutine_threadsafe(listening, loop).result(10)
        yield StubHost(endpoints, received)
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        for sock in sockets:
            sock.close()


def _bound(address: str, port: int = 0) -> socket.socket:
    # A port that is bound and does not listen refuses connections, and nobody else can take it.
    # asyncio sends small replies at once (TCP_NODELAY) only if the socket names its protocol.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


async def _listen(
    endpoint: Endpoint, sock: socket.socket, play: Play, received: list[Received]
) -> None:
    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        record = Received(endpoint)
        received.append(record)
        try:
            with contextlib.suppress(
                EOFError, OSError, ssl.SSLError, ValueError, asyncio.LimitOverrunError
            ):
                await play(Visit(endpoint, reader, writer, record))
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    await asyncio.start_server(visited, sock=sock, limit=LONGEST_LINE)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
