"""
Shakes hands with the servers of a backend, and verifies them as Dovecot is told to.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend_tls import BackendServer, BackendTls
from mailvet.facts.certificate import Doubt
from mailvet.facts.host import sections
from mailvet.model import Cause
from mailvet.probes.backend_pipe import dial_backend
from mailvet.probes.certificate import MAX_CHAIN, leads_to, read_certificate, store_of
from mailvet.probes.connection import Wire
from mailvet.probes.handshake import TlsOffer
from mailvet.probes.shell import quote, run
from mailvet.transcript import Transcript

Prelude = Callable[[Wire], Awaitable[str]]
"""What is said before the handshake; returns why there can be none, as the server put it."""

# Of a directory, OpenSSL reads the files that are named after the hash of a subject.
_AUTHORITIES = r"""
show() {
    echo "@@authorities $1"
    if [ -d "$2" ]; then cat -- "$2"/*.[0-9] 2>/dev/null | head -c 400000
    else head -c 400000 -- "$2" 2>/dev/null; fi
    echo
}
SHOWN
exit 0
"""


async def read_authorities(context: ProbeContext, paths: Iterable[str]) -> dict[str, str]:
    """
    The certificates in files and directories on the target, as PEM; empty where there are none.

    Raises:
        ProbeError: There is no root shell on the target.
    """
    wanted = tuple(dict.fromkeys(path for path in paths if path))
    if not wanted:
        return {}
    shown = "\n".join(f"show {number} {quote(path)}" for number, path in enumerate(wanted))
    title = f"cat {' '.join(wanted)}"
    output = await run(context, _AUTHORITIES.replace("SHOWN", shown), title=title)
    parts = sections(output.stdout)
    return {path: parts.get(f"authorities {number}", "") for number, path in enumerate(wanted)}


async def look_at_tls(
    context: ProbeContext, server: BackendServer, authorities: str, prelude: Prelude | None = None
) -> BackendTls:
    """
    Shakes hands with *server*; whatever stands in the way is part of the facts.

    Args:
        context: The probe's context.
        server: The server.
        authorities: Certificates to verify it with, as PEM.
        prelude: Starts TLS in the server's protocol; None where the connection begins with it.
    """
    transcript = Transcript()
    try:
        async with dial_backend(context, server, transcript) as wire:
            refusal = await prelude(wire) if prelude else ""
            if refusal:
                return BackendTls(server, refusal=refusal, transcript=transcript.freeze())
            handshake = await wire.start_tls(TlsOffer(), server.name)
    except ProbeError as exc:
        doubt = Doubt(exc.cause, exc.detail)
        return BackendTls(server, doubt=doubt, transcript=transcript.freeze())
    ders = [base64.b64decode(each) for each in handshake.chain[:MAX_CHAIN]]
    trusted, detail = await asyncio.to_thread(_trust, ders, server.authorities, authorities)
    return BackendTls(
        server,
        handshake,
        chain=tuple(map(read_certificate, ders)),
        trusted=trusted,
        trust_detail=detail,
        transcript=transcript.freeze(),
    )


def require_verified(tls: BackendTls, where: object, undone: str) -> None:
    """
    Refuses to show a password to a server that is not who Dovecot takes it for.

    Args:
        tls: What its handshake showed.
        where: The server, as the settings name it.
        undone: What is left undone, for errors.

    Raises:
        ProbeError: BLOCKED if there was no TLS, or it is not verified; else what was in the way.
    """
    if tls.doubt is not None:
        raise ProbeError(tls.doubt.cause, tls.doubt.detail)
    if not tls.completed:
        raise ProbeError(Cause.BLOCKED, f"{undone}: {tls}")
    if not tls.verified:
        name = tls.server.name
        why = tls.trust_detail if not tls.trusted else f"the certificate is not for {name}"
        raise ProbeError(Cause.BLOCKED, f"{where}: {undone}, it is not verified: {why}")


def _trust(ders: list[bytes], path: str, pem: str) -> tuple[bool | None, str]:
    store = store_of(pem)
    if store is None:
        return None, f"no certificate can be read in {path}" if path else "no authority is named"
    return leads_to(store, ders) if ders else (False, "the server shows no certificate")
