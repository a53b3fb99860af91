"""
Search filters in Dovecot's settings.
"""

import pytest

from mailvet.facts.ldap_filter import expanded, holds_name, parse_filter


@pytest.mark.parametrize(
    "text",
    [
        "(&(objectClass=posixAccount)(uid=%n))",
        "(&(objectClass=posixAccount)(uid=%u))",
        "(uid=%Ln)",
        "(uid=%{user})",
        "(uid=%{username})",
        "uid=%n",
        "(|(uid=%n)(mail=%u))",
        "(|(uid=%n)(mail=%n@example.com))",
        "(&(uid=%n)(!(loginShell=/sbin/nologin)))",
        "( & (objectClass=*) (uid=%n) )",
        "(uid:caseExactMatch:=%n)",
        "(&(uid=%n)(memberOf=cn=mail,dc=example,dc=com))",
    ],
)
def test_filters_that_select_by_name(text: str) -> None:
    """What they find has the login name."""
    found = parse_filter(text)
    assert found is not None
    assert found.selects_by_name


@pytest.mark.parametrize(
    "text",
    [
        "(objectClass=posixAccount)",
        "(|(objectClass=posixAccount)(uid=%n))",
        "(!(uid=%n))",
        "(uid=%n*)",
        "(uid=*%n*)",
        "(uid~=%n)",
        "(uid>=%n)",
        "(uid=%2n)",
        "(uid=%Hu)",
        "(associatedDomain=%d)",
        "(&)",
        "(|)",
    ],
)
def test_filters_that_find_others(text: str) -> None:
    """Everybody, somebody like it, or a part of the name."""
    found = parse_filter(text)
    assert found is not None
    assert not found.selects_by_name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        ")",
        "(uid=%n",
        "(&(objectClass=posixAccount)(uid=%n)",
        "(uid=%n))",
        "(uid)",
        "x",
        "(!(a=b)(c=d))",
        "(&(a=b)c)",
        "(a=(b))",
        "()",
        "(uid=%n)(a=b)",
    ],
)
def test_what_is_no_filter(text: str) -> None:
    """The directory would refuse it."""
    assert parse_filter(text) is None


def test_a_filter_is_filled_in_for_a_user() -> None:
    """As Dovecot does; the depth counts the nesting."""
    found = parse_filter("(&(objectClass=a)(|(uid=%Ln)(mail=%u)))")
    assert found is not None
    assert found.depth == 3
    wanted = "(&(objectClass=a)(|(uid=dave)(mail=Dave@a.example)))"
    assert str(found.for_user("Dave@a.example")) == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("%n", "Dave"),
        ("%u", "Dave@a.example"),
        ("%d", "a.example"),
        ("%Un", "DAVE"),
        ("%{username}-%{domain}", "Dave-a.example"),
        ("%2n", "%2n"),
        ("%{ldap:uid}", "%{ldap:uid}"),
    ],
)
def test_variables_are_replaced(text: str, value: str) -> None:
    """Others are left, so that whoever searches can see that they are not known."""
    assert expanded(text, "Dave@a.example") == value


def test_templates_hold_the_name_as_a_whole() -> None:
    """A part of it is not enough."""
    assert holds_name("uid=%n,ou=People,dc=example,dc=com")
    assert holds_name("%u")
    assert not holds_name("cn=admin,dc=example,dc=com")
    assert not holds_name("uid=%1n,ou=People")
