"""
The checks of area replication, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.both_serve import BothServe, Listing
from mailvet.facts.convergence import (
    ConvergenceFacts,
    Operation,
    ReplicatorStatus,
    Trial,
    UserStatus,
)
from mailvet.facts.files import FileStat
from mailvet.facts.firewall import parse_zones
from mailvet.facts.guarded_ports import GuardedPort, Knock
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.pair import PairFacts
from mailvet.facts.reach import PortState
from mailvet.facts.replication import DoveadmPort, Listener, Replica, ReplicationSide
from mailvet.facts.selinux_port import SelinuxPort
from mailvet.model import Cause, Expectations, ExpectReplication, Judgement, Verdict
from tests.fakes.context import make_target
from tests.unit.test_guarded_ports import firewall

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE
MAIL1, MAIL2 = "203.0.113.10", "203.0.113.11"
RUN = "/run/dovecot"


def on_disk(path: str, kind: str = "socket", mode: int = 0o600, owner: str = "vmail") -> FileStat:
    """Something on the disk."""
    return FileStat(path, path, kind, mode, owner, "root")


def listener(name: str, kind: str = "socket", **changes: Any) -> Listener:  # noqa: ANN401
    """A listener as it should be, but for *changes*."""
    path = f"{RUN}/{name}"
    return dataclasses.replace(Listener(path, "600", "vmail", on_disk(path, kind)), **changes)


FILE = "/etc/dovecot/conf.d/10-replication.conf"
SIDE = ReplicationSide(
    host="mail1",
    version="2.3.19.1",
    addresses=("127.0.0.1", MAIL1),
    passdbs=("sql",),
    userdbs=("sql",),
    backend=(("dbname", "mail"), ("user_query", "SELECT 1")),
    plugins=(("imap", ("notify", "replication")), ("lmtp", ("sieve", "notify", "replication"))),
    least_replicators=1,
    replicators=1,
    control=listener("replicator-doveadm"),
    fifo=listener("replication-notify-fifo", "fifo"),
    notify=listener("replication-notify"),
    ports=(DoveadmPort(12345, tls=True),),
    replicas=(
        Replica("tcps:mail2.example.com:12345", "tcps", "mail2.example.com", 12345, (MAIL2,)),
    ),
    client_ca=True,
    most_connections=10,
    password_length=24,
    sample=False,
    password_files=(on_disk(FILE, "file", owner="root"),),
    users=5,
    unlisted=(),
    owners=(("alice", "1000"),),
    mail_uid="1000",
    commands=(),
)
OTHER = dataclasses.replace(
    SIDE,
    host="mail2",
    addresses=("127.0.0.1", MAIL2),
    replicas=(
        Replica("tcps:mail1.example.com:12345", "tcps", "mail1.example.com", 12345, (MAIL1,)),
    ),
)
PAIR = PairFacts(
    own=SIDE,
    other=OTHER,
    why_alone="",
    why_alone_cause=Cause.BLOCKED,
    partner_names=("mail2.example.com", MAIL2),
    same_password=True,
    same_users=True,
)


def pair(
    own: dict[str, Any] | None = None,
    other: dict[str, Any] | None = None,
    **more: Any,  # noqa: ANN401
) -> PairFacts:
    """A pair as it should be, but for these changes of either side."""
    return dataclasses.replace(
        PAIR,
        own=dataclasses.replace(SIDE, **(own or {})),
        other=dataclasses.replace(OTHER, **(other or {})),
        **more,
    )


ALONE = dataclasses.replace(
    PAIR, other=None, why_alone="no shell", why_alone_cause=Cause.PRIVILEGE,
    same_password=None, same_users=None,
)  # fmt: skip
SELF = Replica("tcps:mail1.example.com:12345", "tcps", "mail1.example.com", 12345, (MAIL1,))
THIRD = Replica("tcps:mail3.example.com:12345", "tcps", "mail3.example.com", 12345, ("192.0.2.3",))
CLEAR = Replica("tcp:mail2.example.com:12345", "tcp", "mail2.example.com", 12345, (MAIL2,))
SSH = Replica("remote:vmail@mail2.example.com", "remote", "vmail@mail2.example.com", 0)


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("plugins_loaded", PAIR, PASS),
        ("plugins_loaded", pair({"plugins": (("imap", ("notify",)),)}), FAIL),
        ("plugins_loaded", pair({"plugins": (("lmtp", ("sieve",)),)}), FAIL),
        ("plugins_loaded", pair({"plugins": ()}), OPEN),
        ("replicator_kept_running", PAIR, PASS),
        ("replicator_kept_running", pair({"least_replicators": 0}), FAIL),
        ("replicator_kept_running", pair({"replicators": 0}), FAIL),
        ("replicator_kept_running", pair({"replicators": None}), OPEN),
        ("password_strong", PAIR, PASS),
        ("password_strong", pair({"sample": True}), FAIL),
        ("password_strong", pair({"password_length": 0}), FAIL),
        ("password_strong", pair({"password_length": 15}), FAIL),
        ("password_files_private", PAIR, PASS),
        ("password_files_private", pair({"password_files": ()}), OPEN),
        ("password_files_private", pair({"password_files": (on_disk(FILE, "file"),)}), FAIL),
        (
            "password_files_private",
            pair({"password_files": (on_disk(FILE, "file", 0o640, "root"),)}),
            FAIL,
        ),
        ("users_listed", PAIR, PASS),
        ("users_listed", pair({"users": None}), FAIL),
        ("users_listed", pair({"unlisted": ("alice",)}), FAIL),
    ],
)
def test_setup(load_check: Load, name: str, facts: PairFacts, verdict: Verdict) -> None:
    """What needs one server's own configuration only."""
    check = load_check("replication", "test_setup", f"test_{name}")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("control_socket_private", PAIR, PASS),
        ("control_socket_private", pair({"control": listener("x", mode="666")}), FAIL),
        ("control_socket_private", pair({"control": listener("x", user="")}), FAIL),
        ("control_socket_private", pair({"control": listener("x", stat=None)}), FAIL),
        ("control_socket_private", pair({"control": listener("x", mode="")}), FAIL),
        ("notifications_owned", PAIR, PASS),
        ("notifications_owned", pair({"fifo": listener("x", "fifo", user="root")}), FAIL),
        ("notifications_owned", pair({"notify": listener("x", "fifo")}), FAIL),
        ("parallel_syncs", PAIR, PASS),
        ("parallel_syncs", pair({"most_connections": 0}), FAIL),
        ("mail_account_accesses", PAIR, PASS),
        ("mail_account_accesses", pair({"owners": (("alice", "1001"),)}), FAIL),
        ("mail_account_accesses", pair({"mail_uid": ""}), FAIL),
        ("mail_account_accesses", pair({"owners": ()}), OPEN),
    ],
)
def test_setup_and_profile(load_check: Load, name: str, facts: PairFacts, verdict: Verdict) -> None:
    """What the profile has a say in."""
    check = load_check("replication", "test_setup", f"test_{name}")
    assert check(facts, make_target()).verdict is verdict


