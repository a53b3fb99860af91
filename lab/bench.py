"""
Time an audit of a lab's mail host, and the tools that people use instead, in one run.
"""

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.addresses import host_address
from lab.agreement import Offers, ask_nmap, ask_testssl, of_mailvet
from lab.audit import RESULTS, audit_folder
from lab.commands import require
from lab.errors import LabError
from lab.gate import Trial
from lab.lifecycle import opened
from lab.place import Lab
from lab.verdicts import compare, render_differences

WALL_LIMIT = 20.0
"""Seconds that a warm audit may take."""

CHAIN_LIMIT = 1.5
"""How much longer an audit may take than the waits that follow from each other."""

PEER_FACTOR = 10
"""How many times faster than the other tools together an audit must be."""

_SECONDS = 900
_STARTTLS = {25: "smtp", 587: "smtp", 143: "imap", 110: "pop3"}
_IMPLICIT = (465, 993, 995)
_SCRIPTS = (
    "smtp-commands,smtp-open-relay,smtp-ntlm-info,imap-capabilities,imap-ntlm-info,"
    "pop3-capabilities,pop3-ntlm-info,ssl-cert,ssl-enum-ciphers,ssl-dh-params,banner"
)
_STRANGERS = (
    ("probe@example.org", "probe@example.net"),
    ("<>", "probe@example.net"),
    ("postmaster@mail1.example.com", "probe@example.net"),
    ("postmaster", "probe@example.net"),
    ("probe@localhost", "probe@example.net"),
    ("probe@[127.0.0.1]", "probe@example.net"),
    ("probe@example.org", "probe%example.net@example.com"),
    ("probe@example.org", "probe%example.net"),
    ("probe@example.org", '"probe@example.net"'),
    ("probe@example.org", '"probe%example.net"'),
    ("probe@example.org", "probe@example.net@example.com"),
    ("probe@example.org", '"probe@example.net"@example.com'),
    ("probe@example.org", "@example.com:probe@example.net"),
    ("probe@example.org", "example.net!probe"),
    ("probe@example.org", "example.net!probe@example.com"),
)


@dataclass(frozen=True, slots=True)
class Audit:
    """
    The times of warm audits, in seconds, and the slowest chain of waits of the last one.
    """

    walls: Sequence[float]
    gathered: float
    chain: float

    @property
    def wall(self) -> float:
        """
        The middle one of all times, from the start of the command to its end.
        """
        return statistics.median(self.walls)


@dataclass(frozen=True, slots=True)
class Peer:
    """
    How long another tool took, in seconds, for how many calls.
    """

    name: str
    does: str
    calls: int
    wall: float


def audits(lab: Lab, trial: Trial, times: int, report: Callable[[str], None]) -> Audit:
    """
    Time *times* audits after one that is not counted.
    """
    walls: list[float] = []
    for number in range(times + 1):
        start = time.monotonic()
        found = trial.audit(lab, trial.scenario, ())
        wall = time.monotonic() - start
        differences = compare(trial.expected.verdicts, found)
        if differences:
            raise LabError(f"the host is not as it should be: {render_differences(differences)}")
        report(f"mailvet {wall:.1f} s{' (not counted)' if number == 0 else ''}")
        if number:
            walls.append(wall)
    chain = json.loads((audit_folder(lab) / RESULTS).read_text())["run"]["chain"]
    return Audit(walls, chain["wall_s"], chain["seconds"])


def peers(lab: Lab, report: Callable[[str], None]) -> list[Peer]:
    """
    Time the other tools, one after the other as a person would run them.
    """
    require("testssl", "nmap", "swaks")
    scenario, record = opened(lab)
    (machine,) = scenario.audited
    address = str(host_address(record.subnet, machine.number))
    found = []
    for name, does, calls in _calls(lab, address):
        wall = sum(_timed(argv) for argv in calls)
        report(f"{name} {wall:.1f} s ({len(calls)} calls)")
        found.append(Peer(name, does, len(calls), wall))
    return found


