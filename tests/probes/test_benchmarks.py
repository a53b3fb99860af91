"""
Which rules of benchmarks the probe holds a host against.
"""

import asyncio
from pathlib import Path
from typing import Any

from mailvet.errors import ProbeError
from mailvet.facts.interfaces import InetService, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.packages import PackageFacts
from mailvet.facts.postfix import parse_postfix
from mailvet.facts.units import Unit, UnitFacts
from mailvet.model import (
    Benchmark,
    Cause,
    Endpoint,
    Expectations,
    ExpectDovecot,
    Protocol,
    Security,
    Standing,
)
from mailvet.probes.benchmarks import probe_benchmarks
from tests.fakes.context import make_context, make_target

RECORDED = Path(__file__).parents[1] / "unit" / "recorded" / "host"
POSTFIX = parse_postfix((RECORDED / "postconf-debian-3.7.11.txt").read_text(encoding="utf-8"), ())
SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)


def observe(
    roles: tuple[str, ...], endpoints: tuple[Endpoint, ...], address: str, holder: str
) -> dict[str, Benchmark]:
    """
    The rules by control, on a host where *holder* listens on port 25 of *address*.
    """
    facts: dict[str, Any] = {
        "postfix": POSTFIX,
        "interfaces": InterfaceFacts("value", (), (InetService("smtp", 25, (address,)),), ()),
        "listeners": ListenerFacts((ListeningSocket(address, 25, (holder,), ""),), (), ()),
        "units": UnitFacts(True, (Unit("dovecot.service", "loaded", "active", "enabled"),), (), ()),
        "packages": PackageFacts("rpm", (("dovecot", "2.3.16"),), ()),
    }

    async def recall(name: str, _: Endpoint | None) -> Any:  # noqa: ANN401
        if name not in facts:
            raise ProbeError(Cause.VANTAGE, f"no place outside for {name}")
        return facts[name]

    target = make_target(endpoints, roles=roles)
    found = asyncio.run(probe_benchmarks(make_context(25, target=target, recall=recall)))
    return {each.control: each for each in found.rules}


def test_a_null_client_follows_what_concerns_it() -> None:
    """
    Nobody but the host itself can be a client there, so that no restriction of clients is missed.
    """
    rules = observe(("postfix",), (), "127.0.0.1", "master")

    assert {name: each.standing for name, each in rules.items()} == {"BENCH-03": Standing.FOLLOWED}


def test_an_undeclared_mail_server_has_no_excuse() -> None:
    """
    Without a declared service the rules are right.
    """
    rules = observe(("postfix",), (), "0.0.0.0", "master")

    assert {each.standing for each in rules.values()} == {Standing.UNFOUNDED}
    assert set(rules) == {"BENCH-01", "BENCH-03"}


def test_without_a_place_outside_nothing_is_compensated() -> None:
    """
    No waiver rests on what was not measured.
    """
    rules = observe(("postfix",), (SMTP,), "0.0.0.0", "master")

    for each in rules.values():
        assert (each.standing, each.cause) == (Standing.UNPROVEN, Cause.VANTAGE)
        assert not each.waiver


def test_dovecot_that_serves_postfix_alone_is_compensated() -> None:
    """
    Where it only checks passwords it has no port, and needs none.
    """
    rule = observe(("dovecot",), (), "0.0.0.0", "haproxy")["BENCH-02"]

    assert rule.standing is Standing.COMPENSATED
    assert "declared to use Dovecot" in rule.waiver


IMAPS = Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS)
BESIDE_POSTFIX: dict[str, Any] = {
    "units": UnitFacts(True, (Unit("dovecot.service", "loaded", "active", "enabled"),), (), ()),
    "packages": PackageFacts("rpm", (("dovecot", "2.3.16"),), ()),
    "listeners": ListenerFacts(
        (
            ListeningSocket("0.0.0.0", 993, ("dovecot",), ""),
            ListeningSocket("127.0.0.1", 12345, ("dovecot",), ""),
        ),
        (),
        (),
    ),
}


def test_declared_listener_on_the_loopback_interface_is_not_missed_on_the_network() -> None:
    """
    Postfix on the same host asks for passwords there, and nobody else can.
    """

    async def recall(name: str, _: Endpoint | None) -> Any:  # noqa: ANN401
        return BESIDE_POSTFIX[name]

    expect = Expectations(dovecot=ExpectDovecot(listeners=(12345,)))
    target = make_target([IMAPS], roles=["dovecot"], expect=expect)

    found = asyncio.run(
        probe_benchmarks(make_context(993, Protocol.IMAP, target=target, recall=recall))
    )

    (access,) = found.rules
    assert "which is what its role declares" in str(access)
