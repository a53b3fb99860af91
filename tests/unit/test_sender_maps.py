"""
Who owns a sender address, as Postfix's tables say.
"""

import pytest

from mailvet.facts.routing import Lookup
from mailvet.facts.sender_maps import OwnedAddress, enforced, keys_of, owners_of, passed_on
from mailvet.facts.smtpd import SmtpdService, restrictions


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("reject_sender_login_mismatch", "reject_sender_login_mismatch"),
        (
            "permit_mynetworks, reject_authenticated_sender_login_mismatch",
            "reject_authenticated_sender_login_mismatch",
        ),
        ("warn_if_reject reject_sender_login_mismatch", ""),
        ("reject_known_sender_login_mismatch", ""),
        ("reject_unknown_sender_domain", ""),
        ("", ""),
    ],
)
def test_what_holds_senders_to_their_addresses(value: str, found: str) -> None:
    """
    Warnings hold nobody, and restrictions for known addresses let unknown ones pass.
    """
    lists = (("smtpd_sender_restrictions", restrictions(value, {})),)
    assert enforced(SmtpdService("x/inet", lists, True, True, "may", False)) == found


def test_keys_are_those_of_smtpd() -> None:
    """
    Extensions are left out, and bare users only count in local domains.
    """
    local = frozenset({"example.com"})
    assert keys_of("Alice+x@example.com", "+", local) == (
        "alice+x@example.com",
        "alice@example.com",
        "alice+x",
        "alice",
        "@example.com",
    )
    assert keys_of("a@example.org", "", local) == ("a@example.org", "@example.org")


def test_the_first_answer_counts() -> None:
    """
    Several owners may stand in it, with commas or blanks between.
    """
    answers = (Lookup("t", "a"), Lookup("t", "b", "alice, bob"), Lookup("t", "c", "carol"))
    assert owners_of(answers) == ("alice", "bob")
    assert owners_of(()) == ()


@pytest.mark.parametrize(
    ("login", "owners", "errors", "owned"),
    [
        ("alice", ("bob", "Alice"), (), True),
        ("alice", ("bob",), (), False),
        ("alice", (), (), False),
        ("alice", (), ("ldap:/x: no answer",), None),
        ("", ("alice",), (), None),
        ("", (), (), False),
    ],
)
def test_ownership(
    login: str, owners: tuple[str, ...], errors: tuple[str, ...], owned: bool | None
) -> None:
    """
    Case does not matter; a table that fails or a login that is not known leaves it open.
    """
    assert OwnedAddress(login, "alice@example.com", owners, errors).owned is owned


@pytest.mark.parametrize(
    ("user", "form", "name"),
    [
        ("Alice@example.com", "", "Alice@example.com"),
        ("Alice@example.com", "%Lu", "alice@example.com"),
        ("Alice@example.com", "%Ln", "alice"),
        ("Alice@example.com", "%n", "Alice"),
        ("Alice@example.com", "%{user | username | lower}", "alice"),
        ("Alice@example.com", "%{user | lower}", "alice@example.com"),
        ("Alice@example.com", "%d-%n", ""),
        ("Alice@example.com", "?", ""),
    ],
)
def test_what_dovecot_makes_of_a_login_name(user: str, form: str, name: str) -> None:
    """
    The usual forms of 2.3 and 2.4 are understood; of others nothing is claimed.
    """
    assert passed_on(user, form) == name
