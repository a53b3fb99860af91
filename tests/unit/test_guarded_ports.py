"""
From where firewalld admits a port, and whether these are the declared addresses.
"""

from collections.abc import Iterable

import pytest

from mailvet.facts.firewall import ANYWHERE, FirewallFacts, parse_zones
from mailvet.facts.guarded_ports import GuardedPort, admission_faults

ZONE = """\
{name}
  target: {target}
  interfaces: {interfaces}
  sources: {sources}
  services: ssh {services}
  ports: {ports}
  protocols:
  rich rules:
{rules}
"""


def firewall(
    *,
    ports: str = "",
    services: str = "",
    rules: Iterable[str] = (),
    target: str = "default",
    more: str = "",
) -> FirewallFacts:
    """
    firewalld with this zone on the mail interface, and what *more* says.
    """
    text = ZONE.format(
        name="public",
        target=target,
        interfaces="eth0",
        sources="",
        services=services,
        ports=ports,
        rules="\n".join(f"\t{each}" for each in rules),
    )
    zones = parse_zones(f"{text}\n{more}")
    return FirewallFacts(
        installed=True,
        running=True,
        default_zone="public",
        interfaces=(("eth0", "public"),),
        mail_zones=("public",),
        runtime=zones,
        permanent=zones,
        services=(("lmtp", ("24/tcp",)), ("ssh", ("22/tcp",))),
        commands=(),
    )


def zone(name: str, *, sources: str = "", ports: str = "", rules: str = "") -> str:
    """A zone that no interface is bound to."""
    return ZONE.format(
        name=name, target="default", interfaces="", sources=sources, services="", ports=ports,
        rules=f"\t{rules}",
    )  # fmt: skip


RULE = 'rule family="ipv4" source {} port port="24" protocol="tcp" accept'


@pytest.mark.parametrize(
    ("facts", "sources"),
    [
        (firewall(), ()),
        (firewall(ports="24/tcp"), (ANYWHERE,)),
        (firewall(services="lmtp"), (ANYWHERE,)),
        (firewall(target="ACCEPT"), (ANYWHERE,)),
        (firewall(rules=[RULE.format('address="192.0.2.1/32"')]), ("192.0.2.1/32",)),
        (firewall(rules=[RULE.format('NOT address="192.0.2.1"')]), ("all but 192.0.2.1",)),
        (firewall(rules=['rule port port="24" protocol="tcp" accept']), (ANYWHERE,)),
        (firewall(rules=[RULE.format('address="192.0.2.1"').replace("accept", "drop")]), ()),
        (firewall(more=zone("mta", sources="192.0.2.1", ports="24/tcp")), ("192.0.2.1",)),
        (firewall(more=zone("unused", ports="24/tcp")), ()),
    ],
)
def test_sources(facts: FirewallFacts, sources: tuple[str, ...]) -> None:
    """
    Ports, services, rules and zones for sources all count; zones that nothing uses do not.
    """
    assert facts.sources(24, permanent=True) == sources


@pytest.mark.parametrize(
    ("facts", "faults"),
    [
        (firewall(more=zone("mta", sources="192.0.2.1", ports="24/tcp")), 0),
        (firewall(rules=[RULE.format('address="192.0.2.1/32"')]), 0),
        (firewall(rules=[RULE.format('address="192.0.2.0/24"')]), 2),
        (firewall(rules=[RULE.format('address="192.0.2.2/32"')]), 4),
        (firewall(), 2),
        (firewall(rules=['rule source ipset="mtas" port port="24" protocol="tcp" accept']), 4),
    ],
)
def test_faults(facts: FirewallFacts, faults: int) -> None:
    """
    What is admitted beyond the declared address, and whether that one is, now and for good.
    """
    guarded = GuardedPort(24, ("192.0.2.1",), (), ())
    assert len(admission_faults(facts, guarded)) == faults
