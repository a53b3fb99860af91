"""
The checks of an absent partner, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.cut import Cut
from mailvet.facts.partner_outage import PartnerOutageFacts, Served
from mailvet.facts.replies import Reply
from mailvet.model import Expectations, ExpectReplication, Judgement, Target, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED
WAY = ("198.51.100.11 port 12345",)
STORED = Served("APPEND", Reply("OK", "", ()), "", 0.02)
SLOW = dataclasses.replace(STORED, seconds=30.2)
REFUSED = dataclasses.replace(STORED, reply=Reply("NO", "[UNAVAILABLE] Internal error", ()))
SILENT = Served("APPEND", None, "IMAP: timed out", 5.0)


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "outage", "test_partner")


@pytest.fixture(name="server")
def one_of_two() -> Target:
    """A server whose changes travel within ten seconds."""
    return make_target(expect=Expectations(replication=ExpectReplication(limit=10.0)))


def outage(**changes: Any) -> PartnerOutageFacts:  # noqa: ANN401
    """Two servers that do well without each other, but for *changes*."""
    good = PartnerOutageFacts(
        near="mail1",
        far="mail2",
        account="erin",
        cut=Cut(WAY, 3),
        served=(STORED,),
        crossed=False,
        made=("a message stored here",),
        recovery=1.5,
        missing=(),
        repeated=(),
        left=(),
        transcript=(),
        commands=(),
    )
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (outage(), PASS),
        (outage(served=(STORED, SLOW)), FAIL),
        (outage(served=(REFUSED, STORED)), FAIL),
        (outage(served=(SILENT,)), FAIL),
        (outage(cut=Cut(WAY, 0)), OPEN),
        (outage(served=(SLOW,), cut=Cut(WAY, 0)), OPEN),
        (outage(crossed=True), OPEN),
    ],
)
def test_users_are_served(
    check: Load, server: Target, facts: PartnerOutageFacts, verdict: Verdict
) -> None:
    """As always; where the partner was not missed, nothing is known."""
    assert check("test_serves_alone")(facts, server).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (outage(), PASS),
        (outage(recovery=None, missing=("a message stored here on mail2",)), FAIL),
        (outage(repeated=("a message stored here on mail1",)), FAIL),
        (outage(cut=Cut(WAY, 0)), OPEN),
        (outage(crossed=True, recovery=None), OPEN),
    ],
)
def test_both_agree_afterwards(
    check: Load, server: Target, facts: PartnerOutageFacts, verdict: Verdict
) -> None:
    """Nothing is lost, and nothing is there twice."""
    assert check("test_nothing_is_lost")(facts, server).verdict is verdict
