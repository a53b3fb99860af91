"""
The checks on hosts that receive no mail, each with facts that pass and facts that fail.
"""

import dataclasses
from collections.abc import Callable

import pytest

from mailvet.facts.interfaces import InetService, Interface, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.local_post import LocalPostFacts
from mailvet.facts.mynetworks import parse_networks
from mailvet.facts.networks import NetworkFacts, NetworkList
from mailvet.facts.null_client import Handed, HandoverFacts, RelayAnswer, RelayAnswerFacts
from mailvet.facts.postfix import PostfixConfig, parse_postfix
from mailvet.facts.postfix_host import PostfixHostFacts
from mailvet.facts.reach import ExposureFacts, PortState
from mailvet.model import Expectations, ExpectNullClient, Judgement, Target, Verdict
from tests.fakes.context import make_target
from tests.fakes.posted import POSTED

Load = Callable[[str, str, str], Callable[..., Judgement]]

PASS, FAIL, UNVERIFIED = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED
RELAY = "relay1.example.com"
LOCAL = "mailvet-1@[127.0.0.1]"
REMOTE = "alice@example.com"
MASTER = "smtp inet n - y - - smtpd\nlocal unix - n n - - local\n"


def declared(**changes: object) -> Target:
    """
    A null client with its relay and its domain.
    """
    values: dict[str, object] = {"relays": (RELAY,), "origin": "example.com", **changes}
    expect = Expectations(null_client=ExpectNullClient(**values))  # type: ignore[arg-type]
    return make_target(roles=("postfix", "null-client"), expect=expect)


def postfix(overrides: str = "", **settings: str) -> PostfixConfig:
    """
    A configuration with these settings.
    """
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    text = f"@@all\n{lines}\n@@explicit\n{lines}\n@@master\n{MASTER}@@overrides\n{overrides}\n"
    return parse_postfix(text, ())


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (postfix(mydestination=""), PASS),
        (postfix(mydestination="client1.example.com, localhost"), FAIL),
        (postfix("local/unix/mydestination = example.com", mydestination=""), FAIL),
        (postfix(mydestination="", virtual_mailbox_domains="example.com"), FAIL),
        (
            postfix(virtual_alias_maps="hash:/etc/v", virtual_alias_domains="hash:/etc/v"),
            PASS,
        ),
        (
            postfix(virtual_alias_maps="hash:/etc/v", virtual_alias_domains="example.com"),
            FAIL,
        ),
    ],
)
def test_null_01(load_check: Load, config: PostfixConfig, verdict: Verdict) -> None:
    """
    No list of own domains; tables that rewrite addresses are none.
    """
    check = load_check("nullclient", "test_configuration", "test_destination_for_nothing")
    assert check(config).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (f"[{RELAY}]", PASS),
        (f"[{RELAY.upper()}]:25", PASS),
        (f"[{RELAY}]:smtp", PASS),
        (f"[{RELAY}]:587", FAIL),
        (RELAY, FAIL),
        (f"<[{RELAY}]>", FAIL),
        ("[192.0.2.1]", FAIL),
        ("", FAIL),
        (f"[{RELAY}], [relay2.example.com]", FAIL),
    ],
)
def test_null_02(load_check: Load, value: str, verdict: Verdict) -> None:
    """
    In brackets, and the declared one.
    """
    check = load_check("nullclient", "test_configuration", "test_relay_is_named")
    assert check(postfix(relayhost=value), declared()).verdict is verdict


@pytest.mark.parametrize(
    ("value", "relays", "verdict"),
    [
        ("[192.0.2.1]:587", (), PASS),
        ("[2001:db8::1]", ("[2001:db8:0::1]",), PASS),
        ("[ipv6:2001:db8::1]", ("[2001:db8::1]",), PASS),
        ("[relay1.example.com]:submission", (f"{RELAY}:587",), PASS),
        ("[]", (), FAIL),
    ],
)
def test_relays_in_other_forms(
    load_check: Load, value: str, relays: tuple[str, ...], verdict: Verdict
) -> None:
    """
    Addresses and ports are compared as what they mean.
    """
    check = load_check("nullclient", "test_configuration", "test_relay_is_named")
    assert check(postfix(relayhost=value), declared(relays=relays)).verdict is verdict


