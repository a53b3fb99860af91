"""
The session probe against servers that behave, misbehave, and do not answer.
"""

import asyncio
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.session import in_clear, probe_session, secured
from tests.fakes.context import make_context
from tests.fakes.personalities import PERSONALITIES
from tests.fakes.script import Answer, Script
from tests.fakes.stubs import SERVICES, StubHost, Visit, serving

TIMEOUT = 0.4
"""Seconds for each wait of a probe; nothing on the loopback interface needs as long."""

DEADLINE = 10.0
"""Seconds in which a probe must come to an end, whatever the server does."""

STARTING_CLEAR = [name for name, _, security in SERVICES if security is Security.STARTTLS]

Outcome = SessionFacts | ProbeError


async def observe(endpoint: Endpoint, *, timeout: float = TIMEOUT) -> Outcome:
    """
    What the session probe makes of *endpoint*.
    """
    context = make_context(endpoint.port, endpoint.protocol, endpoint.security, timeout=timeout)
    try:
        async with asyncio.timeout(DEADLINE):
            return await probe_session(context)
    except ProbeError as exc:
        return exc


def observe_all(host: StubHost, *, timeout: float = TIMEOUT) -> dict[str, Outcome]:
    """
    What the session probe makes of every service of *host*, all of them at once.
    """

    async def gather() -> list[Outcome]:
        return await asyncio.gather(
            *(observe(each, timeout=timeout) for each in host.endpoints.values())
        )

    return dict(zip(host.endpoints, asyncio.run(gather()), strict=True))


@pytest.fixture(scope="module", params=list(PERSONALITIES))
def character(request: pytest.FixtureRequest) -> Iterator[tuple[str, StubHost, dict[str, Outcome]]]:
    """
    Each personality, with what was observed of it.
    """
    with serving(PERSONALITIES[request.param].play) as host:
        yield request.param, host, observe_all(host)


class TestAnyServer:
    """
    What holds whatever the server does.
    """

    def test_an_error_says_what_happened(
        self, character: tuple[str, StubHost, dict[str, Outcome]]
    ) -> None:
        """
        Without facts there is a cause other than our own fault, words and a transcript.
        """
        for outcome in character[2].values():
            if isinstance(outcome, ProbeError):
                assert outcome.cause in {Cause.UNREACHABLE, Cause.TIMEOUT, Cause.BLOCKED}
                assert outcome.detail
                assert outcome.transcript

    def test_only_a_complete_handshake_counts_as_secured(
        self, character: tuple[str, StubHost, dict[str, Outcome]]
    ) -> None:
        """
        A session is secured only if the server completed a handshake, too.
        """
        _, host, outcomes = character
        for name, outcome in outcomes.items():
            if isinstance(outcome, SessionFacts) and outcome.secured:
                visits = [each for each in host.received if each.endpoint.name == name]
                assert any(each.handshake for each in visits)

    def test_whatever_came_is_bounded_and_printable(
        self, character: tuple[str, StubHost, dict[str, Outcome]]
    ) -> None:
        """
        No octet of the server reaches a terminal as it is, and a transcript stays short.
        """
        for outcome in character[2].values():
            text = "\n".join(map(str, outcome.transcript))
            assert len(text) < 500_000
            assert "".join(text.splitlines()).replace("…", "").isprintable()
            assert text.isascii() or "…" in text


CAUSES = [
    ("closed", {Cause.UNREACHABLE}),
    ("silent", {Cause.TIMEOUT}),
    ("drip", {Cause.TIMEOUT}),
    # Whether the reset arrives before connect() returns or after it is up to the kernel.
    ("reset", {Cause.UNREACHABLE, Cause.BLOCKED}),
    ("reset after greeting", {Cause.BLOCKED}),
    ("garbage", {Cause.BLOCKED}),
    ("endless line", {Cause.BLOCKED}),
    ("endless reply", {Cause.BLOCKED}),
    ("wrong protocol", {Cause.BLOCKED}),
    ("slow close", {Cause.BLOCKED}),
]


@pytest.mark.parametrize(("name", "causes"), CAUSES)
def test_a_server_that_does_not_speak_its_protocol_leaves_no_facts(
    name: str, causes: set[Cause]
) -> None:
    """
    Where the greeting or the capabilities never come, the error has the cause that fits.
    """
    with serving(PERSONALITIES[name].play) as host:
        outcomes = observe_all(host)
    for service in STARTING_CLEAR:
        outcome = outcomes[service]
        assert isinstance(outcome, ProbeError), service
        assert outcome.cause in causes, f"{service}: {outcome.detail}"


