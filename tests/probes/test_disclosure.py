"""
The probe of VRFY and EXPN against small servers that tell more or less.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.disclosure import DisclosureFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.disclosure import probe_disclosure
from mailvet.probes.session import probe_session
from tests.fakes.context import make_context
from tests.fakes.rcpt import smtp_server
from tests.fakes.stubs import Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)


def server(verify: Callable[[str], str]) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers VRFY as *verify* says, inside TLS only, and knows no EXPN.
    """

    def begin(visit: Visit) -> Callable[[str], str]:
        def answer(line: str) -> str:
            if line.upper().startswith("VRFY"):
                assert visit.secured, "asked in the clear although there is TLS"
                return verify(line.partition(" ")[2])
            return "250 Ok" if line.upper() == "NOOP" else "502 unknown command"

        return answer

    return smtp_server(begin)


def observe(play: Callable[[Visit], Awaitable[None]]) -> DisclosureFacts:
    """
    What the probe makes of a server.
    """
    kind = (Protocol.SMTP, Security.STARTTLS)

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if name == "standpoints":
            return StandpointFacts((OUTSIDE,), ())
        return await probe_session(context)

    with serving(play, (("stub", *kind),)) as host:
        context = make_context(host.endpoints["stub"].port, *kind, recall=recall, timeout=2.0)
        return asyncio.run(probe_disclosure(context))


def test_a_server_that_tells_nothing_answers_alike() -> None:
    """
    The address in the reply makes no difference.
    """
    facts = observe(server(lambda address: f"252 2.0.0 {address}"))

    assert [each.command for each in facts.questions] == ["VRFY", "EXPN"]
    assert facts.settled
    assert not facts.telling


def test_a_server_that_knows_its_users_is_seen() -> None:
    """
    252 for one and 550 for the other tell them apart.
    """
    facts = observe(server(lambda a: "252 Ok" if a.startswith("alice") else "550 5.1.1 Unknown"))

    assert [each.command for each in facts.telling] == ["VRFY"]


def test_a_server_that_hangs_up_blocks_the_question() -> None:
    """
    421 is no answer about an account.
    """
    with pytest.raises(ProbeError) as caught:
        observe(server(lambda _: "421 4.7.0 too many errors"))

    assert caught.value.cause is Cause.BLOCKED
