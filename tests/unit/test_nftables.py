"""
Rules of nftables, in force and stored.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.nftables import NftablesFacts, parse_nftables

RULES = """\
table inet filter {
	set mail {
		type inet_service
		elements = { 25, 143,
			993 }
	}

	set knocking {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		elements = { 192.0.2.7 timeout 1m expires 31s, 192.0.2.8 timeout 1m expires 3s,
			192.0.2.9 timeout 1m expires 9s }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		iif "lo" accept
		tcp dport @mail accept
	}
}
"""
LATER = RULES.replace("192.0.2.7 timeout 1m expires 31s, ", "")
BANS = (
    "table inet f2b-table {\n\tchain f2b-chain {\n\t\ttype filter hook input priority -1;\n\t}\n}\n"
)


def printed(**parts: str) -> NftablesFacts:
    """
    What comes of a script that printed *parts*.
    """
    good = {
        "enabled": "enabled",
        "file": "/etc/nftables.conf",
        "rules": BANS + RULES,
        "unread": "",
        "stored": LATER,
    }
    stdout = "".join(f"@@{name}\n{text}\n" for name, text in (good | parts).items() if text != "-")
    return parse_nftables(CommandOutput("sh", 0, stdout, ""))


def test_the_same_rules_have_no_problem() -> None:
    """
    Clients that came and went, and bans of another program, are no difference.
    """
    assert printed().problems() == ()


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (
            {"stored": LATER.replace("\t\ttcp dport @mail accept\n", "")},
            "inet filter: tcp dport @mail accept (in force only)",
        ),
        (
            {"rules": RULES.replace("policy drop", "policy accept")},
            "inet filter: type filter hook input priority filter; policy drop;"
            " (after the next start only)",
        ),
        ({"stored": LATER.replace("993 }", "995 }")}, "inet filter: 993 } (in force only)"),
        ({"enabled": "disabled"}, "nftables.service is disabled"),
        ({"enabled": "-"}, "nftables.service is not there"),
        ({"file": "-", "stored": "-"}, "nftables.service loads no file"),
        ({"rules": BANS}, "no chain filters what arrives"),
        (
            {"wrong": "/etc/nftables.conf:9:4: Error: syntax error", "stored": "-"},
            "/etc/nftables.conf cannot be loaded: /etc/nftables.conf:9:4: Error: syntax error",
        ),
        ({"rules": "-"}, "nft is not installed"),
    ],
)
def test_what_does_not_last_is_told(parts: dict[str, str], problem: str) -> None:
    """
    One line says which rule, or what is missing.
    """
    assert problem in printed(**parts).problems()


def test_a_second_try_that_works_is_enough() -> None:
    """
    Rules with interfaces that are missing in an empty namespace are loaded again with them.
    """
    assert printed(unread="Error: Interface does not exist").unread == ""
    assert printed(unread="unshare: failed", stored="-").unread == "unshare: failed"
