"""
What replies prove: relaying denied, sender refused, password looked at, or nothing.
"""

import pytest

from mailvet.facts.plaintext import ClearLogin, Treatment, treatment
from mailvet.facts.relay import Outcome, RelayAttempt, worst
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint, StandpointFacts, peer_addresses, source_of_route
from mailvet.model import Protocol


def reply(line: str) -> Reply:
    """
    The reply that *line* is.
    """
    status, _, text = line.partition(" ")
    return Reply(status, text, (line,))


ACCEPTED = reply("250 2.1.5 Ok")


def attempt(line: str, control: Reply | None = ACCEPTED) -> RelayAttempt:
    """
    An attempt that was answered with *line*.
    """
    return RelayAttempt("plain:", "a@example.org", "b@example.net", False, control, reply(line))


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("454 4.7.1 <b@example.net>: Relay access denied", Outcome.DENIED),
        ("554 5.7.1 <b@example.net>: Relay access denied", Outcome.DENIED),
        ("550 5.7.1 Unable to relay", Outcome.DENIED),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Outcome.DENIED),
        ("250 2.1.5 Ok", Outcome.RELAYED),
        ("251 User not local; will forward", Outcome.RELAYED),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", Outcome.UNCLEAR),
        ("451 4.3.0 Temporary lookup failure", Outcome.UNCLEAR),
        ("450 4.2.0 Greylisted", Outcome.UNCLEAR),
        ("421 4.7.0 relay busy", Outcome.UNCLEAR),
        ("550 5.7.27 <a@example.org>: Sender address rejected: nullMX", Outcome.SENDER_REFUSED),
        (
            "504 5.5.2 <probe>: Sender address rejected: need fully-qualified",
            Outcome.SENDER_REFUSED,
        ),
        ("501 <a@[192.0.2.1]>: domain literals not allowed", Outcome.SENDER_REFUSED),
        ("450 4.1.8 <a@example.org>: Sender address rejected", Outcome.UNCLEAR),
    ],
)
def test_replies_to_a_relay_attempt(line: str, outcome: Outcome) -> None:
    """
    Only words about relaying with a code that refuses are a denial.
    """
    assert attempt(line).outcome is outcome


@pytest.mark.parametrize("control", [None, reply("450 4.2.0 Greylisted"), reply("554 5.7.1 No")])
def test_a_denial_without_a_positive_control_proves_nothing(control: Reply | None) -> None:
    """
    A server that rejects everything denies relaying, too.
    """
    assert attempt("554 5.7.1 Relay access denied", control).outcome is Outcome.UNCLEAR
    assert attempt("250 2.1.5 Ok", control).outcome is Outcome.RELAYED


