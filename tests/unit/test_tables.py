"""
Postfix's tables: which there are, and what is wrong with them.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.settings_files import list_files, postfix_lists, tables
from mailvet.facts.tables import AS_LIST, Table, parse_tables


def config(*services: MasterService, **settings: str) -> PostfixConfig:
    """A configuration in which everything is written."""
    return PostfixConfig("3.5.25", "/etc/postfix", settings, settings, services, (), ())


def test_tables_are_found_wherever_they_stand() -> None:
    """Prefixes, restrictions and overrides hide none; caches and sockets are none."""
    override = ("smtpd_client_restrictions", "check_client_access cidr:/etc/postfix/clients,reject")
    service = MasterService("smtp", "inet", False, True, False, "smtpd", (override,))
    found = tables(
        config(
            service,
            mydestination="example.com",
            alias_maps="hash:/etc/aliases, nis:mail.aliases",
            transport_maps="proxy:hash:/etc/postfix/transport",
            base="hash:/etc/postfix",
            smtp_tls_session_cache_database="btree:/var/lib/postfix/smtp_scache",
            mailbox_transport="lmtp:unix:/var/run/dovecot/lmtp",
            header_checks="pcre:{{/^x/ REJECT}}",
            smtpd_recipient_restrictions="check_policy_service unix:/run/policy",
            virtual_alias_maps="ldap:/etc/postfix/ldap.cf",
        )
    )

    assert set(found) == {
        ("hash", "/etc/aliases"),
        ("hash", "/etc/postfix/transport"),
        ("ldap", "/etc/postfix/ldap.cf"),
        ("cidr", "/etc/postfix/clients"),
    }


def test_default_aliases_matter_to_local_delivery_only() -> None:
    """A null client has the default value, and no use for it."""
    settings = {"alias_maps": "hash:/etc/aliases", "mydestination": ""}
    null = PostfixConfig("3.5.25", "/etc/postfix", settings, {}, (), (), ())

    assert tables(null) == ()
    assert tables(config(**settings | {"mydestination": "example.com"}))


def test_files_in_lists_are_found() -> None:
    """A path in a list stands for what is in the file, which is read once, as text tables are."""
    facts = config(
        mynetworks="127.0.0.0/8, !192.0.2.1, /etc/postfix/networks",
        myorigin="/etc/mailname",
        smtpd_client_restrictions="check_client_access cidr:/etc/postfix/clients",
    )

    assert list_files(facts) == ("/etc/postfix/networks", "/etc/mailname")
    assert postfix_lists(facts) == ("/etc/postfix/clients", *list_files(facts))


def printed(text: str, kind: str = "hash") -> Table:
    """The table /t of which the script printed that."""
    output = CommandOutput("script", 0, f"@@table 0\n{text}\n", "")
    return parse_tables(output, ((kind, "/t"),)).tables[0]


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("source 1\ncompiled 1\nsame yes", "hash", ""),
        ("compiled 1", "hash", ""),
        ("source 1\ncompiled 1\nolder 1\nsame yes", "hash", ""),
        ("source 1\ncompiled 1\nolder 1", "hash", "before its source"),
        ("source 1\ncompiled 1\nsame no", "hash", "before its source"),
        ("source 1", "lmdb", "is not compiled"),
        ("", "hash", "does not exist"),
        ("", "cidr", "does not exist"),
        ("", AS_LIST, "does not exist"),
        ("source 1", "cidr", ""),
        ("source 1", AS_LIST, ""),
        ("source 1\ncomplaint postmap: warning: line 1", "regexp", "postmap: warning: line 1"),
    ],
)
def test_what_is_wrong_with_a_table(text: str, kind: str, problem: str) -> None:
    """Content decides where it could be compared, dates where it could not."""
    found = printed(text, kind).problem

    assert problem in found
    assert bool(problem) is bool(found)


@pytest.mark.parametrize(
    ("way", "resolves"),
    [
        ("chain postmaster@example.com -> root\nends account alice@example.com", True),
        ("ends elsewhere postmaster@example.net", True),
        ("ends nobody postmaster@example.com", False),
        ("chain postmaster -> /dev/null\nends discarded /dev/null", False),
        ("ends nobody x\nends program |/usr/bin/filter", True),
        ("", False),
    ],
)
def test_the_postmaster_has_to_be_somebody(way: str, resolves: bool) -> None:
    """One end where somebody reads is enough."""
    text = f"@@maps\nhash:/etc/aliases, nis:x\n@@way\n{way}\n"
    facts = parse_tables(CommandOutput("script", 0, text, ""), ())

    assert facts.postmaster.resolves is resolves
    assert facts.postmaster.maps == "hash:/etc/aliases nis:x"
