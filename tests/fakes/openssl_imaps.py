"""
An IMAPS server of OpenSSL's, whose settings are known, and the context of a probe that visits it.
"""

import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from trustme import KeyType

from mailvet.context import ProbeContext
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.session import probe_session
from mailvet.probes.tls import probe_suites, probe_versions
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import HOST_NAME, make_context
from tests.fakes.stubs import Visit, serving

KIND = (Protocol.IMAP, Security.IMPLICIT_TLS)

_PROBES = {"session": probe_session, "versions": probe_versions, "suites": probe_suites}


def imaps(
    *,
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    options: int = 0,
    ciphers: str = "",
    curve: str = "",
    alpn: str = "",
) -> Callable[[Visit], Awaitable[None]]:
    """
    A server with an RSA key and these settings; what is empty is as OpenSSL has it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.options |= options
    if ciphers:
        context.set_ciphers(ciphers)
    if curve:
        context.set_ecdh_curve(curve)
    if alpn:
        context.set_alpn_protocols([alpn])
    AUTHORITY.issue_cert(HOST_NAME, key_type=KeyType.RSA).configure_cert(context)

    async def play(visit: Visit) -> None:
        await visit.start_tls(context)
        await visit.send("* OK ready\r\n")
        while tag := (await visit.line()).split(" ", maxsplit=1)[0]:
            await visit.send(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n")

    return play


@contextmanager
def listening(play: Callable[[Visit], Awaitable[None]]) -> Iterator[int]:
    """
    The port of a server.
    """
    with serving(play, (("imaps", *KIND),)) as host:
        yield host.endpoints["imaps"].port


def visiting(port: int) -> ProbeContext:
    """
    The context of a probe that needs to know the session and the versions first.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> object:
        return await _PROBES[name](visiting(port))

    return make_context(port, *KIND, timeout=3.0, recall=recall)