def test_tables_may_lead_past_the_relay(load_check: Load) -> None:
    """
    What a table says about single domains is not looked at, and not called well.
    """
    check = load_check("nullclient", "test_configuration", "test_relay_is_named")
    config = postfix(relayhost=f"[{RELAY}]", transport_maps="hash:/etc/postfix/transport")
    assert check(config, declared()).verdict is UNVERIFIED


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ((RelayAnswer("[a]", "220 a ESMTP"),), PASS),
        ((RelayAnswer("[a]", "220-a welcomes you"),), PASS),
        ((RelayAnswer("[a]", "554 a no"),), FAIL),
        ((RelayAnswer("[a]", "220 a"), RelayAnswer("[b]", "", "Connection refused")), FAIL),
    ],
)
def test_null_03(load_check: Load, answers: tuple[RelayAnswer, ...], verdict: Verdict) -> None:
    """
    220 from every relay.
    """
    check = load_check("nullclient", "test_handover", "test_relay_answers")
    assert check(RelayAnswerFacts(answers, ())).verdict is verdict


def told(*addresses: str) -> InterfaceFacts:
    """
    What master is to serve.
    """
    services = (InetService("smtp", 25, addresses),) if addresses else ()
    return InterfaceFacts("value", (Interface("value"),), services, ())


def held(*sockets: tuple[str, int, str]) -> ListenerFacts:
    """
    Sockets by address, port and process.
    """
    return ListenerFacts(
        tuple(ListeningSocket(where, port, (who,) if who else ()) for where, port, who in sockets),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("interfaces", "listeners", "verdict"),
    [
        (told("127.0.0.1", "::1"), held(("127.0.0.1", 25, "master"), ("::1", 25, "master")), PASS),
        (told(), held(("0.0.0.0", 22, "sshd")), PASS),
        (told("0.0.0.0"), held(("127.0.0.1", 25, "master")), FAIL),
        (told("127.0.0.1"), held(("0.0.0.0", 25, "master")), FAIL),
        (told("127.0.0.1"), held(("0.0.0.0", 25, "")), UNVERIFIED),
    ],
)
def test_null_04(
    load_check: Load, interfaces: InterfaceFacts, listeners: ListenerFacts, verdict: Verdict
) -> None:
    """
    Both what is configured and what runs.
    """
    check = load_check("nullclient", "test_configuration", "test_listens_on_loopback")
    assert check(interfaces, listeners).verdict is verdict


@pytest.mark.parametrize(("is_open", "verdict"), [(False, PASS), (True, FAIL)])
def test_null_05(load_check: Load, is_open: bool, verdict: Verdict) -> None:
    """
    One open port is enough.
    """
    check = load_check("nullclient", "test_handover", "test_ports_closed")
    ports = (PortState(25, False, "connection refused"), PortState(587, is_open, "says"))
    assert check(ExposureFacts("direct", (22,), ports, ())).verdict is verdict


def origin(value: str) -> PostfixHostFacts:
    """
    A host whose myorigin comes to *value*.
    """
    empty = dict.fromkeys(PostfixHostFacts.__dataclass_fields__)
    return PostfixHostFacts(**{**empty, "origin": value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "target", "verdict"),
    [
        ("example.com", declared(), PASS),
        ("Example.com", declared(), PASS),
        ("client1.example.com", declared(), FAIL),
        ("", declared(), FAIL),
        ("client1.example.com", declared(origin=""), Verdict.NOT_APPLICABLE),
    ],
)
def test_null_06(load_check: Load, value: str, target: Target, verdict: Verdict) -> None:
    """
    Only where a domain is wanted.
    """
    check = load_check("nullclient", "test_configuration", "test_origin")
    assert check(postfix(myorigin="/etc/mailname"), origin(value), target).verdict is verdict


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (postfix(local_transport="error: local delivery disabled"), PASS),
        (postfix(local_transport="error:no"), PASS),
        (postfix(local_transport="local:client1.example.com"), FAIL),
        (postfix(local_transport="errors:no"), FAIL),
        (postfix("smtp/inet/local_transport = local", local_transport="error:no"), FAIL),
    ],
)
def test_null_07(load_check: Load, config: PostfixConfig, verdict: Verdict) -> None:
    """
    The transport error, for every service.
    """
    check = load_check("nullclient", "test_configuration", "test_no_local_delivery")
    assert check(config).verdict is verdict


def handed(recipient: str, program: str, relay: str, dsn: str, text: str = "x") -> Handed:
    """
    What became of a recipient.
    """
    return Handed(recipient, recipient, program, relay, dsn, dsn.startswith("2"), text)


