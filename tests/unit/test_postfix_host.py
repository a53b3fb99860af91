"""
What surrounds Postfix: what the script prints, read back.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix_host import PostfixHostFacts, parse_postfix_host

PRINTED = """@@manager
rpm
@@packages

@@sendmail
/usr/sbin/sendmail.postfix
postfix
@@origin
example.com
@@registration
{registration}
"""


def parsed(registration: str) -> PostfixHostFacts:
    """What is made of that answer of subscription-manager."""
    text = PRINTED.format(registration=registration)
    return parse_postfix_host(CommandOutput("script", 0, text, ""))


def test_what_was_printed_is_read() -> None:
    """Every part is found."""
    facts = parsed("none")

    assert (facts.manager, facts.sendmail_packages, facts.owner) == ("rpm", (), "postfix")
    assert facts.sendmail == "/usr/sbin/sendmail.postfix"
    assert facts.sendmail_is_postfix
    assert facts.origin == "example.com"


@pytest.mark.parametrize(
    ("answer", "registration"),
    [
        ("none", "none"),
        ("0\nsystem identity: 0a\nname: mail1", "yes"),
        ("1\nThis system is not yet registered. Try 'subscription-manager register'.", "no"),
        ("70\nUnable to verify server's identity", "unknown"),
        ("124\n", "unknown"),
    ],
)
def test_only_a_denial_is_a_no(answer: str, registration: str) -> None:
    """An error of the command says nothing about the registration."""
    assert parsed(answer).registration == registration


def test_an_empty_answer_is_no_sendmail() -> None:
    """A host without the command has none, and nobody owns it."""
    facts = parse_postfix_host(CommandOutput("script", 0, "@@manager\ndpkg\n@@sendmail\n\n\n", ""))

    assert (facts.sendmail, facts.owner) == ("", "")
    assert facts.sendmail_is_postfix is False
