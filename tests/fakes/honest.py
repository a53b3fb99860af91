"""
A small mail host that does everything right, and can be told to do one thing wrong.
"""

import contextlib
from collections.abc import Iterator

from mailvet.model import Protocol, Security
from tests.fakes.honest_access import Pop3Session, SieveSession
from tests.fakes.honest_imap import ImapSession
from tests.fakes.honest_session import Flaw, HonestHost, Session
from tests.fakes.honest_smtp import SmtpSession
from tests.fakes.stubs import SERVICES, Play, StubHost, Visit, serving

_SESSIONS: dict[Protocol, type[Session]] = {
    Protocol.SMTP: SmtpSession,
    Protocol.SUBMISSION: SmtpSession,
    Protocol.IMAP: ImapSession,
    Protocol.POP3: Pop3Session,
    Protocol.SIEVE: SieveSession,
}


def serve(host: HonestHost) -> Play:
    """
    All services of *host*.
    """

    async def play(visit: Visit) -> None:
        if visit.endpoint.security is Security.IMPLICIT_TLS:
            await visit.start_tls()
        await _SESSIONS[visit.endpoint.protocol](host, visit).serve()

    return play


@contextlib.contextmanager
def honest(
    flaw: Flaw | None = None, *, address: str = "127.0.0.1"
) -> Iterator[tuple[StubHost, HonestHost]]:
    """
    A running host with all services, and its state.
    """
    host = HonestHost(flaw)
    with serving(serve(host), SERVICES, address=address) as stub:
        yield stub, host
