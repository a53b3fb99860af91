"""
What mynetworks says, in every way in which it can be written.
"""

import pytest

from mailvet.facts.mynetworks import parse_networks, sources, tokens
from mailvet.facts.networks import NetworkFacts, NetworkList

DECLARED = ("127.0.0.0/8", "::1/128", "198.51.100.0/24")
GOOD = "127.0.0.0/8, [::1]/128\n\t198.51.100.0/25 [2001:db8::]/32"


def network_list(value: str, contents: dict[str, str] | None = None) -> NetworkList:
    """
    The list that *value* stands for.
    """
    return NetworkList(("main.cf",), value, parse_networks(value, contents or {}))


def test_commas_blanks_and_line_ends_part_elements() -> None:
    """
    All separators of postconf(5) work, and none inside braces.
    """
    value = "127.0.0.0/8,[::1]/128\n\tinline:{{192.0.2.1 = OK}, {192.0.2.2 = OK}}"
    assert list(tokens(value)) == [
        "127.0.0.0/8",
        "[::1]/128",
        "inline:{{192.0.2.1 = OK}, {192.0.2.2 = OK}}",
    ]


def test_well_formed_elements_have_no_problem() -> None:
    """
    Networks of both versions, brackets around IPv6 only, are right.
    """
    assert network_list(GOOD).problems == ()


@pytest.mark.parametrize(
    "element",
    [
        "192.0.2.1/24",
        "[2001:db8:1::1]/64",
        "2001:db8::/32",
        "192.0.2.0/255.255.255.0",
        "192.0.2.0/33",
        "[::1/128",
        "mail.example.com",
        "<192.0.2.0/24>",
    ],
)
def test_malformed_elements_are_named(element: str) -> None:
    """
    Whatever Postfix would choke on, or take for something else, is a problem.
    """
    assert len(network_list(f"127.0.0.0/8 {element}").problems) == 1


def test_networks_beyond_the_declared_are_found() -> None:
    """
    A wider network, a foreign one and a host name are beyond; a narrower one is not.
    """
    value = "198.51.0.0/16 198.51.100.7 10.0.0.0/8 mail.example.com"
    assert network_list(value).beyond(DECLARED) == (
        "198.51.0.0/16",
        "10.0.0.0/8",
        "mail.example.com",
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("cidr:/etc/nets", "# own\n10.0.0.0/8 OK\n::1/128 OK\n  continued\n"),
        ("/etc/nets", "# own\n10.0.0.0/8 [::1]/128\n"),
        ("hash:/etc/nets", "10.0.0.1\tOK\n"),
    ],
)
def test_files_and_tables_are_resolved(value: str, text: str) -> None:
    """
    The content of a file or table counts like elements; IPv6 in tables has no brackets.
    """
    name = sources(value)[0]
    found = network_list(value, {name: text})
    assert found.problems == ()
    assert any(each.startswith("10.0.0.") for each in found.beyond(DECLARED))


@pytest.mark.parametrize(
    "value", ["static:all", "cidr:{{0.0.0.0/0 OK}}", "cidr:{{!10.0.0.0/8 OK}}"]
)
def test_tables_for_everybody_are_absurd(value: str) -> None:
    """
    Tables that contain the whole Internet are seen as such.
    """
    assert "0.0.0.0/0" in network_list(value).absurd


def test_unreadable_tables_are_opaque() -> None:
    """
    What cannot be listed leaves membership open.
    """
    found = network_list("127.0.0.0/8 ldap:/etc/nets.cf")
    assert found.opaque == ("ldap:/etc/nets.cf",)
    assert found.contains("127.0.0.1") is True
    assert found.contains("192.0.2.1") is None


def test_the_first_match_decides() -> None:
    """
    An excluded address is not trusted although its network is.
    """
    found = network_list("!10.0.0.7 10.0.0.0/8")
    assert found.contains("10.0.0.7") is False
    assert found.contains("10.0.0.8") is True


def test_absurdly_wide_networks_trust_nobody() -> None:
    """
    Being in 0.0.0.0/0 makes no place an inside one: there the server must show its refusal.
    """
    facts = NetworkFacts((network_list("0.0.0.0/0 10.0.0.0/8"),), True, ())
    assert facts.contains("192.0.2.1") is False
    assert facts.contains("10.0.0.1") is True
    assert facts.beyond(()) == ("0.0.0.0/0",)
