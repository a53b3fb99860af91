"""
A second handshake at the client's wish, against OpenSSL with and without leave.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest

from mailvet.facts.renegotiation import Renegotiation
from mailvet.probes.renegotiation import probe_renegotiation
from tests.fakes.openssl_imaps import imaps, listening, visiting
from tests.fakes.stubs import Visit

ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which the standard library does not name."""


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
    with listening(play) as port:
        found = asyncio.run(probe_renegotiation(visiting(port)))

    assert found.outcome is outcome
