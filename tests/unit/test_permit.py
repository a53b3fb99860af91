"""
A fact is held to its acts: what it did not declare does not leave.
"""

import base64
from pathlib import Path

import pytest

from mailvet.acts import (
    ENVELOPE,
    OTHER_PORTS,
    Act,
    BackendConnections,
    Commands,
    Connections,
    FailingLogins,
    Logins,
    MailboxChanges,
    Scope,
    Stored,
    talks,
)
from mailvet.errors import ProbeError
from mailvet.ledger import Ledger, Residue
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.permit import Permit, WatchedLedger
from mailvet.secret import Secret
from tests.fakes.context import make_account, make_target

SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)
ALICE = make_account()


def permit(*acts: Act) -> Permit:
    """
    The permit of a fact about port 25.
    """
    return Permit("relay", Scope(make_target((SMTP,)), SMTP), acts)


def login(user: str, password: str) -> bytes:
    """
    A login in SMTP.
    """
    return b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()) + b"\r\n"


def test_a_refusal_names_the_fact_and_the_act_and_blames_the_tool() -> None:
    """
    It says nothing about the host.
    """
    allowed = permit(talks(SMTP, 1))
    with pytest.raises(ProbeError, match=r"relay on smtp may not connect to port 26") as caught:
        allowed.connection(26)
    assert caught.value.cause is Cause.TOOL
    assert allowed.refusal is caught.value


def test_one_connection_more_than_planned_is_refused() -> None:
    """
    Retries count.
    """
    allowed = permit(talks(SMTP, 1), talks(SMTP, 1))
    allowed.connection(25)
    allowed.connection(25)
    with pytest.raises(ProbeError, match="more than 2 times"):
        allowed.connection(25)
    assert [each.direct for each in allowed.footprint().ports] == [2]


def test_a_vantage_is_used_only_where_the_plan_says_so() -> None:
    """
    What may start anywhere may start here, and not the other way round.
    """
    allowed = permit(talks(SMTP, 1), talks(SMTP, 1, anywhere=True))
    allowed.connection(25, through=True)
    with pytest.raises(ProbeError, match="through a vantage more than 1 times"):
        allowed.connection(25, through=True)
    allowed.connection(25)
    with pytest.raises(ProbeError):
        allowed.connection(25)


def test_ports_that_nobody_knows_yet_share_one_bound() -> None:
    """
    However many the host turns out to have.
    """
    allowed = permit(Connections(OTHER_PORTS, 2))
    allowed.connection(7777)
    allowed.connection(8888)
    with pytest.raises(ProbeError, match="9999"):
        allowed.connection(9999)


def test_a_command_that_is_not_declared_does_not_leave() -> None:
    """
    Behind one that is, either.
    """
    outlet = permit(talks(SMTP, 1, *ENVELOPE)).connection(25)
    outlet.passes(b"EHLO x\r\nMAIL FROM:<>\r\n")
    with pytest.raises(ProbeError, match="send 'DATA' to port 25"):
        outlet.passes(b"RSET\r\nDATA\r\n")


def test_commands_are_counted_without_their_arguments() -> None:
    """
    The footprint holds no addresses and no passwords.
    """
    allowed = permit(talks(SMTP, 1, "AUTH"), Logins("alice", 1))
    allowed.knows(ALICE, Secret("right"))
    allowed.connection(25).passes(b"EHLO x\r\n" + login(ALICE.user, "right"))
    footprint = allowed.footprint()
    assert footprint.ports[0].verbs == {"AUTH": 1, "EHLO": 1}
    assert footprint.logins == {"alice": 1}
    assert "right" not in repr(footprint)


@pytest.mark.parametrize(
    ("user", "password"),
    [(ALICE.user, "wrong"), (ALICE.user, ""), ("nobody@example.com", "right")],
)
def test_any_other_password_counts_as_a_failing_login(user: str, password: str) -> None:
    """
    Nobody has to say that it is one.
    """
    allowed = permit(talks(SMTP, 9, "AUTH"), Logins("alice", 9), FailingLogins(1, "alice"))
    allowed.knows(ALICE, Secret("right"))
    outlet = allowed.connection(25)
    outlet.passes(login(user, password))
    with pytest.raises(ProbeError, match="failing login more than 1"):
        outlet.passes(login(user, password))
    assert allowed.footprint().failing_logins == 1


def test_the_right_password_is_used_as_often_as_planned() -> None:
    """
    Each account for itself.
    """
    allowed = permit(talks(SMTP, 1, "AUTH"), Logins("bob", 5))
    allowed.knows(ALICE, Secret("right"))
    with pytest.raises(ProbeError, match="log alice in more than 0 times"):
        allowed.connection(25).passes(login(ALICE.user, "right"))


