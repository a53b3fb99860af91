"""
A second handshake at the client's wish, against OpenSSL with and without leave.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest
from trustme import KeyType

from mailvet.context import ProbeContext
from mailvet.facts.renegotiation import Renegotiation, RenegotiationFacts
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.renegotiation import probe_renegotiation
from mailvet.probes.session import probe_session
from mailvet.probes.tls import probe_versions
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import HOST_NAME, make_context
from tests.fakes.stubs import Visit, serving

KIND = (Protocol.IMAP, Security.IMPLICIT_TLS)
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which the standard library does not name."""


def imaps(
    *, options: int = 0, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> Callable[[Visit], Awaitable[None]]:
    """
    An IMAPS server with these options of OpenSSL.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.options |= options
    AUTHORITY.issue_cert(HOST_NAME, key_type=KeyType.RSA).configure_cert(context)

    async def play(visit: Visit) -> None:
        await visit.start_tls(context)
        await visit.send("* OK ready\r\n")
        while tag := (await visit.line()).split(" ", maxsplit=1)[0]:
            await visit.send(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n")

    return play


def observe(play: Callable[[Visit], Awaitable[None]]) -> RenegotiationFacts:
    """
    What the probe makes of a server.
    """
    probes = {"session": probe_session, "versions": probe_versions}

    def ask(port: int) -> ProbeContext:
        async def recall(name: str, endpoint: Endpoint | None) -> object:
            return await probes[name](ask(port))

        return make_context(port, *KIND, timeout=3.0, recall=recall)

    with serving(play, (("imaps", *KIND),)) as host:
        return asyncio.run(probe_renegotiation(ask(host.endpoints["imaps"].port)))


@pytest.mark.parametrize(
    ("play", "outcome"),
    [
        (imaps(), Renegotiation.REFUSED),
        (imaps(options=ALLOW_CLIENT_RENEGOTIATION), Renegotiation.PERFORMED),
        (imaps(minimum=ssl.TLSVersion.TLSv1_3), Renegotiation.IMPOSSIBLE),
    ],
)
def test_what_becomes_of_a_second_handshake_is_seen(
    play: Callable[[Visit], Awaitable[None]], outcome: Renegotiation
) -> None:
    """
    As OpenSSL has it by default, and as it had it before release 3.
    """
    assert observe(play).outcome is outcome
