"""
The LMTP checks on facts made by hand.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailvet.facts.files import DirectoryStat, FileStat
from mailvet.facts.lmtp import LmtpFacts, LmtpSocket
from mailvet.facts.lmtp_trace import LmtpTrace, LogDelivery
from mailvet.facts.recipients import RecipientFacts, RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.routing import Route
from mailvet.facts.socket_talk import SocketTalk
from mailvet.facts.standpoint import Standpoint
from mailvet.model import (
    Cause,
    Expectations,
    ExpectDovecot,
    Judgement,
    Target,
    Verdict,
)

LoadCheck = Callable[[str, str, str], Callable[..., Judgement]]

PATH = "/run/dovecot/lmtp"
OK = Reply("250", "2.1.5 OK", ("250 2.1.5 OK",))
UNKNOWN = Reply("550", "5.1.1 User doesn't exist", ("550 5.1.1 User doesn't exist",))
LATER = Reply("451", "4.3.0 Temporary lookup failure", ("451 4.3.0 Temporary lookup failure",))
GREETING = Reply("220", "ready", ("220 ready",))

ROUTE = Route(
    lists=("mydestination",),
    parameter="mailbox_transport",
    value=f"lmtp:unix:{PATH}",
    client="lmtp",
    socket=PATH,
    seen=PATH,
    chroot="",
    lmtp_settings=("mailbox_transport",),
    by_table=False,
    handed_over="alice@example.com",
    errors=(),
)


def make_socket(mode: int = 0o600, owner: str = "postfix", group: str = "postfix") -> LmtpSocket:
    """
    A socket that is on disk as it is configured.
    """
    stat = FileStat(PATH, PATH, "socket", mode, owner, group)
    return LmtpSocket(PATH, f"{mode:o}", owner, group, stat, "1:2")


def make_talk(account: str, failure: str = "", *, denied: bool = False) -> SocketTalk:
    """
    A connection that was greeted, or one that failed.
    """
    said = () if failure else (("", GREETING), ("LHLO probe.invalid", OK))
    return SocketTalk(account, PATH, not failure, failure, denied, said)


def recipient(name: str, reply: Reply | None) -> RecipientReply:
    """
    A recipient without an alias.
    """
    return RecipientReply(f"{name}@example.com", f"{name}@example.com", reply)


def make_lmtp(**changes: Any) -> LmtpFacts:  # noqa: ANN401
    """
    A host as the guide wants it.
    """
    facts = LmtpFacts(
        enabled=True,
        protocols="imap lmtp",
        sockets=(make_socket(),),
        used=PATH,
        seen_identity="1:2",
        mail_group="postfix",
        route=ROUTE,
        root=make_talk("root"),
        mta=make_talk("postfix"),
        strangers=(make_talk("nobody", "permission denied", denied=True),),
        recipients=(recipient("alice", OK),),
        stranger=recipient("nobody", UNKNOWN),
        commands=(),
    )
    return replace(facts, **changes)


GONE = {
    "sockets": (LmtpSocket(PATH, "600", "postfix", "postfix"),),
    "root": None,
    "mta": None,
    "strangers": (),
    "recipients": (recipient("alice", None),),
    "stranger": recipient("nobody", None),
}


@pytest.fixture(name="target")
def make_target() -> Target:
    """
    A target with the default expectations.
    """
    expect = Expectations(dovecot=ExpectDovecot())
    return Target("mail1", "192.0.2.1", "mail1.example.com", (), "", frozenset(), (), expect)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"enabled": False, "protocols": "imap"}, Verdict.FAIL),
        (GONE, Verdict.FAIL),
        ({"sockets": (), "used": ""}, Verdict.FAIL),
    ],
)
def test_the_service_is_on_and_the_socket_exists(
    load_check: LoadCheck, target: Target, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    Both the protocol and the socket are needed.
    """
    check = load_check("lmtp", "test_socket", "test_socket_exists")

    assert check(make_lmtp(**changes), target).verdict is verdict


@pytest.mark.parametrize(
    ("socket", "verdict"),
    [
        (make_socket(), Verdict.PASS),
        (make_socket(0o660), Verdict.PASS),
        (make_socket(0o660, owner="root"), Verdict.PASS),
        (make_socket(0o666), Verdict.FAIL),
        (make_socket(0o600, owner="root"), Verdict.FAIL),
        (make_socket(0o660, group="users"), Verdict.FAIL),
        (replace(make_socket(), mode="666"), Verdict.FAIL),
    ],
)
def test_owner_group_and_mode_are_compared_with_profile_and_configuration(
    load_check: LoadCheck, target: Target, socket: LmtpSocket, verdict: Verdict
) -> None:
    """
    Mode 660 counts only with Postfix's own group.
    """
    check = load_check("lmtp", "test_socket", "test_socket_mode")

    assert check(make_lmtp(sockets=(socket,)), target).verdict is verdict


