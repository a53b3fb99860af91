"""
Connecting to port 25 more often than a client may.
"""

import asyncio
from collections import Counter

import pytest

from mailvet.context import ProbeContext
from mailvet.facts.connection_rate import ConnectionRate
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes import connection_rate
from mailvet.probes.connection_rate import MOST, probe_connection_rate
from tests.fakes.context import make_context
from tests.fakes.stubs import Visit, serving

SMTP = (("smtp", Protocol.SMTP, Security.STARTTLS),)


def configured(limit: int) -> PostfixConfig:
    """
    A Postfix with this limit.
    """
    settings = {"smtpd_client_connection_rate_limit": f"{limit}", "anvil_rate_time_unit": "60s"}
    return PostfixConfig("3.7.11", "/etc/postfix", settings, settings, (), (), ())


def tried(monkeypatch: pytest.MonkeyPatch, *, limit: int, holds: int) -> tuple[ConnectionRate, int]:
    """
    What comes of a server that greets *holds* clients, and how many came.
    """
    visits: Counter[str] = Counter()

    async def outside(_: ProbeContext) -> Standpoint:
        return Standpoint("direct", None, "192.0.2.1")

    async def recall(_: str, __: Endpoint | None) -> PostfixConfig:
        return configured(limit)

    async def play(visit: Visit) -> None:
        visits["smtp"] += 1
        if visits["smtp"] > holds:
            await visit.send("421 4.7.0 Error: too many connections\r\n")
            return
        await visit.send("220 mx1.example.com ESMTP\r\n")
        await visit.line()
        await visit.send("221 2.0.0 Bye\r\n")

    monkeypatch.setattr(connection_rate, "outside", outside)
    with serving(play, SMTP) as stub:
        service = stub.endpoint(Protocol.SMTP, Security.STARTTLS)
        context = make_context(service.port, recall=recall, timeout=5.0)
        return asyncio.run(probe_connection_rate(context)), visits["smtp"]


def test_a_limit_that_holds_ends_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nobody is bothered further.
    """
    found, visits = tried(monkeypatch, limit=5, holds=5)
    assert found.refusal.startswith("421")
    assert visits == len(found.greetings) == 6


def test_a_limit_that_does_not_hold_is_passed_by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    That is enough to know.
    """
    found, visits = tried(monkeypatch, limit=5, holds=100)
    assert (found.refusal, visits) == ("", 7)
    assert found.in_time


@pytest.mark.parametrize("limit", [0, MOST + 1])
def test_no_limit_and_a_high_one_are_not_tried(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """
    The server hears nothing of it.
    """
    found, visits = tried(monkeypatch, limit=limit, holds=100)
    assert (found.greetings, visits) == ((), 0)
