"""
The checks of LMTP over TCP, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.certificate import Certificate, CertificateFacts, ShownFacts, ShownLeaf
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.guarded_ports import GuardedPort, Knock
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.lmtp_session import LmtpSession
from mailvet.facts.reach import PortState
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.tls import Handshake
from mailvet.model import Expectations, ExpectLmtp, Judgement, Target, Verdict
from tests.fakes.context import HOST_NAME, make_target
from tests.unit.test_guarded_ports import RULE, firewall

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE
MTA = "192.0.2.1"
DAY = 86_400.0


@pytest.fixture(name="check")
def check_of_this_module(load_check: Load) -> Load:
    """Loads a check of this module."""
    return partial(load_check, "lmtp", "test_inet")


def target(*, implicit: bool = False) -> Target:
    """A target that takes LMTP."""
    expect = Expectations(lmtp=ExpectLmtp(implicit_tls=implicit))
    return make_target(expect=expect, roles=("dovecot", "lmtp-inet"))


LEAF = Certificate("aa", dns_names=(HOST_NAME,), not_before=0.0, not_after=100 * DAY)
SHAKEN = Handshake(True, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", True, None, ("x",))
HELLO = Capabilities((("PIPELINING", ()), ("STARTTLS", ())))
READY = Reply("220", "ready", ("220 ready",))
KNOWN = RecipientReply("alice@example.com", "alice@example.com", Reply("250", "2.1.5 OK", ()))
NOBODY = RecipientReply("x@example.com", "x@example.com", Reply("550", "5.1.1 unknown", ()))


def shown(sha256: str = "aa") -> ShownFacts:
    """What Dovecot's other services show."""
    leaf = dataclasses.replace(LEAF, sha256=sha256)
    return ShownFacts((ShownLeaf("dovecot", "imaps", 993, leaf),), (), (), (), ())


def certificate(leaf: Certificate = LEAF, *, trusted: bool = True) -> CertificateFacts:
    """A certificate that was shown a day after its making."""
    return CertificateFacts((leaf,), "ca.crt", trusted, "", DAY, ())


GOOD = LmtpSession(
    place="mta (192.0.2.1)",
    port=24,
    greeting=READY,
    offered=HELLO,
    starttls=READY,
    handshake=SHAKEN,
    certificate=certificate(),
    inside=Capabilities((("PIPELINING", ()),)),
    known=(KNOWN,),
    unknown=NOBODY,
    failure="",
    transcript=(),
)


def session(**changes: Any) -> LmtpSession:  # noqa: ANN401
    """A session as it should be, but for *changes*."""
    return dataclasses.replace(GOOD, **changes)


REFUSED = session(
    offered=Capabilities((("PIPELINING", ()),)),
    starttls=Reply("502", "no", ()),
    handshake=None,
    certificate=None,
    inside=None,
    known=(),
    unknown=None,
)


@pytest.mark.parametrize(
    ("facts", "others", "verdict"),
    [
        (GOOD, shown(), PASS),
        (GOOD, ShownFacts((), (), (), (), ()), PASS),
        (GOOD, shown("bb"), FAIL),
        (REFUSED, shown(), FAIL),
        (session(offered=Capabilities((("PIPELINING", ()),))), shown(), FAIL),
        (session(certificate=certificate(trusted=False)), shown(), FAIL),
        (
            session(certificate=certificate(dataclasses.replace(LEAF, dns_names=("x.example",)))),
            shown(),
            FAIL,
        ),
        (
            session(certificate=certificate(dataclasses.replace(LEAF, not_after=0.5 * DAY))),
            shown(),
            FAIL,
        ),
        (session(greeting=Reply("421", "later", ())), shown(), OPEN),
    ],
)
def test_starttls(check: Load, facts: LmtpSession, others: ShownFacts, verdict: Verdict) -> None:
    """Announced, completed, verified, and the same certificate as elsewhere."""
    starttls = check("test_starttls_with_own_certificate")
    assert starttls(facts, others, target()).verdict is verdict
    assert starttls(facts, others, target(implicit=True)).verdict is NA


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (session(offered=Capabilities(()), starttls=None), PASS),
        (session(handshake=None, certificate=None, inside=None, greeting=None), FAIL),
        (session(certificate=certificate(trusted=False)), FAIL),
    ],
)
def test_implicit(check: Load, facts: LmtpSession, verdict: Verdict) -> None:
    """TLS from the first octet, where the profile wants it."""
    implicit = check("test_implicit_tls")
    assert implicit(facts, shown(), target(implicit=True)).verdict is verdict
    assert implicit(facts, shown(), target()).verdict is NA


