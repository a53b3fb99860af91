"""
What a host says about a way that it closed.
"""

from mailvet.facts.cut import parse_refused, parse_ways
from mailvet.facts.host import CommandOutput


def test_what_the_host_prints_about_the_cut() -> None:
    """
    Addresses that were cut off, and packets that were counted.
    """
    cut = CommandOutput("nft", 0, "@@cut\n198.51.100.12 3306\n2001:db8::12 3306\n", "")
    assert parse_ways(cut) == ("198.51.100.12 port 3306", "2001:db8::12 port 3306")
    counter = "@@counter\ntable inet x {\n\tcounter refused {\n\t\tpackets 3 bytes 180\n\t}\n}\n"
    assert parse_refused(CommandOutput("nft", 0, counter, "")) == 3
    assert parse_refused(CommandOutput("nft", 0, "@@counter\n", "Error: No such file")) == 0
