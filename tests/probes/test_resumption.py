"""
Sessions that another connection goes on with, against OpenSSL and a server without its scruples.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from trustme import KeyType

from mailvet.context import ProbeContext
from mailvet.facts.resumption import ResumptionFacts
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.resumption import probe_resumption
from mailvet.probes.session import probe_session
from mailvet.probes.tls import probe_versions
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import HOST_NAME, make_context
from tests.fakes.old_tls import Forgetful, old_tls_server, settings
from tests.fakes.stubs import Visit, serving

KIND = (Protocol.IMAP, Security.IMPLICIT_TLS)
NO_EXTENDED_MASTER_SECRET = 0x1


def imaps(
    *, options: int = 0, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> Callable[[Visit], Awaitable[None]]:
    """
    An IMAPS server of OpenSSL with these options.
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


@contextmanager
def openssl(play: Callable[[Visit], Awaitable[None]]) -> Iterator[int]:
    """
    The port of a server.
    """
    with serving(play, (("imaps", *KIND),)) as host:
        yield host.endpoints["imaps"].port


def observe(port: int) -> ResumptionFacts:
    """
    What the probe makes of a server.
    """
    probes = {"session": probe_session, "versions": probe_versions}

    async def recall(name: str, endpoint: Endpoint | None) -> object:
        return await probes[name](ask())

    def ask() -> ProbeContext:
        return make_context(port, *KIND, timeout=3.0, recall=recall)

    return asyncio.run(probe_resumption(ask()))


def test_openssl_goes_on_with_sessions_as_they_began() -> None:
    """
    It refuses a session that lost the extension, and begins anew where one gained it.
    """
    with openssl(imaps()) as port:
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
    with openssl(imaps(options=ssl.OP_NO_TICKET)) as port:
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
        (imaps(minimum=ssl.TLSVersion.TLSv1_3), "TLS 1.2 is not accepted"),
        (imaps(options=NO_EXTENDED_MASTER_SECRET), "no session of TLS 1.2 has"),
    ],
)
def test_where_no_session_has_the_extension_the_rule_is_about_nothing(
    play: Callable[[Visit], Awaitable[None]], reason: str
) -> None:
    """
    EMS-01 says the rest.
    """
    with openssl(play) as port:
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
