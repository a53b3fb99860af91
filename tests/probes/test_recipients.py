"""
The recipients probe against small servers with different ideas of who exists.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.recipients import RecipientFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.recipients import probe_recipients
from tests.fakes.context import make_context
from tests.fakes.rcpt import mail_server
from tests.fakes.stubs import Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
USERS = {"alice@example.com", "bob@example.com"}


def strict(recipient: str) -> str:
    """
    What a right server says.
    """
    return "250 2.1.5 Ok" if recipient in USERS else "550 5.1.1 User unknown"


def observe(play: Callable[[Visit], Awaitable[None]]) -> RecipientFacts:
    """
    What the probe makes of a server.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((OUTSIDE,), ())

    kind = (Protocol.SMTP, Security.STARTTLS)
    with serving(play, (("stub", *kind),)) as host:
        context = make_context(host.endpoints["stub"].port, *kind, recall=recall, timeout=2.0)
        return asyncio.run(probe_recipients(context))


def test_known_accounts_are_accepted_and_an_invented_one_is_refused() -> None:
    """
    All in one session, which ends before DATA.
    """
    facts = observe(mail_server(strict))

    assert [each.address for each in facts.accepted] == ["alice@example.com", "bob@example.com"]
    assert facts.unknown.address.endswith("@example.com")
    assert facts.unknown.unknown
    assert facts.settled


def test_a_server_that_takes_everything_is_seen() -> None:
    """
    Its bounces go to forged senders later.
    """
    assert observe(mail_server(lambda _: "250 Ok")).takes_anybody


def test_greylisting_settles_nothing() -> None:
    """
    450 means neither yes nor no.
    """
    facts = observe(mail_server(lambda _: "450 4.7.1 Greylisted"))

    assert not facts.settled
    assert not facts.lost


def test_a_server_that_insists_on_tls_is_asked_inside_it() -> None:
    """
    530 before STARTTLS is no answer about recipients.
    """
    assert observe(mail_server(strict, tls_only=True)).settled


def test_a_refused_empty_sender_blocks_the_question() -> None:
    """
    Without MAIL no reply to RCPT would mean anything.
    """
    with pytest.raises(ProbeError) as caught:
        observe(mail_server(strict, mail="550 5.7.1 no"))

    assert caught.value.cause is Cause.BLOCKED


def test_a_server_that_hangs_up_blocks_the_question() -> None:
    """
    421 is no refusal of a recipient.
    """
    with pytest.raises(ProbeError) as caught:
        observe(mail_server(lambda _: "421 4.7.0 too many errors"))

    assert caught.value.cause is Cause.BLOCKED
