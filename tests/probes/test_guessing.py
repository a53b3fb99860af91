"""
Guessing passwords at servers that remember who failed, and at others.
"""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.dovecot import parse_dovecot
from mailvet.facts.guessing import Guessing
from mailvet.facts.login_policy import TRUSTED
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.guessing import GUESSES, probe_guessing
from tests.fakes.context import PASSWORD, make_account, make_context, make_target
from tests.fakes.stubs import Play, Visit, serving

KIND = (Protocol.SIEVE, Security.IMPLICIT_TLS)
CAPABILITIES = '"IMPLEMENTATION" "stub"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto"\r\nOK "ready"\r\n'
OUTSIDE = StandpointFacts((Standpoint("direct", None, "192.0.2.1"),), ())
STEP = 0.2
"""Seconds by which the stub's answers grow."""


def server(wait: Callable[[int], float], seen: list[str], *, open_to_all: bool = False) -> Play:
    """
    A server that answers a failing login after as many seconds as *wait* says for its number.
    """

    async def play(visit: Visit) -> None:
        await visit.start_tls()
        await visit.send(CAPABILITIES)
        while (line := await visit.line()).startswith("AUTHENTICATE"):
            await visit.send('""\r\n')
            answer = base64.b64decode((await visit.line()).strip('"')).decode()
            seen.append(answer.split("\0")[1])
            good = answer.endswith(f"\0{PASSWORD}") or open_to_all
            await asyncio.sleep(0 if good else wait(len(seen)))
            await visit.send("OK\r\n" if good else 'NO "Authentication failed."\r\n')
        assert line

    return play


def observe(play: Play, *, trusted: str = "") -> Guessing:
    """
    What the probe makes of a server that exempts the clients in *trusted*.
    """
    dovecot = parse_dovecot(f"@@all\n{TRUSTED} = {trusted}\n", ())

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if name == "failing_logins":
            raise ProbeError(Cause.BLOCKED, "they did not come about")
        return dovecot if name == "dovecot" else OUTSIDE

    with serving(play, (("stub", *KIND),)) as host:
        endpoints = tuple(host.endpoints.values())
        target = make_target(endpoints, accounts={"alice": make_account()})
        port = host.endpoints["stub"].port
        context = make_context(port, *KIND, target=target, recall=recall, timeout=2.0)
        return asyncio.run(probe_guessing(context))


def test_a_server_that_remembers_answers_later_and_later() -> None:
    """
    Somebody unknown fails twice, and a test account logs in behind him.
    """
    seen: list[str] = []
    facts = observe(server(lambda number: number * STEP, seen))

    assert facts.refused
    assert facts.growth >= STEP / 2
    assert len(seen) == GUESSES + 1
    assert not [each for each in seen[:GUESSES] if "alice" in each]
    assert "alice" in seen[-1]


def test_a_server_that_forgets_keeps_its_pace() -> None:
    """
    However slow that is.
    """
    facts = observe(server(lambda _: STEP, []))

    assert facts.refused
    assert facts.growth < STEP / 2


def test_a_server_that_takes_every_password_refuses_nobody() -> None:
    """
    Its pace means nothing.
    """
    assert not observe(server(lambda _: 0, [], open_to_all=True)).refused


@pytest.mark.parametrize("trusted", ["", "192.0.2.0/24"])
def test_clients_that_dovecot_does_not_hold_up_are_known(trusted: str) -> None:
    """
    login_trusted_networks.
    """
    assert observe(server(lambda _: 0, []), trusted=trusted).exempt == trusted
