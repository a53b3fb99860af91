"""
Which commands fit a host.
"""

import dataclasses

import pytest

from mailvet.model import (
    Activity,
    Control,
    Endpoint,
    Expectations,
    ExpectDovecot,
    ExpectMailboxes,
    ExpectRelay,
    ExpectTls,
    Fix,
    Protocol,
    Security,
    Severity,
    Target,
)
from mailvet.remedy import fill, fixes_for, mailboxes, strangers, values_of

SUBMISSIONS = Endpoint("submissions", Protocol.SUBMISSION, 465, Security.IMPLICIT_TLS)
IMAP = Endpoint("imap", Protocol.IMAP, 143, Security.STARTTLS)
TARGET = Target("m", "192.0.2.1", "m.example.com", (), "", frozenset(), (), Expectations())

NEW = Fix("postfix", "new", since="3.6")
OLD = Fix("postfix", "old", before="3.6")
DOVECOT = Fix("dovecot", "dovecot")


def control(*fixes: Fix) -> Control:
    """
    A control with *fixes*.
    """
    return Control(
        "A-01", "a", "t", "s", Severity.LOW, "c", Activity.PASSIVE, (), (), (), (), (), {}, fixes
    )


@pytest.mark.parametrize(
    ("version", "runs"),
    [
        ("3.5.25", ["old"]),
        ("3.6", ["new"]),
        ("3.10.1", ["new"]),
        ("", ["new", "old"]),
    ],
)
def test_the_version_found_decides(version: str, runs: list[str]) -> None:
    """
    3.10 is newer than 3.6, and an unknown version may be any.
    """
    found = fixes_for(control(NEW, OLD), None, {"postfix": version})
    assert [fix.run for fix in found] == runs


def test_each_server_speaks_about_its_own_endpoints() -> None:
    """
    Where both have commands, those of the other one repair something else.
    """
    both = control(OLD, DOVECOT, Fix("host", "host"))
    assert [fix.run for fix in fixes_for(both, IMAP, {})] == ["dovecot", "host"]
    assert [fix.run for fix in fixes_for(both, SUBMISSIONS, {})] == ["old", "host"]
    assert len(fixes_for(both, None, {})) == 3


def test_endpoints_of_a_fix_go_before_its_server() -> None:
    """
    Dovecot's mechanisms are what Postfix offers.
    """
    offered = dataclasses.replace(DOVECOT, endpoints=("submission/*",))
    assert fixes_for(control(OLD, offered), SUBMISSIONS, {}) == [OLD, offered]
    assert fixes_for(control(OLD, offered), IMAP, {}) == []


def test_what_the_profile_declares_is_filled_in() -> None:
    """
    Versions below the minimum, and networks as Postfix writes them.
    """
    expect = Expectations(
        tls=ExpectTls(minimum="TLSv1.3", dh_bits=3072),
        relay=ExpectRelay(trusted_networks=("192.0.2.0/24", "2001:db8::/32")),
    )
    values = values_of(dataclasses.replace(TARGET, expect=expect), SUBMISSIONS)
    assert fill("{tls.refused}", values) == "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1, !TLSv1.2"
    assert fill("{relay.mynetworks}", values) == "192.0.2.0/24 [2001:db8::]/32"
    assert fill("{tls.dh_bits} {service} {port}", values) == "3072 submissions 465"
    assert fill("{mail.hostname}", values) == "m.example.com"


def test_braces_of_the_shell_are_left_alone() -> None:
    """
    Only names in braces are placeholders.
    """
    text = "find . -exec sed {} + ; echo ${file#<} ${name} | awk '{ print }'"
    assert strangers(text) == []
    assert fill(text, values_of(TARGET, None)) == text
    assert strangers("echo {nam}") == ["nam"]


def test_protocols_follow_from_services_where_the_profile_lists_none() -> None:
    """
    An empty list would switch Dovecot off.
    """
    services = (IMAP, dataclasses.replace(IMAP, name="imaps", port=993), SUBMISSIONS)
    target = dataclasses.replace(TARGET, endpoints=services, roles=frozenset({"lmtp-socket"}))
    assert fill("{dovecot.protocols}", values_of(target, None)) == "imap lmtp"
    assert "25" in fill("{ports.undeclared}", values_of(target, None)).split()
    assert "imaps" not in fill("{ports.undeclared_services}", values_of(target, None)).split()


def test_a_socket_elsewhere_switches_the_default_one_off() -> None:
    """
    Otherwise Dovecot's own would stay open to everybody.
    """
    expect = Expectations(
        dovecot=ExpectDovecot(lmtp_socket="/var/spool/postfix/private/dovecot-lmtp")
    )
    values = values_of(dataclasses.replace(TARGET, expect=expect), None)
    lines = fill("{dovecot.lmtp_service}", values).splitlines()
    assert lines[1:3] == ["  unix_listener lmtp {", "    mode = 0"]
    assert "  unix_listener /var/spool/postfix/private/dovecot-lmtp {" in lines
    default = fill("{dovecot.lmtp_service}", values_of(TARGET, None)).splitlines()
    assert default[1:3] == ["  unix_listener lmtp {", "    mode = 0600"]


def test_mailboxes_keep_the_names_that_they_have() -> None:
    """
    A user whose drafts are in another language does not get a second folder.
    """
    expect = ExpectMailboxes(special_use=("Drafts", "Sent", "Junk"), not_subscribed=("Junk",))
    text = mailboxes(expect, {"Drafts": "Entwürfe"}, "private")
    assert text.startswith('namespace private {\n  inbox = yes\n  mailbox "Entwürfe" {\n')
    assert '  mailbox "Sent" {\n    special_use = \\Sent\n    auto = subscribe\n' in text
    assert '  mailbox "Junk" {\n    special_use = \\Junk\n    auto = create\n' in text
