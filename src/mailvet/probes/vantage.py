"""
A byte pipe to the target that starts on another host: its sshd forwards the connection.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailvet.errors import ProbeError
from mailvet.model import Cause, Shell

FAREWELL = 3.0
"""Seconds for ssh to say why it ended."""

MAX_WORDS = 4096

READ_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class Pipe:
    """
    A connection that somebody else's sshd forwards.

    Attributes:
        reader: What the target says.
        writer: What the target is told.
        destination: The vantage.
        command: How ssh was started, for the diagnosis.
        process: The running ssh.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    destination: str
    command: tuple[str, ...]
    process: asyncio.subprocess.Process

    async def why_ended(self) -> ProbeError | None:
        """
        What went wrong with the pipe itself; None if it was the target that hung up.
        """
        status, said = await _farewell(self.process)
        if status == 0 or status is None:
            return None
        if "refused by peer" in said:
            # A shared connection does not tell why; one of its own does.
            status, said = await self._ask_again()
        return self._explain(said)

    async def _ask_again(self) -> tuple[int | None, str]:
        process = await _start(
            ("ssh", "-o", "ControlPath=none", "-o", "LogLevel=INFO", *self.command[1:]),
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            return await _farewell(process)
        finally:
            await _stop(process)

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
    vantage: Shell, address: str, port: int, *, connect_timeout: float
) -> AsyncIterator[Pipe]:
    """
    Connects to *port* of *address* from *vantage*, and hangs up afterwards.

    That ssh or the connection fails shows only when something is read: ``Pipe.why_ended``.

    Raises:
        ProbeError: VANTAGE if the inventory's way there is not SSH, TOOL without an ssh program.
    """
    destination = _destination(vantage)
    forward = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    config = ("-F", vantage.ssh_config) if vantage.ssh_config else ()
    options = ("-o", "BatchMode=yes", "-o", f"ConnectTimeout={max(1, round(connect_timeout))}")
    command = ("ssh", *config, *options, "-W", forward, "--", destination)
    process = await _start(command, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    try:
        yield Pipe(process.stdout, process.stdin, destination, command, process)
    finally:
        await _stop(process)


def _destination(vantage: Shell) -> str:
    scheme, found, _ = vantage.connection.partition("://")
    if found and scheme != "ssh":
        raise ProbeError(
            Cause.VANTAGE, f"a vantage is reached through ssh://, not {vantage.connection!r}"
        )
    return vantage.connection.partition("?")[0]


async def _start(command: tuple[str, ...], *, stdin: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=READ_LIMIT,
        )
    except OSError as exc:
        raise ProbeError(Cause.TOOL, f"ssh does not start: {exc.strerror}") from exc


async def _farewell(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """
    Exit status and last words of an ssh that has closed its output.
    """
    assert process.stderr is not None  # noqa: S101
    said = b""
    # A connection kept for sharing inherits stderr, so its end may never come.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await process.wait()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL / 10):
            while len(said) < MAX_WORDS and (more := await process.stderr.read(MAX_WORDS)):
                said += more
    return process.returncode, said.decode(errors="replace")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