@pytest.mark.parametrize("name", ["silent", "garbage", "TLS garbage", "TLS alert"])
def test_a_handshake_that_fails_is_a_fact(name: str) -> None:
    """
    On a port with implicit TLS the failed handshake is what was observed.
    """
    with serving(PERSONALITIES[name].play) as host:
        outcome = observe_all(host)["imaps"]
    assert isinstance(outcome, SessionFacts)
    assert outcome.handshake is not None
    assert not outcome.handshake.completed
    assert outcome.handshake.failure
    assert not outcome.secured


@pytest.mark.parametrize("name", ["421", "554 banner"])
def test_a_server_that_turns_clients_away_announces_nothing(name: str) -> None:
    """
    The unfriendly greeting is a fact, and STARTTLS was not announced.
    """
    with serving(PERSONALITIES[name].play) as host:
        outcomes = observe_all(host)
    for service in STARTING_CLEAR:
        outcome = outcomes[service]
        assert isinstance(outcome, SessionFacts)
        assert outcome.greeting is not None
        assert not outcome.greeting.positive
        assert outcome.starttls is None


@pytest.mark.parametrize("service", [name for name, _, _ in SERVICES])
def test_a_friendly_server_is_seen_inside_tls(service: str) -> None:
    """
    STARTTLS is accepted, or TLS is there from the start; the server speaks inside.
    """
    with serving(Script()) as host:
        outcome = observe_all(host, timeout=5.0)[service]
    assert isinstance(outcome, SessionFacts)
    assert outcome.secured
    assert outcome.injected == ""
    assert outcome.after is not None
    assert outcome.after.sasl_mechanisms[:1] == ("PLAIN",)
    assert outcome.handshake is not None
    assert outcome.handshake.version == "TLSv1.3"
    assert outcome.handshake.chain


@pytest.mark.parametrize("service", STARTING_CLEAR)
@pytest.mark.parametrize(
    "name", ["accepts everything in clear text", "TLS garbage", "TLS alert", "TLS silence"]
)
def test_accepting_starttls_without_tls_is_not_secured(name: str, service: str) -> None:
    """
    A positive reply to STARTTLS with no handshake behind it leaves the session in clear text.
    """
    with serving(PERSONALITIES[name].play) as host:
        outcome = asyncio.run(observe(host.endpoints[service]))
    assert isinstance(outcome, SessionFacts)
    assert outcome.starttls is not None
    assert outcome.starttls.positive
    assert outcome.handshake is not None
    assert not outcome.handshake.completed
    assert not outcome.secured


@pytest.mark.parametrize("service", STARTING_CLEAR)
def test_a_server_that_dies_inside_tls_is_not_secured(service: str) -> None:
    """
    The handshake completed, but nothing was said inside.
    """
    with serving(Script(inside=Answer.HANG_UP)) as host:
        endpoint = host.endpoints[service]
        outcome = asyncio.run(observe(endpoint, timeout=2.0))
    assert isinstance(outcome, SessionFacts)
    assert outcome.handshake is not None
    assert outcome.handshake.completed
    # ManageSieve announces its capabilities again without being asked, so it spoke already.
    assert outcome.secured is (endpoint.protocol is Protocol.SIEVE)


@pytest.mark.parametrize("service", STARTING_CLEAR)
def test_replies_that_come_too_early_are_not_taken_for_answers(service: str) -> None:
    """
    A server that says more than it was asked for is not believed.
    """
    with serving(PERSONALITIES["early talker"].play) as host:
        outcome = asyncio.run(observe(host.endpoints[service]))
    if isinstance(outcome, ProbeError):
        assert outcome.cause is Cause.BLOCKED
    else:
        assert outcome.injected
        assert not outcome.secured


@pytest.mark.parametrize("service", STARTING_CLEAR)
def test_clear_text_behind_the_starttls_reply_is_seen(service: str) -> None:
    """
    What somebody puts behind the reply to STARTTLS is written down, and is no part of TLS.
    """
    with serving(injecting) as host:
        outcome = asyncio.run(observe(host.endpoints[service]))
    assert isinstance(outcome, SessionFacts)
    assert "INJECTED" in outcome.injected
    assert not outcome.secured


