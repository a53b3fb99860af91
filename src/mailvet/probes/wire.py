"""
One connection that starts in clear text and turns to TLS at any moment.

The octets travel directly or through an SSH vantage; TLS runs in a memory BIO on top of them, so
that versions, suites and Extended Master Secret are ours to choose and every octet is seen.
"""

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from OpenSSL import SSL

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.tls import CLIENT_HELLO, SERVER_HELLO, Handshake, first_hello, parse_alert
from mailvet.model import Cause, Shell
from mailvet.transcript import Transcript

MAX_LINE = 65536
"""Longest line in octets that is read; IMAP capability lines stay far below it."""

MAX_TOTAL = 4 * 1024 * 1024
"""Octets read from one connection before it is taken for an attack."""

NO_EXTENDED_MASTER_SECRET = 0x1
"""OpenSSL's SSL_OP_NO_EXTENDED_MASTER_SECRET, which pyOpenSSL does not export."""

_VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """
    What our side offers in a handshake.

    Attributes:
        minimum: Oldest protocol version.
        maximum: Newest protocol version.
        ciphers: OpenSSL cipher string for TLS 1.2 and older.
        ems: Whether Extended Master Secret is offered.
    """

    minimum: str = "TLSv1.2"
    maximum: str = "TLSv1.3"
    ciphers: str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
    ems: bool = True


class Writer(Protocol):
    """
    The sending half of a byte pipe.
    """

    def write(self, data: bytes) -> None:
        """Queues *data*."""

    async def drain(self) -> None:
        """Waits until there is room for more."""


