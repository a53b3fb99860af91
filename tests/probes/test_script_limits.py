"""
A user who asks ManageSieve for too much.
"""

import asyncio
from typing import Any

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.script_limits import ScriptLimits
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes import sasl
from mailvet.probes.script_limits import probe_script_limits
from mailvet.probes.session import probe_session
from tests.fakes.context import make_account, make_context, make_target
from tests.fakes.stubs import Play, Visit, serving

KIND = (Protocol.SIEVE, Security.IMPLICIT_TLS)
CAPABILITIES = '"IMPLEMENTATION" "stub"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto"\r\nOK "ready"\r\n'


def server(*granted: str, login: bool = True, said: list[str] | None = None) -> Play:
    """
    A server that takes every password, and grants what begins with one of *granted*.
    """

    async def play(visit: Visit) -> None:
        await visit.start_tls()
        await visit.send(CAPABILITIES)
        while True:
            line = await visit.line()
            if said is not None:
                said.append(line)
            if line.startswith("AUTHENTICATE"):
                await visit.send('""\r\n')
                await visit.line()
                await visit.send("OK\r\n" if login else "NO\r\n")
            else:
                await visit.send("OK\r\n" if line.startswith(granted) else "NO\r\n")

    return play


def observe(play: Play) -> tuple[ScriptLimits, ProbeContext]:
    """
    What the probe makes of a server.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        return await probe_session(context)

    with serving(play, (("stub", *KIND),)) as host:
        target = make_target(tuple(host.endpoints.values()), accounts={"a": make_account("a")})
        port = host.endpoints["stub"].port
        context = make_context(port, *KIND, target=target, recall=recall, timeout=2.0)
        return asyncio.run(probe_script_limits(context)), context


def test_a_server_that_is_right_refuses_both() -> None:
    """
    Nothing is left to remove.
    """
    facts, context = observe(server("nothing"))
    assert facts.size.refused
    assert facts.name.refused
    assert context.ledger.outstanding("mail1") == ()


def test_room_without_bounds_shows() -> None:
    """
    RFC 5804 §2.5.
    """
    facts, _ = observe(server("HAVESPACE"))
    assert not facts.size.refused


@pytest.mark.parametrize("removable", [True, False])
def test_a_script_that_was_stored_outside_is_removed(removable: bool) -> None:
    """
    Or stays in the ledger, if the server does not remove it.
    """
    said: list[str] = []
    granted = ("PUTSCRIPT", "DELETESCRIPT") if removable else ("PUTSCRIPT",)
    facts, context = observe(server(*granted, said=said))
    assert not facts.name.refused
    assert any(line.startswith('DELETESCRIPT "../mailvet-') for line in said)
    left = context.ledger.outstanding(context.target.key)
    assert [each.name for each in left] == ([] if removable else ["../mailvet-mailvet-test"])


def test_without_a_login_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A refusal would be for another reason.
    """
    monkeypatch.setattr(sasl, "SECOND_TRY", 0.0)
    with pytest.raises(ProbeError) as caught:
        observe(server("nothing", login=False))
    assert caught.value.cause is Cause.BLOCKED
