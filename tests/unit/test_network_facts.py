"""
Parsers of listening sockets, firewalld's zones and inet_interfaces, with recorded output.
"""

from pathlib import Path

import pytest

from mailvet.facts.firewall import FirewallFacts, parse_firewall
from mailvet.facts.host import CommandOutput
from mailvet.facts.interfaces import InetService, InterfaceFacts, expand, parse_interface
from mailvet.facts.listeners import ListenerFacts, ListeningSocket, parse_listeners
from mailvet.facts.reach import speaks
from mailvet.facts.replies import Reply
from mailvet.model import Protocol

RECORDED = Path(__file__).parent / "recorded" / "host"
OWN = frozenset({"127.0.0.1", "::1", "203.0.113.10"})
BOTH = frozenset({"all"})


def firewall(name: str) -> FirewallFacts:
    """The recorded firewall called *name*, of the host 203.0.113.10."""
    text = (RECORDED / f"{name}.txt").read_text(encoding="utf-8")
    return parse_firewall(CommandOutput("", 0, text, ""), frozenset({"203.0.113.10"}))


def listeners(name: str) -> ListenerFacts:
    """The recorded sockets called *name*."""
    text = (RECORDED / f"{name}.txt").read_text(encoding="utf-8")
    return ListenerFacts(parse_listeners(text), (), ())


def test_sockets_of_hidden_processes_are_told_by_their_unit() -> None:
    """In containers the kernel hides who master is; its unit tells."""
    facts = listeners("ss-debian-container")

    assert facts.ports("postfix", loopback=True) == {25, 465, 587}
    assert facts.ports("dovecot", loopback=True) == {110, 143, 993, 995, 4190}
    assert {each.address for each in facts.on(25)} == {"0.0.0.0", "::"}
    assert not facts.nameless


def test_sockets_of_red_hat() -> None:
    """Loopback, dual-stack and kernel sockets are told apart."""
    facts = listeners("ss-rhel9")

    assert facts.ports("postfix", loopback=True) == {25, 10025}
    assert facts.ports("postfix", loopback=False) == {25}
    assert facts.on(53)[0].address == "127.0.0.53"
    assert [each.port for each in facts.nameless] == [2049]


@pytest.mark.parametrize(
    ("processes", "unit", "holder"),
    [
        (("master",), "", "postfix"),
        (("master",), "session-3.scope", "postfix"),
        (("master",), "kube-master.service", "master"),
        (("smtpd", "master"), "postfix.service", "postfix"),
        ((), "postfix@-.service", "postfix"),
        ((), "dovecot.service", "dovecot"),
        (("systemd", "dovecot"), "init.scope", "dovecot"),
        (("exim4",), "exim4.service", "exim4"),
        ((), "exim4.service", "exim4.service"),
        ((), "", "unknown"),
    ],
)
def test_holder(processes: tuple[str, ...], unit: str, holder: str) -> None:
    """Process and unit together tell who holds a socket."""
    assert ListeningSocket("0.0.0.0", 25, processes, unit).holder == holder


def test_firewall_of_the_lab_admits_what_its_services_say() -> None:
    """The default zone counts for interfaces that are bound to none."""
    facts = firewall("firewalld-debian")

    assert facts.mail_zones == ("public",)
    assert facts.missing([25, 110, 143, 465, 587, 993, 995, 4190], permanent=True) == ()
    assert facts.missing([24, 2000], permanent=False) == (24, 2000)
    assert facts.mentioned([24, 2000], permanent=False) == ()
    assert facts.differences() == ()


def test_firewall_ports_ranges_and_rich_rules_count() -> None:
    """Ports, ranges and rich rules admit as services do, and a rule that rejects wins."""
    facts = firewall("firewalld-rhel9")

    assert facts.missing([143, 465, 993, 4190], permanent=True) == ()
    assert facts.missing([4191], permanent=True) == (4191,)
    assert facts.missing([25], permanent=False) == ()
    assert facts.missing([25], permanent=True) == (25,)


def test_firewall_rule_for_one_source_admits_not_everybody() -> None:
    """A rule for some sources is no admission for all, but it is a rule about that port."""
    facts = firewall("firewalld-rhel9")

    assert facts.missing([24], permanent=True) == (24,)
    assert facts.mentioned([24], permanent=True) == ("24 in zone public",)


