"""
Opens connections to the target, directly or through the sshd of a vantage.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.model import Cause, Shell
from mailvet.probes.connection import MAX_LINE, Wire
from mailvet.probes.handshake import TlsOffer, is_address, words
from mailvet.probes.vantage import pipe_through
from mailvet.transcript import Transcript

__all__ = ["MAX_LINE", "TlsOffer", "Wire", "dial"]

HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a name is tried as well (RFC 8305 §5)."""


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
        ProbeError: UNREACHABLE if the connection is refused, TIMEOUT if nothing answers; through a
            vantage that shows only when something is read.
    """
    number = context.service.port if port is None else port
    log = Transcript() if transcript is None else transcript
    async with context.lane.connections.taken(context.urgency):
        opened = (
            _through(context, number, through, log) if through else _direct(context, number, log)
        )
        async with opened as wire:
            yield wire


@contextlib.asynccontextmanager
async def _direct(context: ProbeContext, port: int, log: Transcript) -> AsyncIterator[Wire]:
    address = context.target.address
    if port in context.lane.silent:
        log.add("*", context.lane.silent[port])
        raise ProbeError(Cause.TIMEOUT, context.lane.silent[port], log.freeze())
    outlet = context.permit.connection(port)
    try:
        async with asyncio.timeout(context.connect_timeout):
            reader, writer = await asyncio.open_connection(
                address,
                port,
                limit=MAX_LINE,
                happy_eyeballs_delay=None if is_address(address) else HAPPY_EYEBALLS,
            )
    except TimeoutError as exc:
        detail = f"{address} port {port}: no answer within {context.connect_timeout:g} s"
        log.add("*", detail)
        context.lane.silent[port] = detail
        raise ProbeError(Cause.TIMEOUT, detail, log.freeze()) from exc
    except OSError as exc:
        detail = f"{address} port {port}: {words(exc)}"
        log.add("*", detail)
        raise ProbeError(Cause.UNREACHABLE, detail, log.freeze()) from exc
    local = str((writer.get_extra_info("sockname") or ("",))[0])
    log.add("*", f"connected to {address} port {port} from {local}")
    try:
        yield Wire(
            reader,
            writer,
            log,
            timeout=context.reply_timeout,
            outlet=outlet,
            local_address=local,
        )
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def _through(
    context: ProbeContext, port: int, vantage: Shell, log: Transcript
) -> AsyncIterator[Wire]:
    address = context.target.address
    outlet = context.permit.connection(port, through=True)
    opened = pipe_through(
        vantage,
        address,
        port,
        connect_timeout=context.connect_timeout,
        again=functools.partial(context.permit.retried, port),
    )
    async with opened as pipe:
        log.add("*", f"connecting to {address} port {port} through {pipe.destination}")
        yield Wire(
            pipe.reader,
            pipe.writer,
            log,
            timeout=context.reply_timeout,
            outlet=outlet,
            why_ended=pipe.why_ended,
        )
