"""
Ends of messages that are none, against servers that read lines in different ways.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.smuggling import VARIANTS, SmugglingFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Account, Cause, Endpoint, Protocol, Security
from mailvet.probes import smuggling
from mailvet.probes.session import probe_session
from mailvet.probes.smuggling import probe_smuggling
from tests.fakes.context import make_context
from tests.fakes.stubs import Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
KIND = (Protocol.SMTP, Security.STARTTLS)
STRICT = rb"\r\n\.\r\n"
LOOSE = rb"\r?\n\.\r*\n"


class Box:
    """
    A mailbox in which everything is found, and can be removed.
    """

    def __init__(self) -> None:
        self.removed: list[str] = []

    async def find(self, _: str, __: str) -> list[int]:
        """Always there."""
        return [1]

    async def fetch(self, _: str, __: str) -> bytes:
        """A message."""
        return b"Subject: x\r\n\r\n"

    async def remove(self, message_id: str) -> tuple[str, ...]:
        """Nothing is left."""
        self.removed.append(message_id)
        return ()


def mail_server(end: bytes, *, data: str = "354 go on", refusal: str = "") -> Any:  # noqa: ANN401
    """
    A server that ends messages at *end*; what it takes for a lone line end it may refuse.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub ESMTP\r\n")
        while (verb := (await visit.line()).upper()) != "QUIT":
            if verb.startswith("EHLO"):
                await visit.send("250-stub\r\n250 STARTTLS\r\n")
            elif verb == "STARTTLS":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb == "DATA":
                await visit.send(f"{data}\r\n")
                seen = b""
                while data.startswith("354") and not re.search(end, seen):
                    if refusal and re.search(rb"(?<!\r)\n|\r(?!\n)", seen):
                        await visit.send(f"{refusal}\r\n")
                        return
                    if not (more := await visit.receive()):
                        raise EOFError
                    seen += more
                await visit.send("250 2.0.0 Ok: queued as 4AB\r\n")
            else:
                await visit.send("250 Ok\r\n")

    return play


@pytest.fixture(name="box")
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Box:
    """
    The recipient's mailbox; a short silence is long enough.
    """
    box = Box()

    @contextlib.asynccontextmanager
    async def opened(_: ProbeContext, __: Account) -> AsyncIterator[Box]:
        yield box

    async def settled(_: ProbeContext) -> None:
        return

    monkeypatch.setattr(smuggling, "open_mailbox", opened)
    monkeypatch.setattr(smuggling, "after_first_use", settled)
    monkeypatch.setattr(smuggling, "PATIENCE", 0.3)
    return box


def observe(play: Any) -> SmugglingFacts:  # noqa: ANN401
    """
    What the probe makes of a server.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        if name == "standpoints":
            return StandpointFacts((OUTSIDE,), ())
        return await probe_session(context)

    with serving(play, (("stub", *KIND),)) as host:
        context = make_context(host.endpoints["stub"].port, *KIND, recall=recall, timeout=2.0)
        return asyncio.run(probe_smuggling(context))


def test_a_strict_server_waits_for_more(box: Box) -> None:
    """
    The legal end is taken; all messages are looked for and removed.
    """
    facts = observe(mail_server(STRICT))

    assert facts.control.taken
    assert [each.ending for each in facts.trials] == list(VARIANTS)
    assert not facts.taken
    assert not facts.unclear
    ids = {facts.control.message_id, *(each.message_id for each in facts.trials)}
    assert len(ids) == 1 + len(VARIANTS)
    assert all(box.removed[0] in each for each in ids)


def test_a_loose_server_is_seen(box: Box) -> None:
    """
    As Postfix is with smtpd_forbid_bare_newline = no.
    """
    facts = observe(mail_server(LOOSE))

    assert {each.ending for each in facts.taken} == {
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r\n.\r\r\n",
    }
    assert box.removed


def test_a_refusal_is_as_good_as_silence(box: Box) -> None:
    """
    smtpd_forbid_bare_newline = reject.
    """
    facts = observe(mail_server(STRICT, refusal="550 5.5.2 Error: bare <LF> received"))

    assert not facts.taken
    assert not facts.unclear
    assert box.removed


def test_a_refusal_for_another_reason_may_come_after_the_end(box: Box) -> None:
    """
    A filter looks at messages that are over.
    """
    facts = observe(mail_server(STRICT, refusal="554 5.7.1 this looks like spam"))

    assert not facts.taken
    assert b"\n.\n" in {each.ending for each in facts.unclear}
    assert box.removed


def test_a_server_that_takes_no_mail_shows_nothing(box: Box) -> None:
    """
    Its silence would mean nothing.
    """
    with pytest.raises(ProbeError) as caught:
        observe(mail_server(STRICT, data="451 4.3.0 later"))

    assert caught.value.cause is Cause.BLOCKED
    assert box.removed


def test_who_uses_the_mailbox_waits_for_no_silence(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is kept from others only while messages are removed.
    """
    free: list[bool] = []
    end = smuggling._Attempts._end

    async def watched(self: Any, *arguments: Any) -> Any:  # noqa: ANN401
        lane, account = self._home.context.lane, self._home.account
        free.append(account.user not in lane.accounts or not lane.accounts[account.user].locked())
        return await end(self, *arguments)

    monkeypatch.setattr(smuggling._Attempts, "_end", watched)
    observe(mail_server(STRICT))

    assert free == [True] * (1 + len(VARIANTS))
    assert box.removed