async def injecting(visit: Visit) -> None:
    """
    Answers STARTTLS with a line too many.
    """
    await visit.send(visit.grammar.greeting.format(words="ready"))
    if visit.endpoint.protocol is not Protocol.SIEVE:
        tag = (await visit.command()).tag
        await visit.send(visit.grammar.capabilities(tag, starttls=True, auth=True))
    reply = visit.grammar.success(await visit.command())
    await visit.send(f"{reply}INJECTED\r\n")
    await visit.ignore()


@pytest.mark.parametrize("name", ["endless line", "endless reply", "huge multi-line reply"])
def test_a_flood_does_not_fill_the_memory(name: str) -> None:
    """
    Megabytes from a server cost a fraction of that.
    """
    with serving(PERSONALITIES[name].play) as host:
        asyncio.run(observe(host.endpoints["smtp"]))  # so that imports are not counted
        tracemalloc.start()
        try:
            outcome = asyncio.run(observe(host.endpoints["smtp"], timeout=5.0))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(outcome, ProbeError)
    assert outcome.cause is Cause.BLOCKED
    assert peak < 8_000_000


class TestSecured:
    """
    The dialogue in which other probes log in.
    """

    @pytest.mark.parametrize("service", [name for name, _, _ in SERVICES])
    def test_gives_a_dialogue_inside_tls(self, service: str) -> None:
        """
        With a server that does TLS there is a dialogue and its capabilities.
        """
        with serving(Script()) as host:
            endpoint = host.endpoints[service]
            context = make_context(endpoint.port, endpoint.protocol, endpoint.security, timeout=5)

            async def talk() -> bool:
                async with secured(context) as (speaker, capabilities):
                    assert capabilities.sasl_mechanisms
                    return (await speaker.command("NOOP")).positive

            assert asyncio.run(talk())
            assert b"NOOP" in host.received[0].secured

    @pytest.mark.parametrize("name", [name for name, each in PERSONALITIES.items() if not each.tls])
    def test_never_speaks_in_clear_text(self, name: str) -> None:
        """
        Without TLS there is no dialogue to log in, whatever the server answered.
        """

        async def talk(endpoint: Endpoint) -> str:
            context = make_context(
                endpoint.port, endpoint.protocol, endpoint.security, timeout=TIMEOUT
            )
            try:
                async with asyncio.timeout(DEADLINE), secured(context):
                    return "spoke without TLS"
            except ProbeError as exc:
                return exc.cause

        async def talk_to_all(endpoints: Iterable[Endpoint]) -> list[str]:
            return await asyncio.gather(*map(talk, endpoints))

        with serving(PERSONALITIES[name].play) as host:
            causes = asyncio.run(talk_to_all(host.endpoints.values()))
        assert set(causes) <= {Cause.UNREACHABLE, Cause.TIMEOUT, Cause.BLOCKED}


@pytest.mark.parametrize("service", STARTING_CLEAR)
def test_in_clear_gives_a_dialogue_before_tls(service: str) -> None:
    """
    The dialogue before TLS is the one that a careless client would log in on.
    """
    with serving(Script()) as host:
        endpoint = host.endpoints[service]
        context = make_context(endpoint.port, endpoint.protocol, endpoint.security, timeout=5)

        async def talk() -> bool:
            async with in_clear(context) as (speaker, capabilities):
                assert "STARTTLS" in capabilities or "STLS" in capabilities
                return (await speaker.command("NOOP")).positive

        assert asyncio.run(talk())
        assert b"NOOP" in host.received[0].clear


def test_the_name_in_ehlo_is_the_first_line_of_the_reply() -> None:
    """
    The lines behind it are keywords.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub\r\n")
        await visit.line()
        await visit.send("250-mail1.example.com Hello\r\n250-SIZE 1000\r\n250 8BITMIME\r\n")
        await visit.ignore()

    with serving(play, (("stub", Protocol.SMTP, Security.STARTTLS),)) as host:
        outcome = asyncio.run(observe(host.endpoints["stub"], timeout=2.0))

    assert isinstance(outcome, SessionFacts)
    assert outcome.hello == "mail1.example.com Hello"
