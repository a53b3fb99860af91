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
from tests.fakes.mailstore import Message
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
def served(session: type[ImapSession]) -> Iterator[tuple[Endpoint, HonestHost]]:
    """
    An IMAP service with a message in the INBOX, and its state.
    """
    host = HonestHost()
    host.store.store(host.store.users[f"alice@{DOMAIN}"], "INBOX", MESSAGE)

    async def play(visit: Visit) -> None:
        await visit.start_tls()
        await session(host, visit).serve()

    with serving(play, IMAPS) as stub:
        yield stub.endpoint(Protocol.IMAP, Security.IMPLICIT_TLS), host


@contextlib.contextmanager
def inconsistent(times: int) -> Iterator[tuple[Endpoint, HonestHost]]:
    """
    The same, and it ends so many sessions.
    """
    Inconsistent.patience = times
    with served(Inconsistent) as service:
        yield service


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


class Renumbering(ImapSession):
    """
    Gives a message another UID each time that it is expunged, as long as there is *patience*.
    """

    patience = 0

    async def do_expunge(self, command: Command) -> None:
        """EXPUNGE."""
        gone = [each for each in self.messages if each.deleted]
        await super().do_expunge(command)
        if gone and type(self).patience:
            type(self).patience -= 1
            self.messages.append(Message(gone[-1].uid + 1, gone[-1].octets))


class Keeping(ImapSession):
    """
    Keeps everything.
    """

    asked = 0

    async def do_expunge(self, command: Command) -> None:
        """EXPUNGE."""
        type(self).asked += 1
        await self.succeed(command)


def remove(session: type[ImapSession]) -> tuple[str, ...]:
    """
    What is left after the message was removed.
    """

    async def take_away(service: Endpoint) -> tuple[str, ...]:
        context = make_context(service.port, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=5.0)
        async with open_mailbox(context, make_account()) as mailbox:
            return await mailbox.remove("<one@example.com>")

    with served(session) as (service, _):
        return asyncio.run(take_away(service))


def test_a_message_that_comes_back_under_another_uid_is_removed_again() -> None:
    """
    Replication renumbers messages when both servers gave the same UID to different ones.
    """
    Renumbering.patience = 2
    assert remove(Renumbering) == ()


def test_a_message_that_comes_back_forever_is_left() -> None:
    """
    There is an end to patience.
    """
    Renumbering.patience = 1000
    assert remove(Renumbering) == ("INBOX",)


def test_a_message_that_expunge_leaves_is_not_expunged_again() -> None:
    """
    Under the UID that it had it was simply not removed.
    """
    Keeping.asked = 0
    assert remove(Keeping) == ("INBOX",)
    assert Keeping.asked == 1
