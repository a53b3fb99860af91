"""
The probes of versions, suites and Extended Master Secret against servers of every kind.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.ems import EmsFacts
from mailvet.facts.offers import STATIC_RSA, SuiteFacts, VersionFacts
from mailvet.facts.suites import weak_offers
from mailvet.facts.tls import Ending
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.session import probe_session
from mailvet.probes.tls import probe_ems, probe_suites, probe_versions
from tests.fakes.context import make_context
from tests.fakes.old_tls import old_tls_server, settings
from tests.fakes.stubs import Visit, serving

IMAPS = (("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),)
SMTP = (("smtp", Protocol.SMTP, Security.STARTTLS),)


def ask(port: int, protocol: Protocol = Protocol.IMAP, *, timeout: float = 3.0) -> ProbeContext:
    """
    The context of a probe of *port*, in which the facts that it needs can be asked for.
    """
    security = Security.STARTTLS if protocol is Protocol.SMTP else Security.IMPLICIT_TLS
    probes = {"session": probe_session, "versions": probe_versions}

    async def recall(name: str, endpoint: Endpoint | None) -> object:
        return await probes[name](ask(port, protocol, timeout=timeout))

    return make_context(port, protocol, security, timeout=timeout, recall=recall)


@contextlib.contextmanager
def playing(play: Callable[[Visit], Awaitable[None]]) -> Iterator[int]:
    """
    The port of an IMAPS server that does *play*.
    """
    with serving(play, IMAPS) as host:
        yield host.endpoints["imaps"].port


def versions_of(
    port: int, protocol: Protocol = Protocol.IMAP, *, timeout: float = 3.0
) -> VersionFacts:
    """
    What ``probe_versions`` finds on *port*.
    """
    return asyncio.run(probe_versions(ask(port, protocol, timeout=timeout)))


def suites_of(port: int) -> SuiteFacts:
    """
    What ``probe_suites`` finds on *port*.
    """
    return asyncio.run(probe_suites(ask(port)))


def ems_of(port: int) -> EmsFacts:
    """
    What ``probe_ems`` finds on *port*.
    """
    return asyncio.run(probe_ems(ask(port)))


def test_current_server_refuses_old_versions() -> None:
    """
    TLS 1.2 and 1.3 are accepted, all others answered with an alert.
    """
    with old_tls_server(settings()) as port:
        found = versions_of(port)
    assert found.accepted == ("TLSv1.2", "TLSv1.3")
    assert found.refusal_below("TLSv1.2").cause is None
    assert not found.asks_certificate


def test_old_server_is_found_out() -> None:
    """
    SSLv3, TLS 1.0 and TLS 1.1 are found on a server that has them.
    """
    with old_tls_server(settings(minimum=(3, 0), maximum=(3, 3))) as port:
        found = versions_of(port)
    assert found.older_than("TLSv1.2") == ("SSLv3", "TLSv1", "TLSv1.1")
    assert "TLSv1.3" not in found.accepted


def test_server_with_tls13_only() -> None:
    """
    TLS 1.2 refused and TLS 1.3 accepted is told from silence.
    """
    with old_tls_server(settings(minimum=(3, 4))) as port:
        found = versions_of(port)
    assert found.tls13_only


def test_old_versions_with_diffie_hellman_alone() -> None:
    """
    A server that has TLS 1.0 with DHE suites alone is found out by the second offer.
    """
    chosen = settings(minimum=(3, 1), exchanges=("dhe_rsa",))
    with old_tls_server(chosen) as port:
        found = versions_of(port)
    assert found.older_than("TLSv1.2") == ("TLSv1", "TLSv1.1")
    assert found.dh_bits[0] >= 2048


def test_broken_suites_are_named() -> None:
    """
    RC4, 3DES and static RSA are found, one by one.
    """
    chosen = settings(minimum=(3, 1), maximum=(3, 3), ciphers=("rc4", "3des", "aes128"))
    with old_tls_server(chosen) as port:
        found = suites_of(port)
    weak = found.weak(anonymous=False)
    assert {"TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"} <= set(weak)
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" in found.static_rsa


def test_sound_server_refuses_them_all() -> None:
    """
    A server with ECDHE and AES-GCM refuses every offer that it should.
    """
    with old_tls_server(settings(ciphers=("aes256gcm",), exchanges=("ecdhe_rsa",))) as port:
        found = suites_of(port)
    assert found.chosen == ()
    assert found.refusal(*weak_offers(), STATIC_RSA).cause is None


async def hang_up(visit: Visit) -> None:
    """
    Hangs up at the first octet, as a server without any certificate does.
    """
    await visit.receive()


async def stay_silent(visit: Visit) -> None:
    """
    Reads, and never answers.
    """
    await visit.ignore()


async def talk_clear_text(visit: Visit) -> None:
    """
    Answers a handshake with a line of text.
    """
    await visit.receive()
    await visit.send("* BYE no TLS here\r\n")
    await visit.ignore()


async def refuse_everything(visit: Visit) -> None:
    """
    Answers every handshake with a fatal alert.
    """
    await visit.receive()
    await visit.send(b"\x15\x03\x01\x00\x02\x02\x28")
    await visit.ignore()


@pytest.mark.parametrize("play", [hang_up, refuse_everything])
def test_refusing_everything_proves_nothing(play: Callable[[Visit], Awaitable[None]]) -> None:
    """
    Where no version is accepted at all, the refusals of old ones leave the question open.
    """
    with playing(play) as port:
        versions, suites = versions_of(port), suites_of(port)
    assert versions.accepted == ()
    assert versions.refusal_below("TLSv1.2").cause is Cause.BLOCKED
    assert suites.refusal(*weak_offers()).cause is Cause.BLOCKED


@pytest.mark.parametrize(
    ("play", "cause"), [(stay_silent, Cause.TIMEOUT), (talk_clear_text, Cause.BLOCKED)]
)
def test_no_answer_is_no_refusal(play: Callable[[Visit], Awaitable[None]], cause: Cause) -> None:
    """
    Silence and clear text in the place of TLS are no answers to an offer.
    """
    with playing(play) as port, pytest.raises(ProbeError) as caught:
        versions_of(port, timeout=0.5)
    assert caught.value.cause is cause


def test_server_that_gives_up_proves_nothing() -> None:
    """
    Who hangs up on everybody in the end may have done so before: that refuses no version.
    """
    visits = 0

    async def answer_ten(visit: Visit) -> None:
        nonlocal visits
        visits += 1
        if visits <= 10:
            await visit.start_tls(keep_pending=True)
            await visit.send("* OK ready\r\n")

    with playing(answer_ten) as port:
        found = versions_of(port)
    assert found.accepted == ("TLSv1.2", "TLSv1.3")
    assert found.refusal_below("TLSv1.2").cause is Cause.BLOCKED


async def starttls_turned_away(visit: Visit) -> None:
    """
    An SMTP server that has no time at STARTTLS.
    """
    await visit.send("220 mail1.example.com\r\n")
    await visit.line()
    await visit.send("250-mail1.example.com\r\n250 STARTTLS\r\n")
    await visit.line()
    await visit.send("454 4.7.0 TLS not available\r\n")
    await visit.ignore()


async def speak_before_the_handshake(visit: Visit) -> None:
    """
    An SMTP server behind whose reply to STARTTLS comes a line that nobody asked for.
    """
    await visit.send("220 mail1.example.com\r\n")
    await visit.line()
    await visit.send("250-mail1.example.com\r\n250 STARTTLS\r\n")
    await visit.line()
    await visit.send("220 go ahead\r\n250 unasked\r\n")
    await visit.ignore()


def test_clear_text_behind_the_reply_to_starttls_is_kept() -> None:
    """
    What stands between STARTTLS and the handshake is a fact of the session.
    """
    with serving(speak_before_the_handshake, SMTP) as host:
        port = host.endpoints["smtp"].port
        found = asyncio.run(probe_session(make_context(port, timeout=1.0)))
    assert found.injected == "250 unasked"
    assert found.handshake is not None
    assert not found.handshake.completed


def test_refused_starttls_is_no_refusal_of_a_version() -> None:
    """
    A 454 before the handshake says nothing about versions.
    """
    with serving(starttls_turned_away, SMTP) as host, pytest.raises(ProbeError) as caught:
        versions_of(host.endpoints["smtp"].port, protocol=Protocol.SMTP)
    assert caught.value.cause is Cause.BLOCKED
    assert "454" in caught.value.detail


@pytest.mark.parametrize(
    ("policy", "with_it", "without_it"),
    [("require", True, False), ("support", True, True), ("none", True, True)],
)
def test_extended_master_secret(policy: str, with_it: bool, without_it: bool) -> None:
    """
    Servers that require, support or lack it are told from each other.
    """
    with old_tls_server(settings(maximum=(3, 3), ems=policy)) as port:
        found = ems_of(port)
    assert found.offered.offered_ems
    assert not found.withheld.offered_ems
    assert (found.offered.completed, found.withheld.completed) == (with_it, without_it)
    assert found.offered.ems is (policy != "none")
    assert found.problem is None
    assert found.problem_without is None


def test_a_refusal_is_the_servers_own() -> None:
    """
    A server that requires the extension ends the handshake itself.
    """
    with old_tls_server(settings(maximum=(3, 3), ems="require")) as port:
        assert ems_of(port).withheld.ending is Ending.SERVER


def test_silence_is_no_refusal_of_sessions() -> None:
    """
    A server that does not answer a handshake is not asked twice.
    """
    with playing(stay_silent) as port, pytest.raises(ProbeError) as caught:
        asyncio.run(probe_ems(ask(port, timeout=0.3)))
    assert caught.value.cause is Cause.TIMEOUT