def expecting(**replication: Any) -> Expectations:  # noqa: ANN401
    """Expectations of replication."""
    return Expectations(replication=ExpectReplication(**replication))


def test_declared_number_of_syncs(load_check: Load) -> None:
    """A declared number is exact."""
    check = load_check("replication", "test_setup", "test_parallel_syncs")
    target = make_target(expect=expecting(max_connections=20))
    assert check(PAIR, target).verdict is FAIL
    assert check(pair({"most_connections": 20}), target).verdict is PASS


@pytest.mark.parametrize(
    ("ports", "sockets", "verdict"),
    [
        ((12345,), [("0.0.0.0", 12345, "dovecot")], PASS),
        ((12346,), [("0.0.0.0", 12346, "dovecot")], FAIL),
        ((12345,), [("127.0.0.1", 12345, "dovecot")], FAIL),
        ((12345,), [], FAIL),
        ((12345,), [("0.0.0.0", 12345, "")], OPEN),
    ],
)
def test_listens(
    load_check: Load, ports: tuple[int, ...], sockets: list[Any], verdict: Verdict
) -> None:
    """Configured and held, on an address that the partner reaches."""
    held = tuple(
        ListeningSocket(address, port, (holder,) if holder else ())
        for address, port, holder in sockets
    )
    facts = pair({"ports": tuple(DoveadmPort(each, tls=True) for each in ports)})
    check = load_check("replication", "test_setup", "test_listens_for_partner")
    assert check(facts, ListenerFacts(held, (), ()), make_target()).verdict is verdict


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("same_backend", PAIR, PASS),
        ("same_backend", pair(other={"passdbs": ("pam",)}), FAIL),
        ("same_backend", pair(other={"backend": (("dbname", "other"),)}), FAIL),
        ("same_backend", ALONE, OPEN),
        ("same_users", PAIR, PASS),
        ("same_users", pair(same_users=False), FAIL),
        ("same_users", pair(same_users=None), OPEN),
        ("same_users", ALONE, OPEN),
        ("same_password", PAIR, PASS),
        ("same_password", pair(same_password=False), FAIL),
        ("same_password", pair({"password_length": 0}, {"password_length": 0}), FAIL),
        ("same_password", ALONE, OPEN),
        ("partners_name_each_other", PAIR, PASS),
        ("partners_name_each_other", pair({"replicas": (SELF,)}), FAIL),
        ("partners_name_each_other", pair({"replicas": (THIRD,)}), FAIL),
        ("partners_name_each_other", pair({"replicas": (SSH,)}), FAIL),
        ("partners_name_each_other", pair({"replicas": ()}), FAIL),
        ("partners_name_each_other", pair(other={"replicas": ()}), FAIL),
        ("partners_name_each_other", pair(other={"replicas": (THIRD,)}), FAIL),
        ("partners_name_each_other", pair(other={"ports": (DoveadmPort(12346, tls=True),)}), FAIL),
        ("partners_name_each_other", ALONE, OPEN),
        ("two_and_no_more", PAIR, PASS),
        ("two_and_no_more", pair({"replicas": (*SIDE.replicas, THIRD)}), FAIL),
        ("two_and_no_more", pair(other={"replicas": (*OTHER.replicas, THIRD)}), FAIL),
        ("two_and_no_more", ALONE, OPEN),
    ],
)
def test_pair(load_check: Load, name: str, facts: PairFacts, verdict: Verdict) -> None:
    """What takes a look at both servers."""
    assert load_check("replication", "test_pair", f"test_{name}")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "expect", "verdict"),
    [
        (PAIR, {}, PASS),
        (pair({"replicas": (CLEAR,)}), {}, FAIL),
        (pair({"replicas": (CLEAR,)}), {"private_link": True}, NA),
        (pair(other={"ports": (DoveadmPort(12345, tls=False),)}), {}, FAIL),
        (pair({"client_ca": False}), {}, FAIL),
        (ALONE, {}, OPEN),
    ],
)
def test_way(load_check: Load, facts: PairFacts, expect: dict[str, Any], verdict: Verdict) -> None:
    """Encrypted, unless the way is the partners' own."""
    check = load_check("replication", "test_pair", "test_way_encrypted")
    assert check(facts, make_target(expect=expecting(**expect))).verdict is verdict


