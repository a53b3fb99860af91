"""
The checks of mail that goes to another host by LMTP, each with facts that satisfy it and others.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.lmtp_client import LmtpClientFacts
from mailvet.facts.replies import Reply
from mailvet.model import Expectations, ExpectLmtp, Judgement, Target, Verdict
from tests.fakes.context import make_target
from tests.unit.test_lmtp_client import WAY, client, way

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE
HOME = make_target(key="mail1", address="192.0.2.7", name="mail1.example.com")


@pytest.fixture(name="check")
def check_of_this_file(load_check: Load) -> Load:
    """Loads a check of this file."""
    return partial(load_check, "lmtp", "test_client")


def server(home: Target | None = HOME, **lmtp: Any) -> Target:  # noqa: ANN401
    """An MX, and what it must be like."""
    return make_target(mailboxes=home, expect=Expectations(lmtp=ExpectLmtp(**lmtp)))


@pytest.mark.parametrize(
    ("facts", "home", "verdict"),
    [
        (client(), HOME, PASS),
        (client(way("lmtp:inet:192.0.2.7:24")), HOME, PASS),
        (client(way("lmtp:inet:mail1.example.com:25")), HOME, FAIL),
        (client(way("lmtp:inet:mail2.example.com:24")), HOME, FAIL),
        (client(way("lmtp:unix:/run/lmtp")), HOME, FAIL),
        (client(dataclasses.replace(WAY, client="virtual")), HOME, FAIL),
        (client(way("lmtp:inet:mail1.example.com:25")), None, FAIL),
        (client(), None, OPEN),
    ],
)
def test_lmtp_30(
    check: Load, facts: LmtpClientFacts, home: Target | None, verdict: Verdict
) -> None:
    """Where nobody says which host it is, a wrong port is wrong all the same."""
    assert check("test_transport_leads_to_dovecot")(facts, server(home)).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "lmtp", "verdict"),
    [
        (client(), {}, PASS),
        (client(level="verify"), {}, PASS),
        (client(level="may"), {}, FAIL),
        (client(level="none"), {}, FAIL),
        (client(hops=("none",)), {}, FAIL),
        (client(), {"implicit_tls": True}, FAIL),
        (client(level="none"), {"private_link": True}, NA),
    ],
)
def test_lmtp_31(
    check: Load, facts: LmtpClientFacts, lmtp: dict[str, Any], verdict: Verdict
) -> None:
    """Opportunistic TLS is not enough."""
    assert check("test_tls_is_demanded")(facts, server(**lmtp)).verdict is verdict


def message(received: str = "by mail1.example.com with LMTPS", **changes: Any) -> DeliveryFacts:  # noqa: ANN401
    """A message that arrived, but for *changes*."""
    good = DeliveryFacts(
        endpoint="smtp",
        message_id="<x@example.com>",
        sender="",
        recipient="alice@example.com",
        standpoint="direct",
        accepted=True,
        step="DATA",
        reply=Reply("250", "2.0.0 Ok", ("250 2.0.0 Ok",)),
        personal=False,
        queue_id="4AB",
        arrived=True,
        mailbox="INBOX",
        copies=1,
        seconds=0.5,
        received=(received, "by mx1.example.com with ESMTPS") if received else (),
        left=(),
        transcript=(),
    )
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("delivery", "encrypted", "arrives"),
    [
        (message(), PASS, PASS),
        (message("by mail1.example.com with LMTP"), FAIL, PASS),
        (message("by mail1.example.com with ESMTPS"), FAIL, FAIL),
        (message(""), FAIL, FAIL),
        (message(arrived=False), OPEN, FAIL),
        (message(arrived=False, accepted=False), OPEN, OPEN),
        (message(arrived=False, accepted=False, personal=True), OPEN, OPEN),
    ],
)
def test_lmtp_32_and_33(
    check: Load, delivery: DeliveryFacts, encrypted: Verdict, arrives: Verdict
) -> None:
    """The newest hop is Dovecot's."""
    assert check("test_delivery_was_encrypted")(delivery, server()).verdict is encrypted
    assert check("test_message_arrives_on_other_host")(delivery, server()).verdict is arrives


def test_a_private_link_needs_no_encryption(check: Load) -> None:
    """Nobody looks for it then."""
    plain = message("by mail1.example.com with LMTP")
    found = check("test_delivery_was_encrypted")(plain, server(private_link=True))
    assert found.verdict is NA