def test_the_mode_of_a_missing_socket_is_unverified(load_check: LoadCheck, target: Target) -> None:
    """
    Its absence is another control's failure.
    """
    check = load_check("lmtp", "test_socket", "test_socket_mode")

    assert check(make_lmtp(**GONE), target).cause is Cause.BLOCKED


def hidden_socket() -> LmtpSocket:
    """
    A socket that is open to all, below a directory that is not.
    """
    parents = (DirectoryStat("/run/dovecot", 0o700, "postfix", "root"),)
    socket = make_socket(0o666)
    assert socket.stat is not None
    return replace(socket, stat=replace(socket.stat, parents=parents))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"sockets": (hidden_socket(),)},
            "a deviation, not an exposure (refused: nobody), because /run/dovecot "
            "(postfix:root 700) lies on the way",
        ),
        (
            {"sockets": (make_socket(0o666),), "strangers": (make_talk("nobody"),)},
            "an exposure (can connect: nobody)",
        ),
        (
            {"sockets": (make_socket(0o666),), "strangers": ()},
            "whether others can connect was not seen",
        ),
    ],
)
def test_a_wrong_mode_is_told_from_an_open_door(
    load_check: LoadCheck, target: Target, changes: dict[str, Any], words: str
) -> None:
    """
    The finding says whether the directories above the socket make up for its mode.
    """
    judgement = load_check("lmtp", "test_socket", "test_socket_mode")(make_lmtp(**changes), target)

    assert judgement.verdict is Verdict.FAIL
    assert words in judgement.observed


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"sockets": (make_socket(0o666),)}, Verdict.PASS),
        ({"strangers": (make_talk("nobody"),)}, Verdict.FAIL),
        ({"strangers": (make_talk("nobody", "connection refused"),)}, Verdict.UNVERIFIED),
        ({"root": make_talk("root", "connection refused")}, Verdict.UNVERIFIED),
        (GONE, Verdict.UNVERIFIED),
    ],
)
def test_reach_is_what_connecting_shows(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    A wide mode behind a closed directory is no exposure; a dead service proves no closed door.
    """
    check = load_check("lmtp", "test_socket", "test_socket_closed_to_strangers")

    assert check(make_lmtp(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"mta": make_talk("postfix", "permission denied", denied=True)}, Verdict.FAIL),
        ({"mta": make_talk("postfix", "unknown account")}, Verdict.UNVERIFIED),
        (GONE, Verdict.UNVERIFIED),
    ],
)
def test_postfix_must_get_in(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    Its own account, not root, has to be greeted.
    """
    check = load_check("lmtp", "test_socket", "test_socket_open_to_postfix")

    assert check(make_lmtp(**changes)).verdict is verdict


def test_a_host_without_interpreters_is_unverified_for_want_of_a_tool(
    load_check: LoadCheck,
) -> None:
    """
    The observation says what is missing.
    """
    check = load_check("lmtp", "test_socket", "test_socket_open_to_postfix")
    mute = make_talk("root", "no interpreter")
    judgement = check(make_lmtp(root=mute, mta=mute))

    assert judgement.cause is Cause.TOOL
    assert "python3" in judgement.observed


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"route": replace(ROUTE, value="", client="", socket="")}, Verdict.FAIL),
        ({"seen_identity": ""}, Verdict.FAIL),
        ({"seen_identity": "1:9"}, Verdict.FAIL),
        ({"route": replace(ROUTE, errors=("hash:/x: unreadable",))}, Verdict.UNVERIFIED),
        ({"route": None}, Verdict.UNVERIFIED),
        (GONE, Verdict.UNVERIFIED),
    ],
)
def test_postfix_must_hit_dovecots_own_socket(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    A path that leads nowhere or to another file fails.
    """
    check = load_check("lmtp", "test_postfix", "test_postfix_uses_socket")

    assert check(make_lmtp(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"lists": ("mydestination", "virtual_mailbox_domains")}, Verdict.FAIL),
        ({"lists": ()}, Verdict.FAIL),
        ({"client": "", "lmtp_settings": ("virtual_transport",)}, Verdict.FAIL),
        ({"client": "", "lmtp_settings": ()}, Verdict.NOT_APPLICABLE),
        ({"by_table": True}, Verdict.NOT_APPLICABLE),
        ({"errors": ("hash:/x: unreadable",)}, Verdict.UNVERIFIED),
    ],
)
def test_the_setting_must_belong_to_the_class(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    Two classes, no class, or another class's setting fail.
    """
    check = load_check("lmtp", "test_postfix", "test_parameter_fits_domain_class")

    assert check(make_lmtp(route=replace(ROUTE, **changes))).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"recipients": (recipient("alice", UNKNOWN),)}, Verdict.FAIL),
        ({"recipients": (recipient("alice", OK), recipient("bob", UNKNOWN))}, Verdict.FAIL),
        ({"recipients": (recipient("alice", LATER),)}, Verdict.UNVERIFIED),
        ({"recipients": ()}, Verdict.UNVERIFIED),
        (GONE, Verdict.UNVERIFIED),
    ],
)
def test_every_test_account_must_be_known_to_dovecot(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    A temporary failure leaves it open.
    """
    check = load_check("lmtp", "test_recipients", "test_address_resolves")

    assert check(make_lmtp(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"stranger": recipient("nobody", OK)}, Verdict.FAIL),
        ({"stranger": recipient("nobody", LATER)}, Verdict.UNVERIFIED),
        ({"recipients": (recipient("alice", UNKNOWN),)}, Verdict.UNVERIFIED),
        (GONE, Verdict.UNVERIFIED),
    ],
)
def test_a_refusal_counts_only_beside_an_acceptance(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    A server that refuses everybody has proved nothing.
    """
    check = load_check("lmtp", "test_recipients", "test_unknown_user_refused")

    assert check(make_lmtp(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("known", "unknown", "verdict"),
    [
        (OK, UNKNOWN, Verdict.PASS),
        (OK, OK, Verdict.FAIL),
        (UNKNOWN, UNKNOWN, Verdict.FAIL),
        (OK, LATER, Verdict.UNVERIFIED),
        (LATER, UNKNOWN, Verdict.UNVERIFIED),
    ],
)
def test_port_25_must_know_its_recipients(
    load_check: LoadCheck, known: Reply, unknown: Reply, verdict: Verdict
) -> None:
    """
    Greylisting is neither acceptance nor refusal.
    """
    check = load_check("lmtp", "test_recipients", "test_recipients_known_at_rcpt")
    place = Standpoint("direct", None, "192.0.2.9")
    facts = RecipientFacts(place, (recipient("alice", known),), recipient("nobody", unknown), ())

    assert check(facts).verdict is verdict


def make_trace(**changes: Any) -> LmtpTrace:  # noqa: ANN401
    """
    A message that came through the socket.
    """
    sent = LogDelivery("lmtp", "a@example.com", f"mail1.example.com[{PATH}]", "sent", "250 Saved")
    trace = LmtpTrace(
        recipient="a@example.com",
        message_id="<x.invalid>",
        taken=True,
        reply=OK,
        arrived=True,
        received=("from mail1.example.com by mail1.example.com with LMTP id x",),
        attempts=(sent,),
        socket=PATH,
        own_places=("/var/mail/a",),
        searched=(),
        copies=(),
        commands=(),
    )
    return replace(trace, **changes)


BY_LOCAL = LogDelivery("local", "a@example.com", "local", "sent", "delivered to maildir")
DEFERRED = LogDelivery("lmtp", "a@example.com", "none", "deferred", "Permission denied")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"arrived": False, "received": (), "attempts": (DEFERRED,)}, Verdict.FAIL),
        ({"received": ("by mail1.example.com (Postfix) with ESMTP id x",)}, Verdict.FAIL),
        ({"socket": "/run/dovecot/other"}, Verdict.FAIL),
        ({"attempts": (BY_LOCAL,)}, Verdict.FAIL),
        ({"attempts": ()}, Verdict.UNVERIFIED),
        ({"taken": False, "reply": LATER, "arrived": False}, Verdict.UNVERIFIED),
    ],
)
def test_mailbox_header_and_log_must_agree(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    Without a log line the socket is not proved; mail that was not taken cannot arrive.
    """
    check = load_check("lmtp", "test_delivery", "test_delivered_through_socket")

    assert check(make_trace(**changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"copies": ("/var/mail/b",)}, Verdict.FAIL),
        ({"attempts": (BY_LOCAL,)}, Verdict.FAIL),
        ({"arrived": False, "attempts": (DEFERRED,)}, Verdict.UNVERIFIED),
        ({"own_places": ()}, Verdict.UNVERIFIED),
    ],
)
def test_no_copy_may_lie_beside_dovecot(
    load_check: LoadCheck, changes: dict[str, Any], verdict: Verdict
) -> None:
    """
    A message that is still on its way proves no absence.
    """
    check = load_check("lmtp", "test_delivery", "test_no_copy_beside_dovecot")

    assert check(make_trace(**changes)).verdict is verdict
