"""
Sessions that another connection goes on with, against OpenSSL and a server without its scruples.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest

from mailvet.facts.resumption import ResumptionFacts
from mailvet.probes.resumption import probe_resumption
from tests.fakes.old_tls import Forgetful, old_tls_server, settings
from tests.fakes.openssl_imaps import imaps, listening, visiting
from tests.fakes.stubs import Visit

NO_EXTENDED_MASTER_SECRET = 0x1


def observe(port: int) -> ResumptionFacts:
    """
    What the probe makes of a server.
    """
    return asyncio.run(probe_resumption(visiting(port)))


def test_openssl_goes_on_with_sessions_as_they_began() -> None:
    """
    It refuses a session that lost the extension, and begins anew where one gained it.
    """
    with listening(imaps()) as port:
        found = observe(port)

    assert found.alike is not None
    assert found.alike.resumed
    assert found.dropped is not None
    assert (found.dropped.resumed, found.dropped.completed) == (False, False)
    assert found.gained is not None
    assert (found.gained.resumed, found.gained.completed) == (False, True)
    assert found.problem is None
    assert found.wrong == ""


def test_sessions_that_the_server_keeps_are_resumed_like_those_in_tickets() -> None:
    """
    The older of the two ways, with a session id.
    """
    with listening(imaps(options=ssl.OP_NO_TICKET)) as port:
        found = observe(port)

    assert found.alike is not None
    assert found.alike.resumed


def test_a_server_without_memory_resumes_nothing() -> None:
    """
    As Dovecot, whose login processes have keys of their own for tickets.
    """
    with old_tls_server(settings(maximum=(3, 3))) as port:
        found = observe(port)

    assert found.alike is not None
    assert found.alike.completed
    assert not found.alike.resumed
    assert not found.impossible


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (imaps(minimum=ssl.TLSVersion.TLSv1_3), "the server accepts TLS 1.3 only"),
        (imaps(options=NO_EXTENDED_MASTER_SECRET), "no session of TLS 1.2 has"),
    ],
)
def test_where_no_session_has_the_extension_the_rule_is_about_nothing(
    play: Callable[[Visit], Awaitable[None]], reason: str
) -> None:
    """
    EMS-01 says the rest.
    """
    with listening(play) as port:
        found = observe(port)

    assert found.impossible.startswith(reason)
    assert found.alike is None


def test_a_server_that_forgets_how_a_session_began_is_seen() -> None:
    """
    It goes on with the extension where there was none.
    """
    with old_tls_server(settings(maximum=(3, 3)), Forgetful()) as port:
        found = observe(port)

    assert found.alike is not None
    assert found.alike.resumed
    assert found.wrong
