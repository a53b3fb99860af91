"""
A mailbox whose server ends the session, as one does that merges a mailbox with its partner's.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from mailvet.errors import PeerClosedError
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.imap_mailbox import REOPENED, Mailbox, open_mailbox
from tests.fakes.context import DOMAIN, make_account, make_context
from tests.fakes.grammar import Command
from tests.fakes.honest_imap import ImapSession
from tests.fakes.honest_session import HonestHost
from tests.fakes.stubs import Visit, serving

IMAPS = (("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),)
MESSAGE = b"Message-ID: <one@example.com>\r\n\r\nSeen before the session ended.\r\n"


class Inconsistent(ImapSession):
    """
    Throws out whoever asks for news, as long as there is *patience* to lose.
    """

    patience = 0

    async def do_noop(self, command: Command) -> None:
        """NOOP."""
        if type(self).patience:
            type(self).patience -= 1
            await self.say("* BYE IMAP session state is inconsistent, please relogin.")
            self.visit.hang_up()
        else:
            await self.succeed(command)


@contextlib.contextmanager
def inconsistent(times: int) -> Iterator[tuple[Endpoint, HonestHost]]:
    """
    An IMAP service that ends so many sessions, and its state.
    """
    host = HonestHost()
    Inconsistent.patience = times
    host.store.store(host.store.users[f"alice@{DOMAIN}"], "INBOX", MESSAGE)

    async def play(visit: Visit) -> None:
        await visit.start_tls()
        await Inconsistent(host, visit).serve()

    with serving(play, IMAPS) as stub:
        yield stub.endpoint(Protocol.IMAP, Security.IMPLICIT_TLS), host


async def look(service: Endpoint, *, lasting: bool) -> tuple[int, ...]:
    """
    Looks for the message, and makes a folder.
    """
    context = make_context(service.port, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=5.0)
    async with open_mailbox(context, make_account(), lasting=lasting) as mailbox:
        found = await mailbox.find("INBOX", "<one@example.com>")
        await made(mailbox)
    return found


async def made(mailbox: Mailbox) -> None:
    """
    Makes a folder.
    """
    assert (await mailbox.create("new")).positive


def test_a_session_that_is_ended_is_begun_again_and_the_mailbox_with_it() -> None:
    """
    What was open is open again, so a search finds what it would have found.
    """
    with inconsistent(1) as (service, host):
        assert asyncio.run(look(service, lasting=True)) == (1,)
        assert "new" in host.store.users[f"alice@{DOMAIN}"].folders


def test_other_sessions_are_not_begun_again() -> None:
    """
    Where nobody expects it, the end of a session is an observation.
    """
    with inconsistent(1) as (service, _), pytest.raises(PeerClosedError):
        asyncio.run(look(service, lasting=False))


def test_a_server_that_goes_on_ending_sessions_is_given_up() -> None:
    """
    Each is a login, and they are counted.
    """
    with inconsistent(REOPENED + 1) as (service, _), pytest.raises(PeerClosedError):
        asyncio.run(look(service, lasting=True))
