"""
Where Postfix sends mail, from its settings and tables.
"""

import pytest

from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.routing import Lookup, answered, lookups_for, route, split_list

SOCKET = "lmtp:unix:/run/dovecot/lmtp"


def make_postfix(*, chroot: bool = False, **settings: str) -> PostfixConfig:
    """
    A configuration with the usual delivery agents.
    """
    defaults = {
        "queue_directory": "/var/spool/postfix",
        "myorigin": "example.com",
        "mydestination": "mail1.example.com, example.com, localhost",
        "local_transport": "local:mail1.example.com",
        "virtual_transport": "virtual",
        "relay_transport": "relay",
        "default_transport": "smtp",
    }
    services = [
        MasterService(name, "unix", True, True, name == "lmtp" and chroot, command)
        for name, command in {
            "lmtp": "lmtp",
            "local": "local",
            "virtual": "virtual",
            "relay": "smtp",
            "dovecot": "/usr/lib/postfix/sbin/lmtp -v",
        }.items()
    ]
    return PostfixConfig("3.7", "/etc/postfix", defaults | settings, {}, tuple(services), (), ())


def test_braces_keep_a_list_item_together() -> None:
    """
    Inline tables contain blanks and commas.
    """
    text = "hash:/etc/a, inline:{ {x = y, z} b=c } d"

    assert split_list(text) == ("hash:/etc/a", "inline:{ {x = y, z} b=c }", "d")


def test_local_delivery_goes_where_mailbox_transport_says() -> None:
    """
    local(8) hands mail on; what decides is its own setting.
    """
    way = route(make_postfix(mailbox_transport=SOCKET), "alice@example.com", ())

    assert (way.parameter, way.client, way.seen) == (
        "mailbox_transport",
        "lmtp",
        "/run/dovecot/lmtp",
    )
    assert way.lists == ("mydestination",)
    assert way.uses_socket


def test_virtual_transport_means_nothing_for_a_domain_in_mydestination() -> None:
    """
    The class decides which setting is consulted.
    """
    way = route(make_postfix(virtual_transport=SOCKET), "alice@example.com", ())

    assert (way.parameter, way.value) == ("mailbox_transport", "")
    assert way.lmtp_settings == ("virtual_transport",)
    assert not way.uses_socket


def test_a_virtual_mailbox_domain_uses_virtual_transport() -> None:
    """
    The other class of the guide.
    """
    postfix = make_postfix(
        mydestination="localhost",
        virtual_mailbox_domains="hash:/etc/vdom",
        virtual_transport=SOCKET,
    )
    way = route(postfix, "alice@example.com", (Lookup("hash:/etc/vdom", "example.com", "x"),))

    assert (way.parameter, way.lists) == ("virtual_transport", ("virtual_mailbox_domains",))
    assert way.uses_socket


@pytest.mark.parametrize(
    ("path", "chroot", "seen"),
    [
        ("private/dovecot-lmtp", False, "/var/spool/postfix/private/dovecot-lmtp"),
        ("private/dovecot-lmtp", True, "/var/spool/postfix/private/dovecot-lmtp"),
        ("/run/dovecot/lmtp", False, "/run/dovecot/lmtp"),
        ("/run/dovecot/lmtp", True, "/var/spool/postfix/run/dovecot/lmtp"),
    ],
)
def test_the_client_sees_paths_from_its_queue_directory_and_chroot(
    path: str, chroot: bool, seen: str
) -> None:
    """
    Relative paths begin in the queue directory; a chroot stands before absolute ones.
    """
    postfix = make_postfix(chroot=chroot, mailbox_transport=f"lmtp:unix:{path}")

    assert route(postfix, "alice@example.com", ()).seen == seen


def test_the_transport_table_wins_and_its_bare_next_hop_does_not() -> None:
    """
    An answer without a transport leaves the default in force.
    """
    postfix = make_postfix(transport_maps="hash:/t", mailbox_transport="")
    table = (Lookup("hash:/t", "example.com", SOCKET),)
    bare = (Lookup("hash:/t", "example.com", ":"),)

    assert route(postfix, "alice@example.com", table).by_table
    assert route(postfix, "alice@example.com", table).uses_socket
    assert not route(postfix, "alice@example.com", bare).by_table


def test_a_service_is_an_lmtp_client_by_its_program() -> None:
    """
    Its name in master.cf may be any.
    """
    postfix = make_postfix(mailbox_transport="dovecot:unix:/run/dovecot/lmtp")

    assert route(postfix, "alice@example.com", ()).uses_socket


def test_lmtp_over_tcp_uses_no_socket() -> None:
    """
    The socket variant is another one.
    """
    postfix = make_postfix(mailbox_transport="lmtp:inet:127.0.0.1:24")

    assert not route(postfix, "alice@example.com", ()).uses_socket


def test_fallback_transport_is_for_users_that_the_system_does_not_know() -> None:
    """
    local(8) consults it behind the system's accounts only.
    """
    postfix = make_postfix(fallback_transport=SOCKET)
    known = (Lookup("unix:passwd.byname", "alice", "alice:x:1001:"),)

    assert Lookup("unix:passwd.byname", "alice") in lookups_for(postfix, "alice@example.com")
    assert route(postfix, "alice@example.com", ()).parameter == "fallback_transport"
    assert route(postfix, "alice@example.com", known).parameter == "mailbox_transport"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("bob", "bob@example.com"),
        ("bob@example.net", "bob@example.net"),
        ("bob, carol", "alice@example.com"),
        ("|/usr/bin/filter", "alice@example.com"),
    ],
)
def test_one_alias_is_followed_and_lists_are_not(value: str, address: str) -> None:
    """
    The delivery agent gets the address behind the alias.
    """
    postfix = make_postfix(virtual_alias_maps="hash:/v", mailbox_transport=SOCKET)
    answers = (Lookup("hash:/v", "alice@example.com", value),)

    assert route(postfix, "alice@example.com", answers).handed_over == address


@pytest.mark.parametrize(
    ("output", "value", "error"),
    [
        ("0\nlmtp:unix:/run/dovecot/lmtp\n", SOCKET, ""),
        ("1\n\n", None, ""),
        (
            "1\npostmap: fatal: open /x.db: No such file",
            None,
            "postmap: fatal: open /x.db: No such file",
        ),
        ("2\ngrep: /x: No such file", None, "grep: /x: No such file"),
        ("", None, "no answer"),
    ],
)
def test_not_found_and_not_readable_are_told_apart(
    output: str, value: str | None, error: str
) -> None:
    """
    postmap ends with 1 for both.
    """
    found = answered(Lookup("hash:/x", "key"), output)

    assert (found.value, found.error) == (value, error)


def test_a_table_that_cannot_be_asked_is_named() -> None:
    """
    Nothing is concluded from its silence.
    """
    way = route(make_postfix(), "a@example.com", (Lookup("hash:/x", "a", error="unreadable"),))

    assert way.errors == ("hash:/x: unreadable",)
