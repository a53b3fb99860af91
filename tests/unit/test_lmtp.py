"""
What the host says about the LMTP socket and about a message's way.
"""

import pytest

from mailvet.facts.lmtp_trace import other_places, parse_log, places_in
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.socket_talk import parse_talk

TALK = """
* opened
< 220 mail1.example.com Dovecot ready.
> LHLO probe.invalid
< 250-mail1.example.com
< 250 STARTTLS
> RCPT TO:<alice@example.com>
< 250 2.1.5 OK
"""

LOG = (
    "Nov 22 19:34:07 mail1 postfix/local[445]: 4C7: passing <bob@example.com> to transport=lmtp\n"
    "Nov 22 19:34:07 mail1 postfix/lmtp[446]: 4C7: to=<bob@example.com>, orig_to=<b@example.com>, "
    "relay=mail1.example.com[/var/run/dovecot/lmtp], delay=0.01, delays=0/0/0/0, dsn=2.0.0, "
    "status=sent (250 2.0.0 <bob@example.com> mOnZ Saved)\n"
)


def test_a_conversation_is_read_with_its_replies() -> None:
    """
    The greeting answers nothing, a reply of several lines is one.
    """
    talk = parse_talk("postfix", "/run/dovecot/lmtp", TALK)

    assert talk.opened
    assert talk.greeted
    assert len((talk.reply("LHLO") or Reply("", "", ())).lines) == 2
    assert str(talk.reply("RCPT TO:<alice@example.com>")) == "250 2.1.5 OK"


@pytest.mark.parametrize(
    ("line", "denied", "failure"),
    [
        ("* EACCES Permission denied", True, "permission denied"),
        ("* ECONNREFUSED Connection refused", False, "connection refused"),
        ("* no answer within 8 s", False, "no answer within 8 s"),
    ],
)
def test_only_a_want_of_permission_counts_as_denial(line: str, denied: bool, failure: str) -> None:
    """
    A dead service is no closed door.
    """
    talk = parse_talk("nobody", "/run/dovecot/lmtp", line)

    assert (talk.opened, talk.denied, talk.failure) == (False, denied, failure)


@pytest.mark.parametrize("line", ["* no interpreter", "* unknown account"])
def test_a_missing_tool_or_account_tells_nothing(line: str) -> None:
    """
    It must not pass for a refusal.
    """
    assert parse_talk("nobody", "/run/dovecot/lmtp", line).untold


@pytest.mark.parametrize(
    ("status", "text", "unknown"),
    [
        ("550", "5.1.1 User doesn't exist", True),
        ("550", "no such user", True),
        ("550", "5.7.1 blocked", False),
        ("450", "4.1.1 unverified", False),
        ("552", "5.2.2 mailbox is full", False),
        ("250", "2.1.5 OK", False),
    ],
)
def test_unknown_recipients_are_told_from_other_refusals(
    status: str, text: str, unknown: bool
) -> None:
    """
    Policy, quota and greylisting say nothing about existence.
    """
    reply = Reply(status, text, (f"{status} {text}",))

    assert RecipientReply("a@example.com", "a@example.com", reply).unknown is unknown


def test_the_log_names_the_socket_that_took_the_mail() -> None:
    """
    The path stands behind the relay's name; the same line in two logs counts once.
    """
    (attempt,) = parse_log(LOG + LOG)

    assert attempt.socket == "/var/run/dovecot/lmtp"
    assert (attempt.agent, attempt.status) == ("lmtp", "sent")


def test_another_relay_is_no_socket() -> None:
    """
    An address in brackets has no slash.
    """
    line = (
        "mail1 postfix/smtp[1]: A1: to=<b@example.com>, relay=mx.example.net[192.0.2.1]:25, "
        "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
    )

    assert parse_log(line)[0].socket == ""


@pytest.mark.parametrize(
    ("location", "places"),
    [
        ("sdbox:/var/mail/alice/", ("/var/mail/alice",)),
        ("mbox:~/mail:INBOX=/var/mail/alice", ("/home/alice/mail", "/var/mail/alice")),
        ("maildir:~/Maildir", ("/home/alice/Maildir",)),
        ("", ()),
    ],
)
def test_dovecots_own_places_are_read_from_its_mail_field(
    location: str, places: tuple[str, ...]
) -> None:
    """
    Index and INBOX paths count as well.
    """
    assert places_in(location, "/home/alice") == places


def test_dovecots_own_places_are_not_searched_for_copies() -> None:
    """
    A Maildir that Dovecot keeps is the mailbox itself.
    """
    places = other_places("alice", "/home/alice", ("/home/alice/Maildir",), {})

    assert "/home/alice/Maildir" not in places
    assert {"/var/mail/alice", "/home/alice/mbox"} <= set(places)