LATER = RecipientReply("alice@example.com", "alice@example.com", Reply("451", "4.3.0", ()))
LOST = RecipientReply("alice@example.com", "alice@example.com", Reply("550", "5.1.1 unknown", ()))
ANYBODY = RecipientReply("x@example.com", "x@example.com", Reply("250", "2.1.5 OK", ()))


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"unknown": ANYBODY}, FAIL),
        ({"known": (KNOWN, LOST)}, FAIL),
        ({"known": (LATER,)}, OPEN),
        ({"unknown": LATER}, OPEN),
        ({"known": ()}, OPEN),
        ({"unknown": None}, OPEN),
    ],
)
def test_recipients(check: Load, changes: dict[str, Any], verdict: Verdict) -> None:
    """Known ones taken, unknown ones refused; a temporary answer decides nothing."""
    facts = session(**changes)
    assert check("test_recipients_answered_one_by_one")(facts).verdict is verdict


LISTENER = "service lmtp {\n inet_listener lmtp {\n port = 24\n }\n}\n"


@pytest.mark.parametrize(
    ("text", "address", "holder", "verdict"),
    [
        (f"protocols = imap lmtp\n{LISTENER}", "0.0.0.0", "dovecot", PASS),
        (f"protocols = imap\n{LISTENER}", "0.0.0.0", "dovecot", FAIL),
        ("protocols = imap lmtp\n", "0.0.0.0", "dovecot", FAIL),
        (f"protocols = imap lmtp\n{LISTENER}", "127.0.0.1", "dovecot", FAIL),
        (f"protocols = imap lmtp\n{LISTENER}", "0.0.0.0", "postgrey", FAIL),
        (f"protocols = imap lmtp\n{LISTENER}", "0.0.0.0", "", OPEN),
    ],
)
def test_listens(check: Load, text: str, address: str, holder: str, verdict: Verdict) -> None:
    """Enabled, configured, and held where others reach it."""
    root = parse_doveconf(text)
    dovecot = DovecotConfig("2.3.19.1", "", (), root, root, (), ())
    sockets = (ListeningSocket(address, 24, (holder,) if holder else ()),)
    listens = check("test_listens_on_port")
    assert listens(dovecot, ListenerFacts(sockets, (), ()), target()).verdict is verdict


def guarded(*states: tuple[bool, bool | None]) -> GuardedPort:
    """The LMTP port from places: whether each is admitted, and whether it is open there."""
    knocks = (
        Knock(f"{number}", admitted, None if seen is None else PortState(24, seen, "seen"), "lost")
        for number, (admitted, seen) in enumerate(states)
    )
    return GuardedPort(24, (MTA,), tuple(knocks), ())


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("closed_to_others", guarded((True, True), (False, False)), PASS),
        ("closed_to_others", guarded((True, True), (False, True)), FAIL),
        ("closed_to_others", guarded((True, True), (False, None)), OPEN),
        ("open_to_clients", guarded((True, True)), PASS),
        ("open_to_clients", guarded((True, False)), FAIL),
        ("open_to_clients", guarded((False, False)), OPEN),
    ],
)
def test_ports(check: Load, name: str, facts: GuardedPort, verdict: Verdict) -> None:
    """Open to the SMTP server and to nobody else."""
    assert check(f"test_{name}")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("source", "verdict"), [(f"{MTA}/32", PASS), ("192.0.2.0/24", FAIL), ("192.0.2.9/32", FAIL)]
)
def test_firewall(check: Load, source: str, verdict: Verdict) -> None:
    """A rule for the SMTP server's address, and nothing wider."""
    facts = firewall(rules=[RULE.format(f'address="{source}"')])
    admits = check("test_firewall_admits_clients_only")
    assert admits(facts, guarded((True, True))).verdict is verdict
    assert admits(dataclasses.replace(facts, running=False), guarded()).verdict is FAIL