def test_one_relayed_attempt_outweighs_all() -> None:
    """
    Then come unclear ones, and refused senders alone prove nothing.
    """
    denied, relayed = attempt("454 4.7.1 Relay access denied"), attempt("250 Ok")
    unclear, sender = attempt("451 4.3.0 no"), attempt("553 5.1.8 Sender refused")
    assert worst((denied, unclear, relayed)) is Outcome.RELAYED
    assert worst((denied, unclear)) is Outcome.UNCLEAR
    assert worst((sender, denied)) is Outcome.DENIED
    assert worst((sender,)) is Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("protocol", "line", "expected"),
    [
        (Protocol.SMTP, "503 5.5.1 Error: authentication not enabled", Treatment.REFUSED),
        (Protocol.SMTP, "530 5.7.0 Must issue a STARTTLS command first", Treatment.REFUSED),
        (Protocol.SMTP, "538 Encryption required", Treatment.REFUSED),
        (Protocol.SMTP, "334 ", Treatment.LOOKED),
        (Protocol.SMTP, "535 5.7.8 Error", Treatment.LOOKED),
        (Protocol.SMTP, "235 2.7.0 Ok", Treatment.LOOKED),
        (Protocol.SMTP, "454 4.7.0 Temporary authentication failure", Treatment.UNCLEAR),
        (Protocol.SMTP, "421 4.7.0 Too many errors", Treatment.UNCLEAR),
        (
            Protocol.IMAP,
            "NO [PRIVACYREQUIRED] Plaintext authentication disallowed",
            Treatment.REFUSED,
        ),
        (Protocol.IMAP, "BAD Unknown command", Treatment.REFUSED),
        (Protocol.IMAP, "NO Login only available under a layer", Treatment.REFUSED),
        (Protocol.IMAP, "NO encryption needed to use mechanism", Treatment.REFUSED),
        (Protocol.IMAP, "NO [AUTHENTICATIONFAILED] Authentication failed.", Treatment.LOOKED),
        (Protocol.IMAP, "+ ", Treatment.LOOKED),
        (Protocol.IMAP, "OK Logged in", Treatment.LOOKED),
        (Protocol.IMAP, "NO go away", Treatment.UNCLEAR),
        (Protocol.IMAP, "BYE Too many connections", Treatment.UNCLEAR),
        (
            Protocol.POP3,
            "-ERR [AUTH] Plaintext authentication disallowed on non-secure",
            Treatment.REFUSED,
        ),
        (Protocol.POP3, "-ERR [AUTH] Authentication failed.", Treatment.LOOKED),
        (Protocol.SIEVE, 'NO (ENCRYPT-NEEDED) "Not until TLS"', Treatment.REFUSED),
        (Protocol.SIEVE, 'NO "Authentication failed."', Treatment.LOOKED),
    ],
)
def test_replies_to_a_login_in_clear_text(
    protocol: Protocol, line: str, expected: Treatment
) -> None:
    """
    A refusal counts if it does not look at the password, and if the server talks otherwise.
    """
    assert treatment(protocol, ClearLogin("login", True, reply(line), True)) is expected
    mute = treatment(protocol, ClearLogin("login", False, reply(line), False))
    assert mute is (Treatment.UNCLEAR if expected is Treatment.REFUSED else expected)


def place(**fields: object) -> Standpoint:
    """
    A place at 192.0.2.1 of which nothing is known but *fields*.
    """
    return Standpoint("direct", None, "192.0.2.1", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "outside"),
    [
        ({"declared": True, "in_mynetworks": True}, True),
        ({"declared": True, "declared_trusted": True}, False),
        ({"on_host": True, "declared": True}, False),
        ({"in_mynetworks": True}, False),
        ({"in_mynetworks": False}, True),
        ({"relay_denied": True}, True),
        ({"relay_reply": ACCEPTED, "relay_denied": False}, None),
        ({}, None),
    ],
)
def test_which_place_is_outside(fields: dict[str, object], outside: bool | None) -> None:
    """
    The declaration decides before the host's mynetworks, and these before the server's answer.
    """
    assert place(**fields).outside is outside


def test_a_place_in_doubt_serves_only_where_certainty_is_not_needed() -> None:
    """
    Unreachable places serve for nothing.
    """
    doubtful, broken = place(), place(in_mynetworks=False, failure="connection refused")
    facts = StandpointFacts((broken, doubtful), ())
    assert facts.best_outside(certain=True) is None
    assert facts.best_outside(certain=False) is doubtful
    assert "connection refused" in facts.why_none_outside()


def test_commands_that_tell_addresses_are_understood() -> None:
    """
    Output of ip and ss, IPv4 in IPv6 included.
    """
    route = "198.51.100.10 dev eth0 src 198.51.100.20 uid 0 \\    cache "
    assert source_of_route(route) == "198.51.100.20"
    assert source_of_route("") == ""
    sockets = (
        "0 0 198.51.100.10:25 198.51.100.20:54321\n"
        "0 0 [::ffff:198.51.100.10]:25 [::ffff:192.0.2.7]:40000\n"
        "0 0 [2001:db8::1]:25 [2001:db8::2]:40000\n"
    )
    assert peer_addresses(sockets) == {"198.51.100.20", "192.0.2.7", "2001:db8::2"}
