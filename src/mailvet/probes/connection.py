"""
One connection that starts in clear text and turns to TLS at any moment.

TLS runs in a memory BIO on top of any pair of byte streams, so that versions, suites and Extended
Master Secret are ours to choose and every octet is seen.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from OpenSSL import SSL

from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.tls import Ending, Handshake
from mailvet.model import Cause
from mailvet.outlet import Outlet
from mailvet.probes.handshake import Session, TlsClient, TlsOffer, words
from mailvet.transcript import Transcript

MAX_LINE = 65536
"""Longest line in octets that is read; IMAP capability lines stay far below it."""

MAX_TOTAL = 4 * 1024 * 1024
"""Octets read from one connection before it is taken for an attack."""


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
        outlet: Outlet | None = None,
        local_address: str = "",
        why_ended: Callable[[], Awaitable[ProbeError | None]] | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout = timeout
        self._outlet = outlet
        self._why_ended = why_ended
        self._buffer = bytearray()
        self._total = 0
        self._tls: TlsClient | None = None
        self._tls_over = ""
        self.transcript = transcript
        self.local_address = local_address
        self.handshake: Handshake | None = None

    async def send(self, data: bytes, *, shown: str | None = None) -> None:
        """
        Sends *data*; the transcript shows *shown* in its place where *data* holds a secret.
        """
        if self._outlet is not None:
            self._outlet.passes(data)
        self.transcript.add(">", data if shown is None else shown)
        try:
            if self._tls is None:
                await self._write(data)
            else:
                self._tls.encrypt(data)
                await self._write(self._tls.outgoing())
        except (OSError, SSL.Error) as exc:
            raise await self._ended(f"connection lost while sending: {words(exc)}") from exc

    async def line(self, *, timeout: float | None = None) -> bytes:
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
        line = bytes(self._buffer[: self._buffer.index(b"\n") + 1])
        del self._buffer[: len(line)]
        self.transcript.add("<", line)
        return line

    async def exactly(self, count: int, *, timeout: float | None = None) -> bytes:
        """
        The next *count* octets: a literal, whose length the server announced.
        """
        if count > MAX_LINE:
            raise self.error(Cause.BLOCKED, f"a literal of {count} octets")
        limit = self._timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(limit):
                while len(self._buffer) < count:
                    await self._fill()
        except TimeoutError as exc:
            came = f"{len(self._buffer)} of {count} octets"
            raise self.error(Cause.TIMEOUT, f"only {came} within {limit:g} s") from exc
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        for line in taken.splitlines():
            self.transcript.add("<", line)
        return taken

    async def octets(self, *, most: float = float("inf")) -> bytes:
        """
        The next octets, whatever they are and however many; the transcript does not show them.

        They are waited for as long as for a reply, and *most* seconds at most.
        """
        limit = min(most, self._timeout)
        try:
            async with asyncio.timeout(limit):
                while not self._buffer:
                    await self._fill()
        except TimeoutError as exc:
            raise self.error(Cause.TIMEOUT, f"nothing came within {limit:g} s") from exc
        return self._take()

    async def read_available(self, *, within: float) -> bytes:
        """
        Whatever arrives unasked *within* seconds; empty if nothing does.
        """
        with contextlib.suppress(TimeoutError, PeerClosedError):
            async with asyncio.timeout(within):
                while not self._buffer:
                    await self._fill()
        return self._take()

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
        client = TlsClient(offer, server_name)
        failure, ending = "", Ending.NONE
        try:
            async with asyncio.timeout(self._timeout):
                failure, ending = await self._shake_hands(client)
        except TimeoutError:
            failure, ending = f"no answer to the handshake within {self._timeout:g} s", Ending.TIME
        except OSError as exc:
            failure, ending = f"connection lost in the handshake: {words(exc)}", Ending.SERVER
        if ending is Ending.SERVER:
            await self._raise_trouble_of_the_pipe()
        self.handshake = client.outcome(failure, ending)
        self.transcript.add("*", str(self.handshake))
        if self.handshake.completed:
            self._tls = client
            # With TLS 1.2 the first words inside may have come along with the server's Finished.
            await self._decrypt()
        return self.handshake

    async def end_tls(self) -> Session | None:
        """
        Ends TLS as one should, and returns the session for another connection to go on with.
        """
        assert self._tls is not None  # noqa: S101
        try:
            session = self._tls.end()
            await self._write(self._tls.outgoing())
        except (OSError, SSL.Error) as exc:
            raise await self._ended(f"connection lost while TLS ended: {words(exc)}") from exc
        return session

    async def renegotiate(self) -> None:
        """
        Performs another handshake inside TLS 1.2, at the client's wish.

        Raises:
            PeerClosedError: The server refuses it, or hangs up.
        """
        assert self._tls is not None  # noqa: S101
        self._tls.renegotiate()
        try:
            async with asyncio.timeout(self._timeout):
                while not self._tls.renegotiated():
                    await self._write(self._tls.outgoing())
                    data = await self._reader.read(65536)
                    if not data:
                        raise await self._ended("the server closed the connection")
                    self._tls.feed(data)
                await self._write(self._tls.outgoing())
        except TimeoutError as exc:
            detail = f"no answer to the second handshake within {self._timeout:g} s"
            raise self.error(Cause.TIMEOUT, detail) from exc
        except (OSError, SSL.Error) as exc:
            raise await self._ended(f"the second handshake fails: {words(exc)}") from exc
        self.transcript.add("*", "a second handshake inside the session")

    async def _shake_hands(self, client: TlsClient) -> tuple[str, Ending]:
        if self._buffer:
            client.feed_handshake(self._take())
        while True:
            over = client.advance()
            outgoing = client.outgoing_handshake()
            if outgoing:
                self._writer.write(outgoing)
                with contextlib.suppress(OSError):
                    # Who hung up already may have said why: that is still to be read.
                    await self._writer.drain()
            if over:
                return "", Ending.NONE
            data = await self._reader.read(65536)
            if not data:
                return "the server closed the connection", Ending.SERVER
            client.feed_handshake(data)
            if client.overflowing:
                return "the server sent megabytes instead of a handshake", Ending.SERVER

    async def _fill(self) -> None:
        if len(self._buffer) > MAX_LINE:
            raise self.error(Cause.BLOCKED, f"a line of over {MAX_LINE} octets without an end")
        if self._total > MAX_TOTAL:
            raise self.error(Cause.BLOCKED, f"over {MAX_TOTAL} octets in one connection")
        if self._tls_over:
            raise await self._ended(self._tls_over)
        try:
            data = await self._reader.read(16384)
        except OSError as exc:
            raise await self._ended(f"connection lost: {words(exc)}") from exc
        if not data:
            raise await self._ended("the server closed the connection")
        self._total += len(data)
        if self._tls is None:
            self._buffer += data
        else:
            self._tls.feed(data)
            await self._decrypt()

    async def _decrypt(self) -> None:
        assert self._tls is not None  # noqa: S101
        plain, self._tls_over = self._tls.decrypt()
        self._buffer += plain
        outgoing = self._tls.outgoing()
        if outgoing:
            with contextlib.suppress(OSError):
                await self._write(outgoing)

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            async with asyncio.timeout(self._timeout):
                await self._writer.drain()
        except TimeoutError as exc:
            detail = f"the peer does not read ({self._timeout:g} s)"
            raise self.error(Cause.TIMEOUT, detail) from exc

    def _take(self) -> bytes:
        taken, self._buffer = bytes(self._buffer), bytearray()
        return taken

    def error(self, cause: Cause, detail: str) -> ProbeError:
        """
        A ProbeError that carries the transcript so far.
        """
        self.transcript.add("*", detail)
        return ProbeError(cause, detail, self.transcript.freeze())

    async def _ended(self, detail: str) -> ProbeError:
        await self._raise_trouble_of_the_pipe()
        self.transcript.add("*", detail)
        return PeerClosedError(Cause.BLOCKED, detail, self.transcript.freeze())

    async def _raise_trouble_of_the_pipe(self) -> None:
        """
        Raises if it was not the server that hung up, but the way to it that broke.
        """
        trouble = await self._why_ended() if self._why_ended else None
        if trouble is not None:
            raise self.error(trouble.cause, trouble.detail)
