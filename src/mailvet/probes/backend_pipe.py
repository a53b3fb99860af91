"""
Connections from the target to the backend of its accounts: what they see is what its Dovecot sees.

A backend is no declared target. Probes connect to servers that the target's own Dovecot is told to
ask, and only if the profile declares the role.
"""

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend_tls import BackendServer
from mailvet.model import Cause
from mailvet.probes.connection import MAX_LINE, Wire
from mailvet.probes.handshake import words
from mailvet.probes.vantage import as_socket, pipe_through
from mailvet.transcript import Transcript

LOCAL = "local://"
"""How the inventory says that the auditing machine is the target."""


@dataclass(frozen=True, slots=True)
class _Way:
    """
    A byte pipe whose far end is the server.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    start: str
    why_ended: Callable[[], Awaitable[ProbeError | None]] | None = None


@contextlib.asynccontextmanager
async def dial_backend(
    context: ProbeContext, server: BackendServer, transcript: Transcript
) -> AsyncIterator[Wire]:
    """
    A wire from the target to *server*, and hangs up afterwards.

    Raises:
        ProbeError: PRIVILEGE without a shell; VANTAGE if no connection can start at the target;
            UNREACHABLE or TIMEOUT if the server does not answer there, which through SSH shows
            only when something is read.
    """
    async with _way(context, server) as way:
        transcript.add("*", f"connecting to {server} from {way.start}")
        yield Wire(
            way.reader,
            way.writer,
            transcript,
            timeout=context.reply_timeout,
            why_ended=way.why_ended,
        )


@contextlib.asynccontextmanager
async def backend_socket(
    context: ProbeContext, server: BackendServer
) -> AsyncIterator[socket.socket]:
    """
    The same for libraries that want a socket, bounded as ``vantage.as_socket`` says.

    Raises:
        ProbeError: As ``dial_backend``; that the way broke is raised in the place of whatever the
            library said about it.
    """
    async with _way(context, server) as way, as_socket(way.reader, way.writer) as connected:
        try:
            yield connected
        except Exception as exc:
            if way.why_ended and way.reader.at_eof() and (trouble := await way.why_ended()):
                raise trouble from exc
            raise


@contextlib.asynccontextmanager
async def _way(context: ProbeContext, server: BackendServer) -> AsyncIterator[_Way]:
    shell = context.target.shell
    if shell is None:
        raise ProbeError(Cause.PRIVILEGE, f"no shell on {context.target.key} is declared")
    if not server.port:
        raise ProbeError(Cause.VANTAGE, f"{server}: a Unix socket is not reached from outside")
    context.permit.backend(server.name, server.port)
    async with context.lane.connections.taken(context.urgency):
        opened = _direct if shell.connection.startswith(LOCAL) else _through_shell
        async with opened(context, server) as way:
            yield way


@contextlib.asynccontextmanager
async def _direct(context: ProbeContext, server: BackendServer) -> AsyncIterator[_Way]:
    try:
        async with asyncio.timeout(context.connect_timeout):
            reader, writer = await asyncio.open_connection(server.name, server.port, limit=MAX_LINE)
    except TimeoutError as exc:
        detail = f"{server}: no answer within {context.connect_timeout:g} s"
        raise ProbeError(Cause.TIMEOUT, detail) from exc
    except OSError as exc:
        raise ProbeError(Cause.UNREACHABLE, f"{server}: {words(exc)}") from exc
    try:
        yield _Way(reader, writer, "this machine, which is the target")
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def _through_shell(context: ProbeContext, server: BackendServer) -> AsyncIterator[_Way]:
    shell = context.target.shell
    assert shell is not None  # noqa: S101
    async with pipe_through(
        shell,
        server.name,
        server.port,
        connect_timeout=context.connect_timeout,
        again=functools.partial(context.permit.backend, server.name, server.port),
    ) as pipe:
        yield _Way(pipe.reader, pipe.writer, pipe.destination, pipe.why_ended)