IMAP = Listing("mail1", "IMAP", ("1", "2"))


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (("1", "2"), PASS),
        (("1",), FAIL),
        (None, FAIL),
    ],
)
def test_both_serve(load_check: Load, other: tuple[str, ...] | None, verdict: Verdict) -> None:
    """The same list on both servers."""
    listing = Listing("mail2", "IMAP", other or (), "" if other else "connection refused")
    facts = BothServe("alice", (IMAP, listing), ())
    assert load_check("replication", "test_pair", "test_both_serve")(facts).verdict is verdict


def knock(place: str, *, admitted: bool, is_open: bool | None) -> Knock:
    """The port from a place; *is_open* is None if nothing was seen."""
    state = None if is_open is None else PortState(12345, is_open, "seen")
    return Knock(place, admitted, state, "" if state else "no way")


def guarded(*knocks: Knock) -> GuardedPort:
    """The replication port, open to the partner."""
    return GuardedPort(12345, (MAIL2,), knocks, ())


PARTNER = knock("partner", admitted=True, is_open=True)
CLOSED = knock("outside", admitted=False, is_open=False)


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("partner_gets_through", guarded(PARTNER, CLOSED), PASS),
        ("partner_gets_through", guarded(knock("p", admitted=True, is_open=False)), FAIL),
        ("partner_gets_through", guarded(CLOSED), OPEN),
        ("partner_gets_through", guarded(knock("p", admitted=True, is_open=None)), OPEN),
        ("nobody_else_gets_through", guarded(PARTNER, CLOSED), PASS),
        ("nobody_else_gets_through", guarded(knock("o", admitted=False, is_open=True)), FAIL),
        ("nobody_else_gets_through", guarded(PARTNER), OPEN),
        ("nobody_else_gets_through", guarded(knock("o", admitted=False, is_open=None)), OPEN),
    ],
)
def test_ports(load_check: Load, name: str, facts: GuardedPort, verdict: Verdict) -> None:
    """Open to the partner and to nobody else; what was not seen decides nothing."""
    assert load_check("replication", "test_ports", f"test_{name}")(facts).verdict is verdict


RULE = 'rule family="ipv4" source address="{}" port port="12345" protocol="tcp" accept'


@pytest.mark.parametrize(
    ("rules", "ports", "verdict"),
    [
        ([f"{MAIL2}/32"], "", PASS),
        ([MAIL2], "", PASS),
        ([], "", FAIL),
        (["203.0.113.0/24"], "", FAIL),
        ([f"{MAIL2}/32", "192.0.2.0/24"], "", FAIL),
        ([f"{MAIL2}/32"], "12345/tcp", FAIL),
        ([f"{MAIL2}/32"], "12000-13000/tcp", FAIL),
    ],
)
def test_firewall(load_check: Load, rules: list[str], ports: str, verdict: Verdict) -> None:
    """A rule for the partner's address, and nothing wider."""
    check = load_check("replication", "test_ports", "test_firewall_admits_partner_only")
    facts = firewall(ports=ports, rules=[RULE.format(each) for each in rules])
    assert check(facts, guarded(PARTNER)).verdict is verdict


