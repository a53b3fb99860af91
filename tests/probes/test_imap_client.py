"""
IMAPClient in the hands of servers that never come to an end.
"""

import asyncio
import sys
import threading
import time

import pytest

from mailvet.errors import ProbeError
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes import imap_client
from mailvet.probes.imap_mailbox import open_mailbox
from tests.fakes.context import make_account, make_context
from tests.fakes.script import Answer, Script
from tests.fakes.stubs import Visit, serving

IMAPS = (("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),)
ENDLESS = Script(otherwise=Answer.ENDLESS)


async def log_in(service: Endpoint, seconds: float) -> None:
    """
    Waits so long for a mailbox, and no longer.
    """
    context = make_context(service.port, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=5.0)
    async with asyncio.timeout(seconds), open_mailbox(context, make_account()):
        pytest.fail("such a server has no mailbox")


def busy() -> set[threading.Thread]:
    """
    The threads that run now.
    """
    return set(threading.enumerate())


def test_what_came_while_connecting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The reply to the first CAPABILITY is sent before anybody has a client, and counts as well.
    """
    monkeypatch.setattr(imap_client, "MAX_TOTAL", 50_000)
    with serving(ENDLESS, IMAPS) as host, pytest.raises(ProbeError, match="over 50000 octets"):
        asyncio.run(log_in(host.endpoints["imaps"], 20.0))


async def talks_for_ever(visit: Visit) -> None:
    """
    Never comes to the end of its first reply.
    """
    await visit.start_tls()
    await visit.send(visit.grammar.greeting.format(words="ready"))
    await visit.flood(visit.grammar.filler * 100, sys.maxsize)


def test_a_thread_that_nobody_waits_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It would keep reading, and slow down all that comes after it.
    """
    monkeypatch.setattr(imap_client, "MAX_TOTAL", sys.maxsize)
    with serving(talks_for_ever, IMAPS) as host:
        before = busy()
        with pytest.raises(TimeoutError):
            asyncio.run(log_in(host.endpoints["imaps"], 0.2))
        until = time.monotonic() + 10.0
        while busy() - before and time.monotonic() < until:
            threading.Event().wait(0.01)

        assert not busy() - before