def offers(
    lab: Lab, trial: Trial, report: Callable[[str], None]
) -> tuple[Mapping[str, Offers], Mapping[str, float]]:
    """
    Let an audit and the other tools say which versions and suites each port accepts, and return how
    many seconds each of them took.
    """
    scenario, record = opened(lab)
    (machine,) = scenario.audited
    address = str(host_address(record.subnet, machine.number))
    ports = {**_STARTTLS, **dict.fromkeys(_IMPLICIT, "")}

    def ask_mailvet() -> Offers:
        trial.audit(lab, scenario, ["tls/test_policy.py"])
        own = of_mailvet(audit_folder(lab) / RESULTS)
        return {port: own[port] for port in own if port in ports}

    ways: Mapping[str, Callable[[], Offers]] = {
        "mailvet": ask_mailvet,
        "testssl.sh": lambda: ask_testssl(_testssl(lab), address, ports, lab.state),
        "nmap": lambda: ask_nmap(address, ports, lab.state),
    }
    found, seconds = {}, {}
    for name, ask in ways.items():
        report(f"{name}: versions and suites of seven ports")
        start = time.monotonic()
        found[name] = ask()
        seconds[name] = time.monotonic() - start
    return found, seconds


def _testssl(lab: Lab) -> list[str]:
    base = ["testssl", "--quiet", "--color", "0", "--nodns", "none", "--warnings", "off"]
    return [*base, "--add-ca", str(lab.state / "ca.crt")]


def _calls(lab: Lab, address: str) -> Sequence[tuple[str, str, Sequence[Sequence[str]]]]:
    base = _testssl(lab)
    tls = [[*base, f"{address}:{port}"] for port in _IMPLICIT]
    tls += [[*base, "-t", protocol, f"{address}:{port}"] for port, protocol in _STARTTLS.items()]
    ports = ",".join(str(port) for port in sorted([*_STARTTLS, *_IMPLICIT, 4190]))
    scan = ["nmap", "-Pn", "-n", "-sT", "-p", ports, "--script", _SCRIPTS, address]
    forms = [
        ["swaks", "--server", address, "--from", sender, "--to", recipient, "--quit-after", "RCPT"]
        for sender, recipient in _STRANGERS
    ]
    return (
        ("testssl.sh", "TLS of seven ports (it does not speak ManageSieve)", tls),
        ("nmap", "its smtp, imap, pop3 and ssl scripts on eight ports", [scan]),
        ("swaks", f"{len(forms)} forms of relaying on port 25, clear text only", forms),
    )


def _timed(argv: Sequence[str]) -> float:
    start = time.monotonic()
    try:
        # swaks ends with the status of the refusal, and testssl.sh with the number of its findings.
        subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{argv[0]} took longer than {_SECONDS} s") from None
    return time.monotonic() - start


def render_bench(audit: Audit, others: Sequence[Peer], controls: int) -> str:
    """
    Return the table as Markdown.
    """
    together = sum(peer.wall for peer in others)
    rows = [
        f"| {peer.name} | {peer.does} | {peer.wall:.1f} s | {peer.wall / audit.wall:.1f} |"
        for peer in others
    ]
    times = ", ".join(f"{wall:.1f}" for wall in audit.walls)
    return "\n".join(
        [
            "| tool | what it looks at | time | times mailvet's |",
            "|---|---|--:|--:|",
            f"| mailvet | {controls} controls: eight ports and the host | {audit.wall:.1f} s | 1 |",
            *rows,
            f"| these together | | {together:.1f} s | {together / audit.wall:.1f} |",
            "",
            f"mailvet: whole commands {times} s (the middle one counts); gathering "
            f"{audit.gathered:.1f} s, slowest chain of waits {audit.chain:.1f} s, ratio "
            f"{audit.gathered / audit.chain:.2f}.",
        ]
    )


def shortfalls(audit: Audit, others: Sequence[Peer]) -> Mapping[str, bool]:
    """
    Return what was promised, and whether it was missed.
    """
    together = sum(peer.wall for peer in others)
    return {
        f"an audit takes less than {WALL_LIMIT:g} s": audit.wall >= WALL_LIMIT,
        f"less than {CHAIN_LIMIT:g} times its slowest chain": (
            audit.gathered >= CHAIN_LIMIT * audit.chain
        ),
        f"{PEER_FACTOR} times faster than the others together": (
            bool(others) and together < PEER_FACTOR * audit.wall
        ),
    }