def handover(*results: Handed, domain: str = "example.com") -> HandoverFacts:
    """
    What Postfix said about recipients, and the domain that it gave to one without.
    """
    bare = Handed(
        "postmaster", f"postmaster@{domain}", "smtp", "x[192.0.2.1]:25", "2.1.5", True, "x"
    )
    return HandoverFacts(
        LOCAL, REMOTE, "postmaster", "", (*results, *([bare] if domain else ())), ()
    )


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (handover(handed(LOCAL, "error", "none", "5.0.0")), PASS),
        (handover(handed(LOCAL, "local", "local", "2.0.0")), FAIL),
        (handover(handed(LOCAL, "local", "local", "5.1.1", "unknown user")), FAIL),
        (handover(handed(LOCAL, "smtp", f"{RELAY}[192.0.2.1]:25", "2.1.5")), FAIL),
        (handover(handed(LOCAL, "error", "none", "4.3.0")), FAIL),
        (handover(), UNVERIFIED),
    ],
)
def test_null_08(load_check: Load, facts: HandoverFacts, verdict: Verdict) -> None:
    """
    For good, and by error(8).
    """
    check = load_check("nullclient", "test_handover", "test_local_mail_is_refused")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("127.0.0.0/8, [::1]/128", PASS),
        ("127.0.0.1/32", PASS),
        ("127.0.0.0/8, 10.0.0.0/8", FAIL),
        ("127.0.0.0/8, ldap:office", UNVERIFIED),
    ],
)
def test_null_09(load_check: Load, value: str, verdict: Verdict) -> None:
    """
    A part of the loopback networks will do; what cannot be listed is not called well.
    """
    check = load_check("nullclient", "test_configuration", "test_trusts_itself_only")
    networks = NetworkList(("main.cf",), value, parse_networks(value, {}))
    assert check(NetworkFacts((networks,), True, ())).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (handover(handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "2.1.5")), PASS),
        (handover(handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "5.7.1")), FAIL),
        (handover(handed(REMOTE, "smtp", "mx.example.net[192.0.2.9]:25", "2.1.5")), FAIL),
        (handover(handed(REMOTE, "smtp", "none", "4.4.1", "Connection refused")), FAIL),
        (handover(handed(REMOTE, "local", "local", "2.0.0")), FAIL),
        (
            handover(
                handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "2.1.5"),
                domain="client1.example.com",
            ),
            FAIL,
        ),
        (
            handover(handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "2.1.5"), domain=""),
            UNVERIFIED,
        ),
        (
            handover(handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "4.7.1", "h said: 450 no")),
            UNVERIFIED,
        ),
        (
            handover(
                handed(
                    REMOTE,
                    "smtp",
                    f"{RELAY}[192.0.2.1]:25",
                    "5.1.0",
                    "h said: 550 5.1.0 <double-bounce@example.com>: Sender address rejected",
                )
            ),
            UNVERIFIED,
        ),
        (handover(), UNVERIFIED),
    ],
)
def test_null_10(load_check: Load, facts: HandoverFacts, verdict: Verdict) -> None:
    """
    Through the declared relay, with the declared domain; what is put off is no failure.
    """
    check = load_check("nullclient", "test_handover", "test_relay_takes_mail")
    assert check(facts, declared()).verdict is verdict


def test_the_relay_may_be_named_by_its_address(load_check: Load) -> None:
    """
    The log has both.
    """
    check = load_check("nullclient", "test_handover", "test_relay_takes_mail")
    facts = handover(handed(REMOTE, "smtp", f"{RELAY}[192.0.2.1]:25", "2.1.5"))
    assert check(facts, declared(relays=("192.0.2.1",))).verdict is PASS
    assert check(facts, declared(relays=("192.0.2.2",))).verdict is FAIL
    assert check(facts, declared(relays=())).verdict is PASS


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (POSTED, PASS),
        (dataclasses.replace(POSTED, arrived=False, seconds=30.0), FAIL),
        (dataclasses.replace(POSTED, taken=False, arrived=False, said="fatal: usage"), FAIL),
    ],
)
def test_null_11(load_check: Load, facts: LocalPostFacts, verdict: Verdict) -> None:
    """
    What the relay took is in the mailbox.
    """
    check = load_check("nullclient", "test_handover", "test_mail_arrives")
    assert check(facts, declared()).verdict is verdict
