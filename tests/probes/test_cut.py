"""
A way over the network that is closed for a while, and opened again whatever happens.
"""

import asyncio

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.model import Cause
from mailvet.probes import cut
from mailvet.probes.cut import Way, cut_off
from tests.fakes.context import make_context

WAYS = [Way("db1.example.com", 3306), Way("192.0.2.11", 12345, incoming=True)]
CLOSED = "@@cut\n192.0.2.12 3306\n192.0.2.11 12345\n"
OPENED = "@@counter\n\tcounter refused {\n\t\tpackets 4 bytes 240\n"


class Host:
    """
    Answers the script that closes and the one that opens.
    """

    def __init__(self, closed: str = CLOSED, complaint: str = "") -> None:
        self.closed = closed
        self.complaint = complaint
        self.scripts: list[str] = []

    async def run(self, _: ProbeContext, script: str, **__: object) -> CommandOutput:
        """Takes a script."""
        self.scripts.append(script)
        printed = self.closed if len(self.scripts) == 1 else OPENED
        return CommandOutput("nft", 0, printed, self.complaint)


@pytest.fixture(name="host")
def host_that_obeys(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host that does as it is told."""
    host = Host()
    monkeypatch.setattr(cut, "run", host.run)
    return host


async def close(*, fail: bool = False) -> cut.OpenCut:
    """
    Closes the ways, and does something meanwhile.
    """
    async with cut_off(make_context(993), "test", WAYS) as open_cut:
        if fail:
            raise RuntimeError("something else went wrong")
    return open_cut


def test_both_directions_are_closed_and_what_was_refused_is_counted(host: Host) -> None:
    """
    The table's name is the probe's and the run's own.
    """
    found = asyncio.run(close()).freeze()
    assert found.ways == ("192.0.2.12 port 3306", "192.0.2.11 port 12345")
    assert found.refused == 4
    first, last = host.scripts
    assert "cut_off to db1.example.com 3306" in first
    assert "cut_off from 192.0.2.11 12345" in first
    assert "table=mailvet_test_mailvettest" in first
    assert "nft delete table inet $table" in last


def test_the_way_is_opened_again_whatever_happens(host: Host) -> None:
    """
    An error of the probe, too.
    """
    with pytest.raises(RuntimeError):
        asyncio.run(close(fail=True))
    assert "delete table" in host.scripts[-1]


@pytest.mark.parametrize(
    ("printed", "complaint", "words"),
    [
        ("@@missing\n", "", "packages nftables"),
        ("@@cut\n", "Error: Operation not permitted", "Operation not permitted"),
        ("@@cut\n", "", "no address"),
    ],
)
def test_a_way_that_cannot_be_closed_is_no_observation(
    host: Host, printed: str, complaint: str, words: str
) -> None:
    """
    The reason is the host's.
    """
    host.closed, host.complaint = printed, complaint
    with pytest.raises(ProbeError, match=words) as caught:
        asyncio.run(close())
    assert caught.value.cause is Cause.TOOL
