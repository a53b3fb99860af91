"""
The trace of a message handed in on the host, and what openssl says about an issuer.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.issuer import IssuerFacts, parse_issued
from mailvet.facts.local_post import LocalPostFacts


@pytest.mark.parametrize(
    ("origin", "return_path", "domains"),
    [
        ("alice@example.com", "<alice@example.com>", ("example.com", "example.com")),
        ('"A." <alice@Example.COM>', "", ("example.com",)),
        ("alice", "<alice@mail1.example.com>", ("", "mail1.example.com")),
        ("", "", ("",)),
    ],
)
def test_domains_of_a_message(origin: str, return_path: str, domains: tuple[str, ...]) -> None:
    """An address without a domain has none; a message without Return-Path shows one."""
    facts = LocalPostFacts("alice", True, "", True, 0.1, origin, return_path, (), (), ())

    assert facts.domains == domains


def test_openssl_is_understood() -> None:
    """Only its exit status 0 is a yes."""
    text = "@@0\n0\n/c: OK\n@@1\n2\nerror 20: unable to get local issuer certificate\n"
    issued = parse_issued(CommandOutput("script", 0, text, ""), ("/c", "/d", "/e"))

    assert [each.verified for each in issued] == [True, False, False]
    foreign = IssuerFacts("/ca", False, issued).foreign
    assert len(foreign) == 2
    assert "unable to get local issuer" in foreign[0]
