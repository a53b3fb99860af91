"""
A root shell on the target, through testinfra.

Each script travels in an envelope of marker lines on stderr: what stands outside of them comes
from ssh, sudo or podman, so that no banner and no connection error passes for the script's output.
"""

import asyncio
import functools
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

import testinfra

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import MAX_OUTPUT, CommandOutput, redact
from mailvet.model import Cause, Shell

BEGIN = "mailvet: begin"
END = "mailvet: exit "
NOT_ROOT = "mailvet: runs as "

GRACE = 20.0
"""Seconds beyond the script's own limit for connecting, and for ssh to notice a dead network."""

_ENVELOPE = """echo '{begin}' >&2
export LC_ALL=C PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
[ "$(id -u)" = 0 ] || {{ echo "{not_root}$(id -un)" >&2; exit 0; }}
timeout -k 2 {seconds:.0f} /bin/sh -c {script} </dev/null
echo "{end}$?" >&2"""

_KEEP_ALIVE = "-o BatchMode=yes -o ServerAliveInterval=5 -o ServerAliveCountMax=3"

_PAUSE = 1.0
"""Seconds until an sshd that had too many guests is asked again."""

_DROPPED = re.compile(r"kex_exchange_identification: .*Connection (?:reset|closed)")
"""What ssh says when sshd drops a connection before any login (MaxStartups)."""

_NO_ENTRY = re.compile(
    r"(?i)permission denied|host key verification failed|too many authentication"
)


def quote(text: str) -> str:
    """
    *text* as one word of a shell command.
    """
    return shlex.quote(text)


async def run(
    context: ProbeContext,
    script: str,
    *,
    title: str = "",
    timeout: float = 30.0,
) -> CommandOutput:
    """
    Runs *script* as root on the target; *title* stands for it in the evidence.

    Raises:
        ProbeError: PRIVILEGE without a shell or without root, UNREACHABLE, or TIMEOUT.
    """
    shell = context.target.shell
    if shell is None:
        raise ProbeError(
            Cause.PRIVILEGE,
            f"no shell on {context.target.key} is declared "
            f"(add [hosts.{context.target.key}.shell] with connection = 'ssh://root@…')",
        )
    context.permit.command(title or script, script)
    async with context.lane.commands.taken(context.urgency):
        return await run_on(shell, script, title=title, timeout=timeout)


async def run_on(
    shell: Shell,
    script: str,
    *,
    title: str = "",
    timeout: float = 30.0,
) -> CommandOutput:
    """
    Runs *script* as root on any host that the inventory gives a shell for.

    Raises:
        ProbeError: PRIVILEGE without root, UNREACHABLE, or TIMEOUT.
    """
    envelope = _ENVELOPE.format(
        begin=BEGIN, end=END, not_root=NOT_ROOT, seconds=timeout, script=quote(script)
    )
    command = f"{'sudo -n ' if shell.sudo else ''}/bin/sh -c {quote(envelope)}"
    try:
        async with asyncio.timeout(timeout + GRACE):
            status, stdout, stderr = await asyncio.to_thread(_execute, shell, command)
            if BEGIN not in stderr and _DROPPED.search(stderr):
                await asyncio.sleep(_PAUSE)
                status, stdout, stderr = await asyncio.to_thread(_execute, shell, command)
    except TimeoutError as exc:
        detail = f"{shell.connection}: no end of {title or script!r} in {timeout + GRACE:g} s"
        raise ProbeError(Cause.TIMEOUT, detail) from exc
    return _opened(shell, title or script, status, stdout, stderr)


def _execute(shell: Shell, command: str) -> tuple[int, str, str]:
    try:
        result = _host(shell).run(command)
    except RuntimeError as exc:
        # testinfra raises the result itself when ssh says 255.
        result = exc.args[0] if exc.args else None
        if not hasattr(result, "stderr_bytes"):
            raise _unusable(shell, exc) from exc
    except (KeyError, ValueError, TypeError, ImportError) as exc:
        raise _unusable(shell, exc) from exc
    return result.rc, _text(result.stdout_bytes), _text(result.stderr_bytes)


def _unusable(shell: Shell, exc: Exception) -> ProbeError:
    detail = f"connection = {shell.connection!r} is nothing that testinfra can use: {exc}"
    return ProbeError(Cause.PRIVILEGE, detail)


def _host(shell: Shell) -> Any:  # noqa: ANN401
    options: dict[str, Any] = {}
    if shell.connection.startswith("ssh://"):
        options["ssh_extra_args"] = _KEEP_ALIVE
        if shell.ssh_config:
            options["ssh_config"] = shell.ssh_config
        if not _shares_connections(shell.ssh_config):
            # testinfra formats the path with %, so ssh's own percent sign is doubled.
            options["controlpath"] = f"{_socket_folder().name}/%%C"
    return testinfra.get_host(shell.connection, **options)


@functools.cache
def _shares_connections(ssh_config: str | None) -> bool:
    if ssh_config is None:
        return False
    try:
        return "controlpath" in Path(ssh_config).read_text(encoding="utf-8").lower()
    except (OSError, UnicodeDecodeError):
        return False


@functools.cache
def _socket_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mailvet-", ignore_cleanup_errors=True)


def _text(octets: bytes) -> str:
    return octets[:MAX_OUTPUT].decode("utf-8", errors="replace").replace("\r\n", "\n")


def _opened(shell: Shell, title: str, status: int, stdout: str, stderr: str) -> CommandOutput:
    """
    What the envelope holds; without its last line the script did not run to its end.
    """
    before, begun, inside = stderr.partition(f"{BEGIN}\n")
    if NOT_ROOT in inside:
        user = inside.rpartition(NOT_ROOT)[2].split()[0]
        raise ProbeError(
            Cause.PRIVILEGE,
            f"{shell.connection} logs in as {user}, and root is needed: "
            "set sudo = true in its [hosts.….shell], or connect as root",
        )
    errors, ended, rest = inside.rpartition(END)
    if not ended:
        raise _refused(shell, status, inside if begun else before)
    number = int(rest.split()[0]) if rest.split() else status
    if number in {124, 137}:
        raise ProbeError(
            Cause.TIMEOUT, f"{shell.connection}: {title!r} was stopped, it took too long"
        )
    return CommandOutput(title, number, redact(stdout), redact(errors))


def _refused(shell: Shell, status: int, stderr: str) -> ProbeError:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else f"exit status {status} without a message"
    if any(re.search(r"\bsudo: ", line) for line in lines):
        detail = f"{shell.connection}: {last} (sudo has to work without a password)"
        return ProbeError(Cause.PRIVILEGE, detail)
    cause = Cause.PRIVILEGE if _NO_ENTRY.search(last) else Cause.UNREACHABLE
    return ProbeError(cause, f"{shell.connection}: {last}")