def test_firewall_open_zone_of_containers_is_left_aside() -> None:
    """Docker's zone accepts everything, and has nothing to do with mail from the network."""
    facts = firewall("firewalld-rhel9")

    assert facts.mail_zones == ("public",)
    assert facts.mentioned([2000], permanent=True) == ()


def test_firewall_differences_are_named() -> None:
    """What is only in force, or only stored, is named."""
    assert firewall("firewalld-rhel9").differences() == ("public services: smtp only at run time",)


def test_firewall_that_is_missing() -> None:
    """Without firewall-cmd nothing is installed and nothing runs."""
    facts = parse_firewall(CommandOutput("", 0, "", ""), frozenset())

    assert not facts.installed
    assert not facts.running


def test_services_include_others() -> None:
    """A service definition brings in the ports of those that it includes."""
    text = (
        "@@state\nrunning\n@@default\npublic\n@@runtime\npublic\n  services: mail\n  rich rules: \n"
        '@@services\n%%mail\n<include service="smtp"/>\n%%smtp\n<port protocol="tcp" port="25"/>\n'
    )

    facts = parse_firewall(CommandOutput("", 0, text, ""), frozenset())

    assert facts.admits(25, "public", permanent=False)


@pytest.mark.parametrize("text", ["all", "loopback-only", "127.0.0.1", "[::1]", "203.0.113.10"])
def test_interface_valid(text: str) -> None:
    """Words and the host's own addresses are valid."""
    assert parse_interface(text, OWN, ()).problem == ""


@pytest.mark.parametrize("text", ["127.0.0.1/32", "[::1]/128", "192.0.2.77", "mail9.example.com"])
def test_interface_invalid(text: str) -> None:
    """Masks, foreign addresses and names that do not resolve are not."""
    assert parse_interface(text, OWN, ()).problem


def test_interface_name_of_the_host_itself() -> None:
    """Debian lets a host's name resolve to 127.0.1.1."""
    assert parse_interface("mail1.example.com", OWN, ("127.0.1.1",)).problem == ""


def test_expand_words() -> None:
    """The words stand for what the host has, of the address families that are on."""
    every = (parse_interface("all", OWN, ()),)
    loopback = (parse_interface("loopback-only", OWN, ()),)

    assert expand(every, OWN, BOTH) == ("0.0.0.0", "::")
    assert expand(every, OWN, frozenset({"ipv4"})) == ("0.0.0.0",)
    assert set(expand(loopback, OWN, BOTH)) == {"127.0.0.1", "::1"}


def test_mismatch_between_configuration_and_sockets() -> None:
    """Sockets on other addresses than configured are named."""
    wanted = InterfaceFacts("", (), (InetService("smtp", 25, ("127.0.0.1",)),), ())
    sockets = (ListeningSocket("0.0.0.0", 25, ("master",)),)

    (found,) = wanted.mismatches(ListenerFacts(sockets, (), ()))

    assert found == "25: configured 127.0.0.1, listening 0.0.0.0"


def test_dual_stack_socket_serves_both_families() -> None:
    """One socket on * is as good as two."""
    wanted = InterfaceFacts("", (), (InetService("smtp", 25, ("0.0.0.0", "::")),), ())
    sockets = (ListeningSocket("*", 25, ("master",)),)

    assert wanted.mismatches(ListenerFacts(sockets, (), ())) == ()


@pytest.mark.parametrize(
    ("protocol", "line", "good"),
    [
        ("smtp", "220 mail1.example.com ESMTP", True),
        ("smtp", "554 go away", False),
        ("imap", "OK ready", True),
        ("imap", "BYE no", False),
        ("pop3", "+OK ready", True),
        ("pop3", "220 ready", False),
    ],
)
def test_speaks(protocol: str, line: str, good: bool) -> None:
    """A greeting belongs to the declared protocol, or it does not."""
    status, _, text = line.partition(" ")

    assert speaks(Protocol(protocol), Reply(status, text, (line,))) is good


def test_sieve_greets_with_its_capabilities() -> None:
    """ManageSieve's greeting names implementation and extensions."""
    lines = ('"IMPLEMENTATION" "Pigeonhole"', '"SIEVE" "fileinto"', "OK")

    assert speaks(Protocol.SIEVE, Reply("OK", "", lines))
    assert not speaks(Protocol.SIEVE, Reply("OK", "", lines[1:]))
