"""
Knocking at services that answer, refuse, or say something else.
"""

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.reach import ExposureFacts, Outcome, ReachFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes import exposure
from mailvet.probes.exposure import probe_exposure
from mailvet.probes.reach import probe_reach, probe_reachability
from tests.fakes.context import make_context, make_target


@asynccontextmanager
async def saying(words: bytes) -> AsyncIterator[int]:
    """A server that says *words* and waits; yields its port."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def knock(words: bytes, **changes: Any) -> ReachFacts:  # noqa: ANN401
    """What a server that says *words* comes to."""
    async with saying(words) as port:
        return await probe_reach(make_context(port, timeout=0.4, **changes))


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (b"220 mail1.example.com ESMTP\r\n", Outcome.GREETED),
        (b"554 no\r\n", Outcome.ELSE),
        (b"* OK ready\r\n", Outcome.ELSE),
        (b"", Outcome.SILENT),
    ],
)
def test_reach_records_what_it_saw(words: bytes, outcome: Outcome) -> None:
    """Every way to answer is an observation."""
    facts = asyncio.run(knock(words))

    assert [each.outcome for each in facts.attempts] == [outcome]
    assert facts.answers
    assert facts.transcript


def test_reach_without_tls_where_tls_comes_first() -> None:
    """Clear text on a port with implicit TLS is no greeting."""
    facts = asyncio.run(knock(b"220 ready\r\n", security=Security.IMPLICIT_TLS))

    assert facts.attempts[0].outcome is Outcome.NO_TLS


def test_reach_refused() -> None:
    """A closed port is an observation, not an error."""
    facts = asyncio.run(probe_reach(make_context(closed_port())))

    assert facts.attempts[0].outcome is Outcome.REFUSED
    assert not facts.answers
    assert not facts.greeted


def test_reach_of_a_name_that_does_not_resolve() -> None:
    """A name that does not resolve says nothing about the host."""
    target = make_target(address="mail1.invalid")

    with pytest.raises(ProbeError) as caught:
        asyncio.run(probe_reach(make_context(25, target=target)))

    assert caught.value.cause is Cause.UNREACHABLE


def test_reachability_sums_up() -> None:
    """Every declared service is listed with whether it answers."""

    async def ask() -> Any:  # noqa: ANN401
        async with saying(b"220 ready\r\n") as port:
            services = tuple(
                Endpoint(name, Protocol.SMTP, number, Security.STARTTLS)
                for name, number in (("smtp", port), ("other", closed_port()))
            )
            target = make_target(services)
            context = make_context(port, target=target)

            async def recall(_: str, endpoint: Endpoint | None) -> ReachFacts:
                return await probe_reach(dataclasses.replace(context, endpoint=endpoint))

            return await probe_reachability(dataclasses.replace(context, recall=recall))

    facts = asyncio.run(ask())

    assert [(name, answers) for name, _, answers in facts.services] == [
        ("smtp", True),
        ("other", False),
    ]


async def exposed(monkeypatch: pytest.MonkeyPatch, *, control: bool) -> ExposureFacts:
    """A host with one undeclared port open, one closed, and a declared one that may answer."""
    shut = closed_port()
    async with saying(b"220 x\r\n") as declared, saying(b"200 old\r\n") as stray:
        monkeypatch.setattr(exposure, "undeclared", lambda *_: (stray, shut))
        port = declared if control else closed_port()
        here = StandpointFacts((Standpoint("direct", None, "192.0.2.9", in_mynetworks=False),), ())

        async def recall(name: str, _: Endpoint | None) -> StandpointFacts:
            if name == "standpoints":
                return here
            raise ProbeError(Cause.PRIVILEGE, "no shell")

        return await probe_exposure(make_context(port, recall=recall))


def test_exposure_names_open_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The open port is found, with what it says, beside a declared one that answers."""
    facts = asyncio.run(exposed(monkeypatch, control=True))

    assert len(facts.open) == 1
    assert "200 old" in facts.open[0].detail
    assert len(facts.controls) == 1
    assert len(facts.ports) == 2


def test_exposure_without_positive_control_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no declared port answers, silence elsewhere is no evidence."""
    with pytest.raises(ProbeError) as caught:
        asyncio.run(exposed(monkeypatch, control=False))

    assert caught.value.cause is Cause.BLOCKED
