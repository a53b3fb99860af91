"""
What follows from the answers of a Dovecot whose backend is away.
"""

import pytest

from mailvet.facts.backend import BackendFacts, BackendFile
from mailvet.facts.backend_outage import (
    harmless_login,
    reason_in_queue,
    servers,
    temporary,
)
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.login import Login
from mailvet.facts.replies import Reply
from mailvet.model import Protocol


def reply(text: str) -> Reply:
    """
    A reply of one line.
    """
    status, _, rest = text.partition(" ")
    return Reply(status, rest, (text,))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("NO [UNAVAILABLE] Temporary authentication failure.", True),
        ("-ERR [SYS/TEMP] Temporary authentication failure.", True),
        ('NO (TRYLATER) "Temporary authentication failure."', True),
        ("454 4.7.0 Temporary authentication failure", True),
        ("451 4.3.0 <alice@example.com> Temporary internal error", True),
        ("-ERR Temporary authentication failure.", True),
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", False),
        ("-ERR [AUTH] Authentication failed.", False),
        ("NO [ALERT] temporarily blocked for ever", False),
        ("535 5.7.8 Error: authentication failed", False),
        ("550 5.1.1 <alice@example.com> User doesn't exist", False),
        ("250 2.1.5 OK", False),
        ("BAD Unknown command", False),
    ],
)
def test_trouble_that_passes_is_told_from_a_refusal(text: str, passes: bool) -> None:
    """
    Codes decide; words only where there is no code.
    """
    assert temporary(reply(text)) is passes


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("OK [CAPABILITY IMAP4rev1] Logged in", True),
        ("NO [UNAVAILABLE] Temporary authentication failure.", True),
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", False),
        ("", None),
    ],
)
def test_a_login_from_memory_is_as_good_as_a_temporary_failure(
    text: str, answer: bool | None
) -> None:
    """
    Silence is neither.
    """
    said = reply(text) if text else None
    assert harmless_login(Login(Protocol.IMAP, "alice", "PLAIN", said, "silent", 1.0)) is answer


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"connect": "host=db1.example.com dbname=mail"}, [("db1.example.com", 3306)]),
        ({"connect": "host=127.0.0.1 port=3307"}, [("127.0.0.1", 3307)]),
        ({"connect": "host=/run/mysqld/mysqld.sock"}, []),
        ({"uris": "ldaps://ldap1.example.com"}, [("ldap1.example.com", 636)]),
        (
            {"uris": "ldap://ldap1.example.com:1389 ldap://[2001:db8::1]/"},
            [("ldap1.example.com", 1389), ("2001:db8::1", 389)],
        ),
        ({"hosts": "ldap1 ldap2:390"}, [("ldap1", 389), ("ldap2", 390)]),
        ({}, []),
    ],
)
def test_servers_on_the_network(settings: dict[str, str], found: list[tuple[str, int]]) -> None:
    """
    Those of a database and of a directory, with the port that holds where none is named.
    """
    path = "/etc/dovecot/x"
    stat = FileStat(path, path, "file", 0o600, "root", "root")
    file = BackendFile(path, stat, tuple(settings.items()), sample=False)
    root = parse_doveconf("")
    dovecot = DovecotConfig("2.3.19.1", "/etc/dovecot/dovecot.conf", (), root, root, (), ())
    asked = servers(dovecot, BackendFacts("sql", (file,), (), ()))
    assert [(each.name, each.port) for each in asked] == found


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            "4AB12C     812 Thu Nov 26 13:14:06  MAILER-DAEMON\n"
            "  (host mail1[private/lmtp] said: 451 4.3.0 <a@example.com> Temporary (busy))\n"
            "                                         a@example.com\n",
            "host mail1[private/lmtp] said: 451 4.3.0 <a@example.com> Temporary (busy)",
        ),
        ("4AB12C*    812 Thu Nov 26 13:14:06  MAILER-DAEMON\n    a@example.com\n", ""),
        ("", ""),
    ],
)
def test_why_a_message_waits(entry: str, reason: str) -> None:
    """
    postqueue says it below the entry, in parentheses.
    """
    output = CommandOutput("postqueue -p", 0, f"@@queued\n{entry}", "")
    assert reason_in_queue(output) == reason
