"""
What an audit says that it will do, what it says that it did, and what the host saw of it.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.audit import audit_folder, suite_audit
from lab.commands import as_root
from lab.place import CHECKOUT, Lab
from lab.podman import podman
from lab.scenario import load_scenario
from mailvet.probes.starttls_injection import UNKNOWN
from mailvet.probes.strange_smtp import OBSOLETE
from tests.lab.test_live_lab import over_ssh

pytestmark = pytest.mark.lab

SSH = 22
"""How the host's own shell is reached; its connections are shared by all scripts."""

SNIFFER = """
import socket, struct
packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
packets.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
print("ready", flush=True)
while True:
    packet, (_, _, kind, *_) = packets.recvfrom(128)
    size = (packet[0] & 15) * 4
    if kind == 0 and packet[9] == 6 and packet[size + 13] & 0x12 == 2:
        source, port, number = struct.unpack_from("!HHI", packet, size)
        print(socket.inet_ntoa(packet[12:16]), source, port, number, flush=True)
"""
"""Prints each TCP SYN that comes in; what is sent again has the same source and number."""


@dataclass(frozen=True)
class Witnessed:
    """
    One audit from three sides.

    Attributes:
        plan: What ``--plan`` said before it, about the one host.
        activity: What its results say.
        syns: Connections that arrived at the host, by port.
        verbs: Commands that Postfix counted, by name.
        rejected: Passwords that PAM refused.
    """

    plan: dict[str, Any]
    activity: list[dict[str, Any]]
    syns: Counter[int]
    verbs: Counter[str]
    rejected: int

    def recorded(self) -> Counter[int]:
        """
        Connections that the audit counted, by port.
        """
        found: Counter[int] = Counter()
        for port in self.ports():
            found[port["port"]] += port["direct"] + port["through"]
        return found

    def unheard(self, verb: str) -> int:
        """
        How often Postfix hung up on a client that did not wait, before it came to this command.

        Of the two clients that the audit sends there, the other one waits.
        """
        hasty = (each for each in self.activity if each["fact"] == "pipelining")
        return sum(port["verbs"].get(verb, 0) // 2 for each in hasty for port in each["ports"])

    def ports(self) -> Iterator[dict[str, Any]]:
        """
        All that was counted by port.
        """
        for footprint in self.activity:
            yield from footprint["ports"]


@contextlib.contextmanager
def sniffing(lab: Lab, output: Path) -> Iterator[None]:
    """
    Writes the connections that arrive at the host to *output*.
    """
    process = podman("inspect", "--format", "{{.State.Pid}}", lab.container("mail1")).strip()
    words = as_root(["nsenter", "--net", "--target", process, sys.executable, "-c", SNIFFER])
    with output.open("wb") as stream, subprocess.Popen(words, stdout=stream) as sniffer:
        try:
            deadline = time.monotonic() + 30
            while not output.read_bytes().endswith(b"\n"):
                assert time.monotonic() < deadline, "the sniffer does not start"
                assert sniffer.poll() is None, "the sniffer ended"
            yield
        finally:
            sniffer.terminate()


@pytest.fixture(scope="module")
def witnessed(live_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Witnessed:
    """
    A plan, an audit, and what the host saw of it.
    """
    folder = tmp_path_factory.mktemp("plan")
    argv = [sys.executable, "-m", "pytest", "--host", "mail1", f"--inventory={live_lab.inventory}"]
    subprocess.run(
        [*argv, "--plan", f"--report-dir={folder}", "-p", "no:cacheprovider"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    start = over_ssh(live_lab, "mail1", "date +%s").strip()
    with sniffing(live_lab, folder / "syns"):
        suite_audit()(live_lab, load_scenario("single"), ())
    lines = (folder / "syns").read_text().splitlines()[1:]
    log = over_ssh(live_lab, "mail1", f"journalctl -q --no-pager --since=@{start}")
    results = json.loads((audit_folder(live_lab) / "results.json").read_text())
    (plan,) = json.loads((folder / "plan.json").read_text())["hosts"]
    return Witnessed(
        plan,
        results["activity"],
        Counter(int(line.split()[2]) for line in dict.fromkeys(lines)),
        _postfix_verbs(log),
        log.count("pam_unix(dovecot:auth): authentication failure"),
    )


def _first_words(commands: Iterable[Iterable[str]]) -> Iterator[str]:
    return (each.split()[0] for some in commands for each in some)


def _postfix_verbs(log: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in log.splitlines():
        if "smtpd[" in line and ": disconnect from " in line:
            for word in line.split("]", 2)[-1].split():
                name, _, numbers = word.partition("=")
                if name != "commands":
                    found[name.upper()] += int(numbers.rpartition("/")[2])
    return found


def test_the_host_sees_the_connections_that_the_audit_counted(witnessed: Witnessed) -> None:
    """
    On every port, and on no other.
    """
    seen = Counter({port: times for port, times in witnessed.syns.items() if port != SSH})
    assert seen == witnessed.recorded()


def test_no_more_connections_arrive_than_were_planned(witnessed: Witnessed) -> None:
    """
    The plan was made before anything was sent.
    """
    planned = {each["port"]: each["most"] for each in witnessed.plan["ports"]}
    for port, times in witnessed.syns.items():
        assert port == SSH or times <= planned.get(port, planned[0]), port


def test_postfix_counts_the_commands_that_were_recorded_and_planned(witnessed: Witnessed) -> None:
    """
    Its log sums them up at the end of each session.
    """
    ports = {25, 465, 587}
    recorded: Counter[str] = Counter()
    for port in witnessed.ports():
        if port["port"] in ports:
            recorded.update(port["verbs"])
    planned = {
        verb for each in witnessed.plan["ports"] if each["port"] in ports for verb in each["verbs"]
    }
    unknown = sum(recorded[verb] for verb in ("EXPN", UNKNOWN, *_first_words(OBSOLETE)))
    assert 0 < witnessed.verbs.pop("UNKNOWN", 0) <= unknown
    assert witnessed.verbs
    assert set(witnessed.verbs) <= planned
    assert witnessed.verbs <= recorded
    for verb in ("MAIL", "RCPT", "RSET", "DATA"):
        assert witnessed.verbs[verb] == recorded[verb] - witnessed.unheard(verb)


def test_everything_that_was_recorded_was_planned(witnessed: Witnessed) -> None:
    """
    Connections, scripts, logins, messages.
    """
    plan, activity = witnessed.plan, witnessed.activity
    planned = {each["port"]: each for each in plan["ports"]}
    for port in witnessed.ports():
        assert set(port["verbs"]) - {"TLS"} <= set(planned.get(port["port"], planned[0])["verbs"])
    assert sum(each["commands"] for each in activity) <= plan["scripts"]
    assert 0 < sum(each["messages"] for each in activity) <= plan["messages"]
    assert 0 < sum(each["failing_logins"] for each in activity) <= plan["failing_logins"]
    logins: Counter[str] = Counter()
    for footprint in activity:
        logins.update(footprint["logins"])
    assert logins <= Counter(plan["logins"])


def test_no_more_passwords_are_refused_than_were_planned(witnessed: Witnessed) -> None:
    """
    What locks accounts is what PAM counts.
    """
    assert 0 < witnessed.rejected <= witnessed.plan["failing_logins"]
