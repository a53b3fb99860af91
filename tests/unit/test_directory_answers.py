"""
What a directory says.
"""

import pytest

from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.directory_answers import (
    ClearAnswer,
    DirectoryAnswers,
    DirectoryAnswersFacts,
    Entry,
    LdapResult,
    UserSearch,
)
from mailvet.transcript import Line

SERVER = BackendServer("ldap1.example.com", 636)


def entry(*classes: str) -> Entry:
    """An entry of these classes."""
    return Entry("uid=carol,dc=example,dc=com", (("objectClass", classes),))


@pytest.mark.parametrize(
    ("entries", "minimal"),
    [
        ((entry("top", "inetOrgPerson"),), True),
        ((entry("inetOrgPerson", "posixAccount"),), False),
        ((entry("inetOrgPerson", "POSIXACCOUNT"),), False),
        ((entry(),), False),
        ((), False),
    ],
)
def test_entries_without_unix_attributes(entries: tuple[Entry, ...], minimal: bool) -> None:
    """A class that is not shown tells nothing."""
    assert UserSearch("carol", entries).minimal is minimal


def test_results_in_words() -> None:
    """Code, name and what the server adds."""
    assert str(LdapResult(49)) == "result 49 invalidCredentials"
    assert str(LdapResult(13, "TLS first")) == "result 13 confidentialityRequired TLS first"
    assert str(LdapResult(99)) == "result 99"


@pytest.mark.parametrize(
    ("code", "good", "temporary", "refuses"),
    [
        (0, True, False, False),
        (8, False, False, True),
        (13, False, False, True),
        (49, False, False, False),
        (51, False, True, False),
        (53, False, False, True),
    ],
)
def test_what_results_mean(code: int, good: bool, temporary: bool, refuses: bool) -> None:
    """A refused password was looked at."""
    result = LdapResult(code)
    assert (result.good, result.temporary, result.refuses) == (good, temporary, refuses)


def test_attributes_that_are_shown() -> None:
    """By name in any case, with values or without."""
    found = Entry("uid=carol", (("userPassword", ()), ("uid", ("Carol",))))
    assert found.shows("USERPASSWORD")
    assert not found.shows("mail")
    assert found.values("UID") == ("carol",)
    assert str(found) == "entry uid=carol with userPassword, uid"


def test_all_that_was_said_is_evidence() -> None:
    """To every server, inside TLS and outside of it."""
    lines = (Line(0.0, ">", "a"), Line(0.1, ">", "b"))
    facts = DirectoryAnswersFacts(
        (DirectoryAnswers("/f", SERVER, transcript=lines[:1]),),
        (ClearAnswer(SERVER, transcript=lines[1:]),),
    )
    assert facts.transcript == lines