def test_a_message_that_is_not_planned_is_not_sent() -> None:
    """
    Though the commands for it may be sent.
    """
    allowed = permit(talks(SMTP, 1, "DATA"), Stored("", "a@example.com", "alice", "mail"))
    outlet = allowed.connection(25)
    outlet.passes(b"DATA\r\nSubject: x\r\n.\r\n")
    with pytest.raises(ProbeError, match="store a message more than 1 times"):
        outlet.passes(b"DATA\r\n")


def test_what_is_left_behind_is_announced_only_where_planned(tmp_path: Path) -> None:
    """
    The ledger takes nothing that nobody planned.
    """
    acts = (Stored("", "a@example.com", "alice", "mail"), MailboxChanges("bob", "changes"))
    ledger = Ledger(tmp_path / "ledger.json")
    watched = WatchedLedger(ledger, permit(*acts))
    watched.announce(Residue("message", "stub", "alice", "<1@x>"))
    watched.announce(Residue("script", "stub", "bob", "x"))
    for residue in (
        Residue("message", "stub", "bob", "x"),
        Residue("script", "stub", "alice", "x"),
    ):
        with pytest.raises(ProbeError, match="leave a"):
            watched.announce(residue)
    assert watched.outstanding("stub") == ledger.outstanding("stub")
    assert len(ledger.outstanding("stub")) == 2


def test_scripts_are_counted() -> None:
    """
    One more than planned does not run.
    """
    allowed = permit(Commands("the configuration"))
    allowed.command("postconf -n", "postconf -n")
    with pytest.raises(ProbeError, match="run 'postconf -n' on the target more than 1"):
        allowed.command("postconf -n", "postconf -n")
    with pytest.raises(ProbeError, match="relay on smtp may not run"):
        permit().command("id", "id")


@pytest.mark.parametrize(
    "script",
    [
        "rm -f /x",
        "cd /; rm -f /x",
        "for f in *; do chmod 600 $f; done",
        "case $f in */new/*) rm -f -- $f;; esac",
        "postsuper -d ALL",
        "postconf -e a=b",
        "systemctl restart dovecot",
        "doveadm reload",
    ],
)
def test_a_script_that_changes_the_host_has_to_say_so(script: str) -> None:
    """
    What reads only is told from what does not.
    """
    with pytest.raises(ProbeError, match="on the target"):
        permit(Commands("files")).command("title", script)
    permit(Commands("files", changes="removes files")).command("title", script)


@pytest.mark.parametrize(
    "script",
    [
        "stat -L /etc/rm; grep -E 'a|rm /x' f",
        "postconf -n; postfix status; postmap -q x hash:y",
        "systemctl show dovecot; systemctl is-active dovecot; doveadm user alice",
    ],
)
def test_a_script_that_reads_need_not_say_anything(script: str) -> None:
    """
    Names of files and patterns are no commands.
    """
    permit(Commands("files")).command("title", script)


def test_a_library_that_connects_by_itself_is_refused() -> None:
    """
    The interpreter tells of each connection; more than were asked for are not opened.
    """
    allowed = permit(talks(SMTP, 5))
    allowed.connection(25)
    allowed.opened("192.0.2.1", 25)
    allowed.opened("2001:db8::1", 25)
    with pytest.raises(ProbeError, match="without asking"):
        allowed.opened("192.0.2.1", 25)


DATABASE = BackendConnections("database", 2, ("TLS", "SELECT"))


def test_a_backend_is_connected_to_as_often_as_planned() -> None:
    """
    Whatever its address is: only the host's configuration tells.
    """
    allowed = permit(DATABASE)
    allowed.backend("db1.example.com", 3306)
    allowed.backend("db2.example.com", 3306)
    with pytest.raises(ProbeError, match=r"connect the target to db3.example.com port 3306 more"):
        allowed.backend("db3.example.com", 3306)
    assert allowed.footprint().backend_connections == 2


def test_a_backend_is_asked_what_was_planned() -> None:
    """
    Requests are counted by name.
    """
    allowed = permit(DATABASE)
    allowed.request("SELECT")
    with pytest.raises(ProbeError, match="ask the backend 'DELETE'"):
        allowed.request("DELETE")
    assert allowed.footprint().backend_requests == {"SELECT": 1}


def test_without_a_declared_backend_nothing_goes_there() -> None:
    """
    A database on the auditing machine included.
    """
    allowed = permit(talks(SMTP, 1))
    with pytest.raises(ProbeError):
        allowed.backend("127.0.0.1", 3306)
    with pytest.raises(ProbeError):
        allowed.opened("127.0.0.1", 3306)


def test_a_direct_connection_to_a_backend_is_one_that_was_asked_for() -> None:
    """
    Where the target is this machine, the interpreter sees it.
    """
    allowed = permit(DATABASE)
    allowed.backend("127.0.0.1", 3306)
    allowed.opened("127.0.0.1", 3306)
