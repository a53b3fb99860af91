"""
The probe of anonymous logins against small servers.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailvet.facts.anonymous import AnonymousFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.anonymous import probe_anonymous
from tests.fakes.context import make_context
from tests.fakes.stubs import Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
KIND = (Protocol.SUBMISSION, Security.STARTTLS)


def server(answer: str | None) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers AUTH so; without an answer it hangs up.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub ESMTP\r\n")
        while True:
            verb = (await visit.line())[:4].upper()
            if verb == "EHLO":
                await visit.send("250-stub\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
            elif verb == "STAR":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb == "QUIT":
                return
            elif verb == "AUTH":
                if answer is None:
                    return
                await visit.send(f"{answer}\r\n")
            else:
                await visit.send("250 Ok\r\n" if verb == "NOOP" else "501 cancelled\r\n")

    return play


def observe(answer: str | None) -> AnonymousFacts:
    """
    What the probe finds.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((OUTSIDE,), ())

    with serving(server(answer), (("stub", *KIND),)) as host:
        context = make_context(host.endpoints["stub"].port, *KIND, recall=recall, timeout=2.0)
        return asyncio.run(probe_anonymous(context))


def test_a_refusal_is_seen_in_both_layers() -> None:
    """
    Inside TLS and before it, with other commands accepted around it.
    """
    facts = observe("535 5.7.8 Error: authentication failed: Invalid authentication mechanism")
    assert [(each.tls, each.refused) for each in facts.logins] == [(True, True), (False, True)]


@pytest.mark.parametrize("answer", ["235 2.7.0 Ok", "334 "])
def test_a_server_that_takes_everybody_is_seen(answer: str) -> None:
    """
    At once, or after a question that anything answers.
    """
    assert len(observe(answer).taken) == 2


@pytest.mark.parametrize("answer", ["421 4.7.0 Too many errors", "454 4.7.0 Temporary", None])
def test_trouble_is_no_refusal(answer: str | None) -> None:
    """
    Neither a temporary failure nor a connection that ends without a word.
    """
    facts = observe(answer)
    assert len(facts.unclear) == 2
