"""
The session of an SMTP server with LMTP over TCP, against small servers.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.guarded_ports import GuardedPort
from mailvet.facts.lmtp_session import LmtpSession
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Expectations, ExpectLmtp, ExpectMail, Protocol, Security
from mailvet.probes.lmtp_session import probe_lmtp_session
from tests.fakes.context import DOMAIN, make_context, make_target
from tests.fakes.stubs import Visit, serving

MTA = "192.0.2.1"


def server(*, implicit: bool, starttls: bool = True) -> Callable[[Visit], Awaitable[None]]:
    """
    An LMTP server that knows alice and bob.
    """

    async def play(visit: Visit) -> None:
        if implicit:
            await visit.start_tls()
        await visit.send("220 stub LMTP\r\n")
        while True:
            line = await visit.line()
            verb = line[:4].upper()
            if verb == "LHLO":
                offer = "250-STARTTLS\r\n" if starttls and not visit.secured else ""
                await visit.send(f"250-stub\r\n{offer}250 PIPELINING\r\n")
            elif verb == "STAR" and starttls:
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb == "RCPT" and "<nobody" in line:
                await visit.send("550 5.1.1 unknown\r\n")
            elif verb == "QUIT":
                return
            else:
                await visit.send("502 no\r\n" if verb == "STAR" else "250 2.1.5 Ok\r\n")

    return play


def observe(
    play: Callable[[Visit], Awaitable[None]], *, implicit: bool = False, place: str = MTA
) -> LmtpSession:
    """
    What the probe finds.
    """
    security = Security.IMPLICIT_TLS if implicit else Security.STARTTLS
    with serving(play, (("stub", Protocol.SMTP, security),)) as host:
        port = host.endpoints["stub"].port

        async def recall(name: str, _: Endpoint | None) -> GuardedPort | StandpointFacts:
            if name == "lmtp_port":
                return GuardedPort(port, (MTA,), (), ())
            return StandpointFacts((Standpoint("mta", None, place),), ())

        expect = Expectations(
            mail=ExpectMail(domain=DOMAIN), lmtp=ExpectLmtp(port=port, implicit_tls=implicit)
        )
        target = make_target(tuple(host.endpoints.values()), expect=expect)
        context = make_context(port, target=target, recall=recall, timeout=2.0)
        return asyncio.run(probe_lmtp_session(context))


@pytest.mark.parametrize("implicit", [False, True])
def test_a_session_goes_into_tls_and_asks_for_recipients(*, implicit: bool) -> None:
    """
    STARTTLS or implicit TLS, then every account and a stranger.
    """
    seen = observe(server(implicit=implicit), implicit=implicit)
    assert seen.greeted
    assert seen.encrypted
    assert seen.certificate is not None
    assert [each.accepted for each in seen.known] == [True, True]
    assert seen.unknown is not None
    assert seen.unknown.unknown
    assert ("STARTTLS" in seen.offered) is not implicit


def test_a_server_without_starttls_is_seen_as_such() -> None:
    """
    No recipient is named in clear text.
    """
    seen = observe(server(implicit=False, starttls=False))
    assert seen.greeted
    assert not seen.encrypted
    assert seen.known == ()


def test_starttls_does_not_pass_for_implicit_tls() -> None:
    """
    The guide's listener greets in clear text, where a ClientHello was sent.
    """
    seen = observe(server(implicit=False), implicit=True)
    assert not seen.encrypted
    assert seen.failure


def test_without_a_place_that_is_admitted_nothing_is_tried() -> None:
    """
    A refusal anywhere else would say nothing.
    """
    with pytest.raises(ProbeError) as caught:
        observe(server(implicit=False), place="192.0.2.77")
    assert caught.value.cause is Cause.VANTAGE