class Wire:
    """
    A connection to one endpoint, with its transcript.

    Every method that waits raises ProbeError: TIMEOUT if nothing came in time, and
    PeerClosedError (BLOCKED) if the peer hung up.

    Attributes:
        transcript: All that was said.
        local_address: Our own address on a direct connection; empty through a vantage.
        handshake: The handshake, once one was tried.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: Writer,
        transcript: Transcript,
        *,
        timeout: float,
        local_address: str = "",
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout = timeout
        self._buffer = bytearray()
        self._total = 0
        self._tls: SSL.Connection | None = None
        self.transcript = transcript
        self.local_address = local_address
        self.handshake: Handshake | None = None

    async def send(self, data: bytes, *, shown: str | None = None) -> None:
        """
        Sends *data*; the transcript shows *shown* in its place where *data* holds a secret.
        """
        self.transcript.add(">", data if shown is None else shown)
        try:
            if self._tls is None:
                self._writer.write(data)
                await self._bounded(self._writer.drain(), "the peer does not read")
            else:
                self._tls.sendall(data)
                await self._flush()
        except (OSError, SSL.Error) as exc:
            raise self._closed(f"connection lost while sending: {_words(exc)}") from exc

    async def line(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """
        The next line, its line end included.
        """
        limit = self._timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(limit):
                while b"\n" not in self._buffer:
                    await self._fill()
        except TimeoutError as exc:
            partial = f" (after {len(self._buffer)} octets of a line)" if self._buffer else ""
            raise self.error(Cause.TIMEOUT, f"no reply within {limit:g} s{partial}") from exc
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        self.transcript.add("<", line)
        return line + b"\n"

    async def read_available(self, *, within: float) -> bytes:
        """
        Whatever arrives unasked *within* seconds; empty if nothing does.
        """
        with contextlib.suppress(TimeoutError, PeerClosedError):
            async with asyncio.timeout(within):
                while not self._buffer:
                    await self._fill()
        taken, self._buffer = bytes(self._buffer), bytearray()
        return taken

    @property
    def pending(self) -> bytes:
        """
        Octets that were received and not yet read; after STARTTLS there must be none.
        """
        return bytes(self._buffer)

    async def start_tls(self, offer: TlsOffer, server_name: str) -> Handshake:
        """
        Performs a TLS handshake; whether it completes is a fact, not an error.

        Certificates are not verified here: they are facts, too.

        Raises:
            ProbeError: CLIENT_LIMIT if our own OpenSSL cannot make the offer.
        """
        connection = _client(offer, server_name)
        sent, received = bytearray(), bytearray()
        failure = ""
        try:
            async with asyncio.timeout(self._timeout):
                failure = await self._shake_hands(connection, sent, received)
        except TimeoutError:
            failure = f"no answer to the handshake within {self._timeout:g} s"
        except OSError as exc:
            failure = f"connection lost in the handshake: {_words(exc)}"
        self.handshake = _handshake(connection, failure, bytes(sent), bytes(received))
        if not failure:
            self._tls = connection
        self.transcript.add("*", _handshake_words(self.handshake))
        return self.handshake

    async def _shake_hands(
        self, connection: SSL.Connection, sent: bytearray, received: bytearray
    ) -> str:
        if self._buffer:
            received += self._buffer
            connection.bio_write(bytes(self._buffer))
            self._buffer.clear()
        while True:
            finished, failure = _step(connection)
            outgoing = _outgoing(connection)
            if outgoing:
                sent += outgoing
                self._writer.write(outgoing)
                await self._writer.drain()
            if finished or failure:
                return failure or ""
            data = await self._reader.read(65536)
            if not data:
                return "the server closed the connection"
            received += data
            if len(received) > MAX_TOTAL:
                return "the server sent megabytes instead of a handshake"
            connection.bio_write(data)

    async def _fill(self) -> None:
        if len(self._buffer) > MAX_LINE:
            raise self.error(Cause.BLOCKED, f"a line of over {MAX_LINE} octets without an end")
        if self._total > MAX_TOTAL:
            raise self.error(Cause.BLOCKED, f"over {MAX_TOTAL} octets in one connection")
        try:
            data = await self._reader.read(16384)
        except OSError as exc:
            raise self._closed(f"connection lost: {_words(exc)}") from exc
        if not data:
            raise self._closed("the server closed the connection")
        self._total += len(data)
        if self._tls is None:
            self._buffer += data
            return
        self._tls.bio_write(data)
        await self._decrypt(self._tls)

    async def _decrypt(self, tls: SSL.Connection) -> None:
        try:
            while True:
                self._buffer += tls.recv(65536)
        except SSL.WantReadError:
            await self._flush()
        except SSL.Error as exc:
            if not self._buffer:
                raise self._closed(f"TLS ended: {_words(exc)}") from exc

    async def _flush(self) -> None:
        assert self._tls is not None  # noqa: S101
        outgoing = _outgoing(self._tls)
        if outgoing:
            self._writer.write(outgoing)
            await self._bounded(self._writer.drain(), "the peer does not read")

    async def _bounded(self, waiting: object, failure: str) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await waiting  # type: ignore[misc]
        except TimeoutError as exc:
            raise self.error(Cause.TIMEOUT, f"{failure} ({self._timeout:g} s)") from exc

    def error(self, cause: Cause, detail: str) -> ProbeError:
        """
        A ProbeError that carries the transcript so far.
        """
        self.transcript.add("*", detail)
        return ProbeError(cause, detail, self.transcript.freeze())

    def _closed(self, detail: str) -> PeerClosedError:
        self.transcript.add("*", detail)
        return PeerClosedError(Cause.BLOCKED, detail, self.transcript.freeze())


@contextlib.asynccontextmanager
async def dial(
    context: ProbeContext,
    *,
    port: int | None = None,
    through: Shell | None = None,
    transcript: Transcript | None = None,
) -> AsyncIterator[Wire]:
    """
    Connects to a port of the target, by default the endpoint's, and hangs up afterwards.

    Args:
        context: The probe's context; its lane bounds the connections open at once.
        port: Port to connect to.
        through: A vantage whose sshd forwards the connection; None connects directly.
        transcript: Where to write down what is said; by default a new one.

    Raises:
        ProbeError: UNREACHABLE if the connection is refused, TIMEOUT if nothing answers.
    """
    number = context.service.port if port is None else port
    log = Transcript() if transcript is None else transcript
    async with context.lane.connections:
        opened = _through(context, number, through, log) if through else _direct(context, number, log)
        async with opened as wire:
            yield wire


@contextlib.asynccontextmanager
async def _direct(context: ProbeContext, port: int, log: Transcript) -> AsyncIterator[Wire]:
    address = context.target.address
    try:
        async with asyncio.timeout(context.connect_timeout):
            reader, writer = await asyncio.open_connection(address, port, limit=MAX_LINE)
    except TimeoutError as exc:
        detail = f"{address} port {port}: no answer within {context.connect_timeout:g} s"
        log.add("*", detail)
        raise ProbeError(Cause.TIMEOUT, detail, log.freeze()) from exc
    except OSError as exc:
        detail = f"{address} port {port}: {_words(exc)}"
        log.add("*", detail)
        raise ProbeError(Cause.UNREACHABLE, detail, log.freeze()) from exc
    local = str(writer.get_extra_info("sockname")[0])
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    log.add("*", f"connected to {address} port {port} from {local}")
    try:
        yield Wire(reader, writer, log, timeout=context.reply_timeout, local_address=local)
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def _through(
    context: ProbeContext, port: int, vantage: Shell, log: Transcript
) -> AsyncIterator[Wire]:
    address = context.target.address
    forward = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    config = ("-F", vantage.ssh_config) if vantage.ssh_config else ()
    host = vantage.connection.removeprefix("ssh://")
    options = ("-o", "BatchMode=yes", "-o", f"ConnectTimeout={context.connect_timeout:.0f}")
    process = await asyncio.create_subprocess_exec(
        "ssh", *config, *options, "-W", forward, host,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    log.add("*", f"connecting to {address} port {port} through {host}")
    try:
        yield Wire(process.stdout, process.stdin, log, timeout=context.reply_timeout)
    except PeerClosedError as exc:
        raise await _refused_by_vantage(process, host, exc) from exc
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _refused_by_vantage(
    process: asyncio.subprocess.Process, host: str, closed: PeerClosedError
) -> ProbeError:
    """
    Tells a vantage that could not connect from a server that hung up.
    """
    assert process.stderr is not None  # noqa: S101
    words = (await process.stderr.read(4096)).decode(errors="replace").strip()
    if "open failed" not in words and "port 65535" not in words and not process.returncode:
        return closed
    last = words.splitlines()[-1] if words else "no message"
    cause = Cause.UNREACHABLE if "open failed" in words else Cause.VANTAGE
    return ProbeError(cause, f"through {host}: {last}", closed.transcript)


def _client(offer: TlsOffer, server_name: str) -> SSL.Connection:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_min_proto_version(_VERSIONS[offer.minimum])
    context.set_max_proto_version(_VERSIONS[offer.maximum])
    try:
        context.set_cipher_list(offer.ciphers.encode())
    except SSL.Error as exc:
        detail = f"our OpenSSL cannot offer the suites {offer.ciphers!r}"
        raise ProbeError(Cause.CLIENT_LIMIT, detail) from exc
    if not offer.ems:
        context.set_options(NO_EXTENDED_MASTER_SECRET)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    if server_name and not _is_address(server_name):
        connection.set_tlsext_host_name(server_name.encode("idna"))
    return connection


def _step(connection: SSL.Connection) -> tuple[bool, str]:
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return False, ""
    except SSL.Error as exc:
        return False, _words(exc)
    return True, ""


def _outgoing(connection: SSL.Connection) -> bytes:
    collected = bytearray()
    with contextlib.suppress(SSL.WantReadError):
        while True:
            collected += connection.bio_read(65536)
    return bytes(collected)


def _handshake(connection: SSL.Connection, failure: str, sent: bytes, received: bytes) -> Handshake:
    offered = first_hello(sent, CLIENT_HELLO)
    alert = parse_alert(received)
    if failure and alert is not None:
        failure = f"{failure} (alert {alert})"
    chain = () if failure else connection.get_peer_cert_chain(as_cryptography=True) or ()
    return Handshake(
        completed=not failure,
        failure=failure,
        version="" if failure else connection.get_protocol_version_name(),
        cipher="" if failure else connection.get_cipher_name() or "",
        offered_ems=offered is not None and offered.extended_master_secret,
        server_hello=first_hello(received, SERVER_HELLO),
        chain=tuple(_base64_der(certificate) for certificate in chain),
    )


def _base64_der(certificate: object) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    assert isinstance(certificate, x509.Certificate)
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _handshake_words(handshake: Handshake) -> str:
    if not handshake.completed:
        return f"TLS handshake failed: {handshake.failure}"
    ems = {True: ", extended master secret", False: ", no extended master secret", None: ""}
    return f"TLS handshake: {handshake.version} {handshake.cipher}{ems[handshake.ems]}"


def _is_address(name: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, name)
            return True
    return False


def _words(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    if isinstance(exc, SSL.Error) and exc.args and isinstance(exc.args[0], list) and exc.args[0]:
        return str(exc.args[0][-1][-1])
    return str(exc) or type(exc).__name__
