"""
A byte pipe to the target that starts on another host: its sshd forwards the connection.
"""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import BinaryIO

from mailvet.errors import ProbeError
from mailvet.model import Cause, Shell

FAREWELL = 3.0
"""Seconds for ssh to end once the connection has."""

GOOD_BYE = 1.0
"""Seconds for the last words of a blocking library to arrive, and for the peer to hang up."""

LOGIN_PATIENCE = 20.0
"""Seconds for an ssh that has to log in by itself before it can say why a port is closed."""

MAX_WORDS = 4096
"""Octets of what ssh says that are read."""

READ_LIMIT = 65536

MAX_TOTAL = 4 * 1024 * 1024
"""Octets that are passed on to a blocking library before the peer is taken for hostile."""

_ALONE = asyncio.Semaphore(4)
"""Connections to a vantage that are not shared; sshd drops some when over ten log in at once."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """
    A connection that somebody else's sshd forwards.

    Attributes:
        reader: What the target says.
        writer: What the target is told.
        destination: The vantage.
        command: How ssh was started.
        process: The running ssh.
        errors: What it complains about.
        again: Told when the connection is tried a second time.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    destination: str
    command: tuple[str, ...]
    process: asyncio.subprocess.Process
    errors: BinaryIO
    again: Callable[[], None]

    async def why_ended(self) -> ProbeError | None:
        """
        What went wrong with the pipe itself; None if it was the target that hung up.
        """
        status, said = await _farewell(self.process, self.errors)
        if status == 0 or status is None:
            return None
        if "refused by peer" in said:
            # A shared connection does not tell why; one of its own does.
            alone = ("ssh", "-o", "ControlPath=none", "-o", "LogLevel=INFO", *self.command[1:])
            self.again()
            async with _ALONE, _pipe(alone, self.destination, self.again) as again:
                again.writer.write_eof()
                status, said = await _farewell(again.process, again.errors, LOGIN_PATIENCE)
        return self._explain(said)

    def _explain(self, said: str) -> ProbeError:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        opening = next((line for line in lines if "open failed" in line), "")
        last = opening or (lines[-1] if lines else "ssh ended without a message")
        cause = Cause.VANTAGE
        if "connect failed" in last or "refused by peer" in last:
            cause = Cause.TIMEOUT if "timed out" in last else Cause.UNREACHABLE
        return ProbeError(cause, f"through {self.destination}: {last[:300]}")


@contextlib.asynccontextmanager
async def pipe_through(
    vantage: Shell,
    address: str,
    port: int,
    *,
    connect_timeout: float,
    again: Callable[[], None],
) -> AsyncIterator[Pipe]:
    """
    Connects to *port* of *address* from *vantage*, and hangs up afterwards.

    A refused connection is tried a second time, to learn why; *again* is called before that.

    That ssh or the connection fails shows only when something is read: ``Pipe.why_ended``.

    Raises:
        ProbeError: VANTAGE if the inventory's way there is not SSH, TOOL without an ssh program.
    """
    destination = _destination(vantage)
    forward = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    config = ("-F", vantage.ssh_config) if vantage.ssh_config else ()
    options = ("-o", "BatchMode=yes", "-o", f"ConnectTimeout={max(1, round(connect_timeout))}")
    command = ("ssh", *config, *options, "-W", forward, "--", destination)
    async with _pipe(command, destination, again) as pipe:
        yield pipe


def _destination(vantage: Shell) -> str:
    scheme, found, _ = vantage.connection.partition("://")
    if found and scheme != "ssh":
        raise ProbeError(
            Cause.VANTAGE,
            f"a connection starts on another host through ssh:// only, not {vantage.connection!r}",
        )
    return vantage.connection.partition("?")[0]


@contextlib.asynccontextmanager
async def _pipe(
    command: tuple[str, ...], destination: str, again: Callable[[], None]
) -> AsyncIterator[Pipe]:
    # A socket and a file instead of asyncio's pipes: with those, the end of the process is not
    # seen before everybody who inherited them has ended, too.
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as errors:
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=errors
                )
            except OSError as exc:
                raise ProbeError(Cause.TOOL, f"ssh does not start: {exc.strerror}") from exc
        reader, writer = await asyncio.open_connection(sock=ours, limit=READ_LIMIT)
        try:
            yield Pipe(reader, writer, destination, command, process, errors, again)
        finally:
            writer.transport.abort()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()


async def _farewell(
    process: asyncio.subprocess.Process, errors: BinaryIO, patience: float = FAREWELL
) -> tuple[int | None, str]:
    """
    Exit status and words of an ssh whose connection has ended.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await process.wait()
    errors.seek(0)
    return process.returncode, errors.read(MAX_WORDS).decode(errors="replace")


@contextlib.asynccontextmanager
async def as_socket(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncIterator[socket.socket]:
    """
    A socket for a blocking library, whose other end are *reader* and *writer*.

    Once this is left, or after ``MAX_TOTAL`` octets, it reads as closed: a thread that a hostile
    peer holds fast comes free.
    """
    near, far = socket.socketpair()
    from_library, to_library = await asyncio.open_connection(sock=far)
    pumps = (
        asyncio.create_task(_pump(reader, to_library, MAX_TOTAL)),
        asyncio.create_task(_pump(from_library, writer)),
    )
    try:
        yield near
        # A good-bye is still on its way.
        await asyncio.wait(pumps, timeout=GOOD_BYE)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        to_library.transport.abort()


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int | None = None
) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while data := await source.read(READ_LIMIT):
            passed += len(data)
            if most is not None and passed > most:
                break
            sink.write(data)
            await sink.drain()
        sink.close()
