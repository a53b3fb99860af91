"""
The checks on hardening, each with facts that pass and facts that fail.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from mailvet.facts.connection_rate import ConnectionRate
from mailvet.facts.hardening import HardeningFacts, QueueFolder
from mailvet.facts.limits import LimitExceptions
from mailvet.facts.mail_account import Passwd
from mailvet.facts.mynetworks import parse_networks
from mailvet.facts.networks import NetworkFacts, NetworkList
from mailvet.facts.postfix import PostfixConfig, parse_postfix
from mailvet.facts.replies import Reply
from mailvet.facts.size_limit import SizeFacts
from mailvet.model import (
    Endpoint,
    Expectations,
    ExpectHardening,
    Judgement,
    Protocol,
    Security,
    Target,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

PASS, FAIL, UNVERIFIED = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED

ALICE = Passwd("alice", 1001, 1001, "/home/alice", "/sbin/nologin")
ADMIN = Passwd("admin", 1000, 1000, "/home/admin", "/bin/bash")
QUEUE = QueueFolder("/var/spool/postfix", "xfs", "xfs", ("rw",))

HOST = HardeningFacts(
    queue="/var/spool/postfix",
    folders=(QUEUE,),
    free=10**9,
    exports=(),
    accounts=(ALICE,),
    listed=True,
    commands=(),
)


def declared(**limits: Any) -> Target:  # noqa: ANN401
    """
    A target with these limits in its profile.
    """
    return make_target(expect=Expectations(hardening=ExpectHardening(**limits)))


def postfix(settings: str, overrides: str = "", processes: str = "-") -> PostfixConfig:
    """
    A configuration with one SMTP server.
    """
    master = f"smtp inet n - y - {processes} smtpd"
    text = f"@@all\n{settings}\n@@explicit\n@@master\n{master}\n@@overrides\n{overrides}\n"
    return parse_postfix(text, ())


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        (QUEUE, PASS),
        (dataclasses.replace(QUEUE, mounted="nfs4", options=("rw", "sec=sys")), FAIL),
        (dataclasses.replace(QUEUE, mounted="nfs4", options=("rw", "sec=krb5i")), PASS),
        (dataclasses.replace(QUEUE, mounted="", file_system=""), UNVERIFIED),
    ],
)
def test_hard_01(load_check: Load, folder: QueueFolder, verdict: Verdict) -> None:
    """
    NFS without Kerberos fails.
    """
    check = load_check("hardening", "test_host", "test_queue_is_not_on_nfs")
    assert check(dataclasses.replace(HOST, folders=(folder,))).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (HOST, PASS),
        (dataclasses.replace(HOST, exports=(("/srv", "/etc/exports"),)), PASS),
        (dataclasses.replace(HOST, exports=(("/var", "exportfs"),)), FAIL),
        (dataclasses.replace(HOST, queue=""), UNVERIFIED),
    ],
)
def test_hard_02(load_check: Load, facts: HardeningFacts, verdict: Verdict) -> None:
    """
    Without a queue there is nothing that could be missing in the exports.
    """
    check = load_check("hardening", "test_host", "test_queue_is_not_exported")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("accounts", "listed", "verdict"),
    [
        ((ALICE,), True, PASS),
        ((ALICE, ADMIN), True, PASS),
        ((Passwd("alice", 1001, 1001, "/home/alice", "/bin/bash"), ADMIN), True, FAIL),
        ((), False, UNVERIFIED),
    ],
)
def test_hard_03(
    load_check: Load, accounts: tuple[Passwd, ...], listed: bool, verdict: Verdict
) -> None:
    """
    Administrators are named by the profile.
    """
    check = load_check("hardening", "test_host", "test_no_shells")
    facts = dataclasses.replace(HOST, accounts=accounts, listed=listed)
    assert check(facts, declared(shell_users=("root", "admin"))).verdict is verdict


RATES = {
    "test_connection_rate": "smtpd_client_connection_rate_limit",
    "test_message_rate": "smtpd_client_message_rate_limit",
    "test_header_limit": "header_size_limit",
    "test_message_size": "message_size_limit",
}


@pytest.mark.parametrize("check", RATES)
@pytest.mark.parametrize(
    ("value", "override", "most", "verdict"),
    [
        ("60", "", 0, PASS),
        ("60", "", 60, PASS),
        ("30", "", 60, PASS),
        ("61", "", 60, FAIL),
        ("0", "", 0, FAIL),
        ("", "", 0, FAIL),
        ("60", "0", 0, FAIL),
        ("0", "60", 0, FAIL),
    ],
)
def test_hard_04_07_11_12(
    load_check: Load, check: str, value: str, override: str, most: int, verdict: Verdict
) -> None:
    """
    A limit, in main.cf and wherever master.cf has another, and not above the profile's.
    """
    name = RATES[check]
    config = postfix(f"{name} = {value}", f"smtp/inet/{name} = {override}" if override else "")
    target = declared(connection_rate=most, message_rate=most, header_limit=most, message_size=most)
    assert load_check("hardening", "test_limits", check)(config, target).verdict is verdict


@pytest.mark.parametrize(
    ("value", "unit", "verdict"),
    [("60s", 60, PASS), ("1m", 60, PASS), ("1s", 60, FAIL), ("1h", 3600, PASS), ("", 60, FAIL)],
)
def test_hard_05(load_check: Load, value: str, unit: int, verdict: Verdict) -> None:
    """
    The declared unit, however it is written.
    """
    check = load_check("hardening", "test_limits", "test_rate_time_unit")
    config = postfix(f"anvil_rate_time_unit = {value}")
    assert check(config, declared(rate_time_unit=unit)).verdict is verdict


def listed(value: str) -> tuple[NetworkList, ...]:
    """
    A value with the syntax of mynetworks.
    """
    return (NetworkList(("main.cf",), value, parse_networks(value, {})),)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("127.0.0.0/8", PASS),
        ("127.0.0.0/8, 192.0.2.9", PASS),
        ("0.0.0.0/0", FAIL),
        ("mysql:/etc/postfix/exempt", UNVERIFIED),
    ],
)
def test_hard_06(load_check: Load, value: str, verdict: Verdict) -> None:
    """
    Trusted, or declared; what cannot be looked into is not known.
    """
    check = load_check("hardening", "test_limits", "test_exceptions")
    networks = NetworkFacts(listed("127.0.0.0/8"), explicit=True, commands=())
    facts = LimitExceptions(listed(value), ())
    assert check(facts, networks, declared(exempt=("192.0.2.9/32",))).verdict is verdict


@pytest.mark.parametrize(
    ("general", "own", "most", "verdict"),
    [
        ("100", "-", 100, PASS),
        ("100", "50", 100, PASS),
        ("100000", "-", 100, FAIL),
        ("100", "0", 100, FAIL),
        ("100", "0", 0, FAIL),
        ("100", "500", 100, FAIL),
    ],
)
def test_hard_08(load_check: Load, general: str, own: str, most: int, verdict: Verdict) -> None:
    """
    The general limit, and the column of master.cf.
    """
    check = load_check("hardening", "test_limits", "test_process_limit")
    config = postfix(f"default_process_limit = {general}", processes=own)
    assert check(config, declared(process_limit=most)).verdict is verdict


@pytest.mark.parametrize(
    ("floor", "size", "least", "verdict"),
    [
        ("0", "10240000", 0, PASS),
        ("20971520", "10240000", 0, PASS),
        ("15360000", "10240000", 0, PASS),
        ("10000000", "10240000", 0, FAIL),
        ("0", "10240000", 20971520, FAIL),
        ("20971520", "0", 0, FAIL),
    ],
)
def test_hard_09(load_check: Load, floor: str, size: str, least: int, verdict: Verdict) -> None:
    """
    0 means that Postfix sees to it; no floor covers messages of any size.
    """
    check = load_check("hardening", "test_limits", "test_queue_minfree")
    config = postfix(f"queue_minfree = {floor}\nmessage_size_limit = {size}")
    assert check(config, declared(queue_minfree=least)).verdict is verdict


@pytest.mark.parametrize(
    ("free", "size", "verdict"),
    [(10**9, "1000", PASS), (1400, "1000", FAIL), (None, "1000", UNVERIFIED), (9, "0", UNVERIFIED)],
)
def test_hard_10(load_check: Load, free: int | None, size: str, verdict: Verdict) -> None:
    """
    Room for one and a half messages.
    """
    check = load_check("hardening", "test_host", "test_queue_has_room")
    facts = dataclasses.replace(HOST, free=free)
    config = postfix(f"queue_minfree = 0\nmessage_size_limit = {size}")
    assert check(facts, config).verdict is verdict


def test_hard_12_with_smaller_mailboxes(load_check: Load) -> None:
    """
    With a mailbox that takes less, local(8) delivers nothing.
    """
    check = load_check("hardening", "test_limits", "test_message_size")
    config = postfix("message_size_limit = 1000\nmailbox_size_limit = 900")
    assert check(config, declared()).verdict is FAIL


OK, LARGE = Reply("250", "2.1.0 Ok", ()), Reply("552", "5.3.4 Message size exceeds fixed limit", ())
LATER = Reply("452", "4.3.1 Insufficient system storage", ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (SizeFacts("1000", OK, LARGE, None, ()), PASS),
        (SizeFacts("2000", OK, LARGE, None, ()), FAIL),
        (SizeFacts(None, OK, None, None, ()), FAIL),
        (SizeFacts("", OK, None, None, ()), FAIL),
        (SizeFacts("1000", OK, OK, OK, ()), FAIL),
        (SizeFacts("1000", LATER, None, None, ()), UNVERIFIED),
        (SizeFacts("1000", OK, LATER, None, ()), UNVERIFIED),
    ],
)
def test_hard_13(load_check: Load, facts: SizeFacts, verdict: Verdict) -> None:
    """
    Announced as configured, and enforced.
    """
    check = load_check("hardening", "test_limits", "test_size_is_announced")
    endpoint = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)
    assert check(facts, postfix("message_size_limit = 1000"), endpoint).verdict is verdict


TOO_MANY = "421 4.7.0 mx1.example.com Error: too many connections from 192.0.2.9"


@pytest.mark.parametrize(
    ("greetings", "refusal", "seconds", "verdict"),
    [
        (11, TOO_MANY, 2.0, Verdict.PASS),
        (12, "", 2.0, Verdict.FAIL),
        (4, "554 5.7.1 blocked", 2.0, Verdict.UNVERIFIED),
        (4, "421 4.3.2 All server ports are busy", 2.0, Verdict.UNVERIFIED),
        (12, "", 61.0, Verdict.UNVERIFIED),
        (0, "", 0.0, Verdict.NOT_APPLICABLE),
    ],
)
def test_hard_14(
    load_check: Load, greetings: int, refusal: str, seconds: float, verdict: Verdict
) -> None:
    """
    More connections than allowed within the time unit; slower ones prove nothing.
    """
    place = "outside" if greetings else ""
    facts = ConnectionRate(place, 10, 60, ("220",) * greetings, refusal, seconds, ())
    check = load_check("hardening", "test_limits", "test_connection_rate_holds")
    assert check(facts).verdict is verdict