def test_no_firewall(load_check: Load) -> None:
    """Without firewalld nothing is admitted by rule."""
    check = load_check("replication", "test_ports", "test_firewall_admits_partner_only")
    facts = dataclasses.replace(firewall(), running=False)
    assert check(facts, guarded(PARTNER)).verdict is FAIL
    assert parse_zones("") == ()


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (("Enforcing", "on", "on", "", ()), PASS),
        (("Enforcing", "on", "off", "", ()), FAIL),
        (("Enforcing", "off", "off", "", ()), FAIL),
        (("Enforcing", "off", "off", "dovecot_port_t", ()), PASS),
        (("Enforcing", "on", "on", "", ("avc: denied",)), FAIL),
        (("Enforcing", "", "", "", ()), OPEN),
        (("Disabled", "", "", "", ()), NA),
        (("", "", "", "", ()), NA),
    ],
)
def test_selinux(load_check: Load, facts: tuple[Any, ...], verdict: Verdict) -> None:
    """The boolean for good, or a label; and no denial."""
    check = load_check("replication", "test_ports", "test_selinux_lets_dovecot_listen")
    assert check(SelinuxPort(*facts, ())).verdict is verdict


STATUS = ReplicatorStatus(
    0,
    (("queued 'sync' requests", 0), ("waiting 'failed' requests", 0)),
    UserStatus("erin", 2, failed=False),
    (),
)


def convergence(*trials: Trial, **changes: Any) -> ConvergenceFacts:  # noqa: ANN401
    """Facts with these trials."""
    facts = ConvergenceFacts("mail1", "mail2", "erin", 10.0, trials, (), (), STATUS, ())
    return dataclasses.replace(facts, **changes)


BY_CHECK = {
    "stored_messages_travel": Operation.APPEND,
    "flags_travel": Operation.FLAGS,
    "expunges_travel": Operation.EXPUNGE,
    "mailboxes_travel": Operation.RENAME,
    "scripts_travel": Operation.SCRIPT,
    "deliveries_travel": Operation.DELIVERY,
    "changes_are_merged": Operation.BOTH,
}


@pytest.mark.parametrize(("name", "operation"), BY_CHECK.items())
def test_convergence(load_check: Load, name: str, operation: Operation) -> None:
    """In time it passes; late, never, or wrong it fails; untried it stays open."""
    check = partial(load_check("replication", "test_convergence", f"test_{name}"))
    assert check(convergence(Trial(operation, 1, 0.4))).verdict is PASS
    assert check(convergence(Trial(operation, 1, 10.5))).verdict is FAIL
    assert check(convergence(Trial(operation, 1, None, "not there"))).verdict is FAIL
    assert check(convergence(Trial(operation, 1, 0.4, fault="twice"))).verdict is FAIL
    unused = convergence(unused=((operation, "no time was left for it"),))
    assert check(unused).verdict is OPEN
    assert check(convergence()).verdict is OPEN


def test_no_managesieve(load_check: Load) -> None:
    """Without ManageSieve no script travels."""
    check = load_check("replication", "test_convergence", "test_scripts_travel")
    why = "no ManageSieve service with TLS is declared"
    assert check(convergence(unused=((Operation.SCRIPT, why),))).verdict is NA


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [
        ("no_failed_requests", STATUS, PASS),
        ("no_failed_requests", None, OPEN),
        ("no_failed_requests", dataclasses.replace(STATUS, exit_status=75), OPEN),
        (
            "no_failed_requests",
            dataclasses.replace(STATUS, counters=(("waiting 'failed' requests", 1),)),
            FAIL,
        ),
        ("user_was_synchronised", STATUS, PASS),
        ("user_was_synchronised", dataclasses.replace(STATUS, user=None), FAIL),
        (
            "user_was_synchronised",
            dataclasses.replace(STATUS, user=UserStatus("erin", 2, failed=True)),
            FAIL,
        ),
        (
            "user_was_synchronised",
            dataclasses.replace(STATUS, user=UserStatus("erin", None, failed=False)),
            FAIL,
        ),
        (
            "user_was_synchronised",
            dataclasses.replace(STATUS, user=UserStatus("erin", 4000, failed=False)),
            FAIL,
        ),
        ("user_was_synchronised", None, OPEN),
    ],
)
def test_status(
    load_check: Load, name: str, status: ReplicatorStatus | None, verdict: Verdict
) -> None:
    """What the replicator says about itself."""
    check = load_check("replication", "test_convergence", f"test_{name}")
    assert check(convergence(status=status)).verdict is verdict
