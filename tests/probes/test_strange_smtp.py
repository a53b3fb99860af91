"""
SMTP with commands of long ago, and without waiting for replies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.session import probe_session
from mailvet.probes.strange_smtp import probe_obsolete_commands, probe_pipelining
from tests.fakes.context import make_context
from tests.fakes.stubs import Play, Visit, serving

Facts = TypeVar("Facts")
KIND = (Protocol.SMTP, Security.CLEARTEXT)
ORDINARY = ("EHLO", "NOOP", "MAIL", "QUIT")


def server(*granted: str, patient: bool = True, sender: str = "250 2.1.0 Ok\r\n") -> Play:
    """
    A server that knows ordinary commands and those *granted*.

    Args:
        granted: Further commands.
        patient: Whether it puts up with clients that do not wait.
        sender: What it says to MAIL.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub ESMTP\r\n")
        while True:
            line = await visit.line()
            verb = line.split(maxsplit=1)[0].upper()
            if visit.early and not patient:
                await visit.send("554 5.5.0 Error: SMTP protocol synchronization\r\n")
                return
            known = verb in {*ORDINARY, *granted}
            reply = sender if verb == "MAIL" else "250 2.0.0 Ok\r\n"
            await visit.send(reply if known else "500 5.5.2 unknown command\r\n")

    return play


def observe(play: Play, probe: Callable[[ProbeContext], Awaitable[Facts]]) -> Facts:
    """
    What *probe* makes of a server.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        return await probe_session(context)

    async def run() -> Facts:
        return await probe(context)

    with serving(play, (("stub", *KIND),)) as host:
        context = make_context(host.endpoints["stub"].port, *KIND, recall=recall, timeout=2.0)
        return asyncio.run(run())


def test_all_commands_of_long_ago_are_tried() -> None:
    """
    And refused by a server that is right.
    """
    facts = observe(server(), probe_obsolete_commands)
    said = {each.said.split(maxsplit=1)[0] for each in facts.attempts}
    assert said == {"DEBUG", "WIZ", "TURN", "SEND", "SOML", "SAML"}
    assert all(each.refused for each in facts.attempts)


def test_a_command_that_is_granted_shows() -> None:
    """
    With its name.
    """
    facts = observe(server("WIZ"), probe_obsolete_commands)
    assert [each.said for each in facts.attempts if not each.refused] == ["WIZ"]


@pytest.mark.parametrize("patient", [True, False])
def test_a_client_that_does_not_wait(patient: bool) -> None:
    """
    Gets its sender taken, or is turned away; one that waits gets it taken anyhow.
    """
    facts = observe(server(patient=patient), probe_pipelining)
    assert not facts.control.refused
    assert facts.early.refused is not patient


def test_where_no_sender_is_taken_haste_shows_nothing() -> None:
    """
    The refusal would have another reason.
    """
    with pytest.raises(ProbeError) as caught:
        observe(server(sender="530 5.7.0 STARTTLS first\r\n"), probe_pipelining)
    assert caught.value.cause is Cause.BLOCKED
