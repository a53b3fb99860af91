"""
Recipients in odd forms, and what Postfix's resolver says about them.
"""

import pytest

from mailvet.facts.recipient_forms import RecipientForm, recipient_forms
from mailvet.facts.resolution import Destination, Resolution, internal, parse_resolution

FORMS = recipient_forms("example.com", "mail1.example.com", "[192.0.2.25]", "example.net")

LOCAL = "transport\tlocal\nnexthop\tmail1.example.com\nrecipient\tx\nflags\t256\n"
NOT_THERE = "1\n\n"


def test_every_technique_has_an_address_of_its_own() -> None:
    """
    No form is tried twice, and each names the foreign domain or is odd in another way.
    """
    addresses = [each.address for each in FORMS]
    assert len(set(addresses)) == len(addresses)
    assert {'"probe@example.net"@example.com', "example.net!probe"} <= set(addresses)
    assert "@mail1.example.com:probe@example.net" in addresses


def test_only_what_is_foreign_in_every_reading_counts_as_foreign() -> None:
    """
    Whatever ends in a domain of the server may be a mailbox there.
    """
    foreign = [each.address for each in FORMS if each.foreign]
    assert not [each for each in foreign if each.endswith(("example.com", "[192.0.2.25]"))]
    assert "probe@example.net." in foreign


def test_further_domains_get_forms_of_their_own() -> None:
    """
    A relay domain is another class than a local one, and the mail domain is not repeated.
    """
    arguments = ("example.com", "mail1.example.com", "[192.0.2.25]", "example.net")
    more = recipient_forms(*arguments, ("relay.example.com", "example.com"))
    assert len(more) == len(FORMS) + 4


def test_a_form_is_safe_to_show() -> None:
    """
    The NUL octet is spelt out.
    """
    assert "\0" not in "".join(map(str, FORMS))


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ('"a@example.net"@example.com', "a@example.net@example.com"),
        ('"a@example.net"', "a@example.net"),
        ("a%example.net@example.com", "a%example.net@example.com"),
    ],
)
def test_postfix_keeps_addresses_without_quotes(address: str, kept: str) -> None:
    """
    The resolver is asked for what smtpd asks it for.
    """
    assert internal(RecipientForm("", address)) == kept


@pytest.mark.parametrize(
    ("transport", "flags", "rewritten", "destination"),
    [
        ("local", 256, (), Destination.OWN),
        ("virtual", 1024, (), Destination.OWN),
        ("error", 512, (), Destination.OWN),
        ("local", 256, ("alice@example.com",), Destination.OWN),
        ("local", 256, ("probe@example.net",), Destination.ELSEWHERE),
        ("smtp", 4096, (), Destination.ELSEWHERE),
        ("relay", 2048 | 2, (), Destination.ELSEWHERE),
        ("relay", 2048, (), Destination.UNKNOWN),
        ("local", 256 | 8, (), Destination.UNKNOWN),
        ("", 0, (), Destination.UNKNOWN),
    ],
)
def test_where_an_accepted_address_leads(
    transport: str, flags: int, rewritten: tuple[str, ...], destination: Destination
) -> None:
    """
    Own classes stay, routes through a relay domain leave, and what is not known is not cleared.
    """
    found = Resolution("a", transport, "x", flags, rewritten)
    assert found.destination("example.net") is destination


def test_a_table_that_does_not_answer_leaves_the_question_open() -> None:
    """
    Not found is an answer, an error is none.
    """
    known = parse_resolution("a", LOCAL, (NOT_THERE, "0\nalice\n"))
    assert known.rewritten == ("alice",)
    assert known.destination("example.net") is Destination.OWN
    broken = parse_resolution("a", LOCAL, ("1\npostmap: fatal: open /etc/x: No such file\n",))
    assert broken.destination("example.net") is Destination.UNKNOWN
    silent = parse_resolution("a", "error\tPostfix's resolver does not answer: x\n", ())
    assert silent.destination("example.net") is Destination.UNKNOWN
    assert "does not answer" in str(silent)
