"""
Audits of hosts that are nothing but trouble, each a process of its own, several at a time.
"""

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailvet.catalogue import load_catalogue
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import DOMAIN, PASSWORD, PASSWORD_VARIABLE
from tests.fakes.grammar import HOST_NAME
from tests.fakes.honest import serve
from tests.fakes.honest_session import Flaw, HonestHost
from tests.fakes.personalities import PERSONALITIES, Personality
from tests.fakes.stubs import Received, StubHost, serving

ROOT = Path(__file__).parents[2]

UNDECLARED = 2525
"""A customary mail port that is open on every host and declared on none."""

AT_ONCE = 8
"""Audits at a time; they wait for the most part."""

GIVEN_UP = 150.0
"""Seconds after which an audit is killed; long before that it is a failure."""

_numbers = itertools.count(1)

PROFILE = """
title = "Everything that can be probed from outside"
roles = [
    "dovecot", "postfix", "pam", "mx", "submission", "sieve", "special-use", "lmtp-socket",
    "firewalld",
]
[expect.mail]
domain = "{domain}"
hostname = "{name}"
delivery_deadline = 2.0
[expect.relay]
trusted_networks = ["192.0.2.0/24"]
"""

SERVICE = """
[services.{name}]
protocol = "{protocol}"
port = {port}
security = "{security}"
"""

INVENTORY = """
[hosts.stub]
address = "{address}"
name = "{name}"
profiles = ["./stub.toml"]
ca_file = "ca.pem"
"""

ACCOUNT = """
[hosts.stub.accounts.{name}]
user = "{name}@{domain}"
password = {{ env = "{variable}" }}
fresh = {fresh}
"""


@dataclass(frozen=True)
class Audit:
    """
    A finished audit of one personality.

    Attributes:
        personality: How the host behaved.
        status: Exit status of pytest.
        output: What it printed.
        seconds: How long it took.
        results: What ``results.json`` says; empty if there is none.
        texts: All reports as text, by file name.
        received: What the host received.
        residue: What is left on an honest host, and in the clean-up ledger.
    """

    personality: Personality
    status: int
    output: str
    seconds: float
    results: Mapping[str, Any]
    texts: Mapping[str, str]
    received: list[Received]
    residue: tuple[str, ...] = ()

    @property
    def findings(self) -> list[dict[str, Any]]:
        """
        All findings.
        """
        return list(self.results.get("findings", ()))


def negative_controls() -> frozenset[str]:
    """
    Ids of the controls that the catalogue calls negative.
    """
    catalogue = load_catalogue(ROOT / "checks")
    return frozenset(each.id for each in catalogue.controls.values() if each.negative)


def declare(host: StubHost, address: str, folder: Path) -> Path:
    """
    Writes an inventory that names *host* with all of its services, and no shell.
    """
    profile = PROFILE.format(domain=DOMAIN, name=HOST_NAME)
    for name, endpoint in host.endpoints.items():
        profile += SERVICE.format(
            name=name,
            protocol=endpoint.protocol,
            port=endpoint.port,
            security=endpoint.security,
        )
    (folder / "stub.toml").write_text(profile)
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    inventory = INVENTORY.format(address=address, name=HOST_NAME)
    for name in ("alice", "bob", "carol"):
        fresh = str(name == "carol").lower()
        inventory += ACCOUNT.format(
            name=name, domain=DOMAIN, variable=PASSWORD_VARIABLE, fresh=fresh
        )
    path = folder / "hosts.toml"
    path.write_text(inventory)
    return path


HURRIED = ("--connect-timeout=1", "--reply-timeout=1", "--login-timeout=2", "--deadline=5")
"""With hosts that do not answer; nothing on the loopback interface needs as long."""

PATIENT = ("--connect-timeout=10", "--reply-timeout=10", "--login-timeout=10", "--deadline=60")
"""With hosts that do, for machines that have much else to do."""


def run_audit(
    personality: Personality, folder: Path, timeouts: tuple[str, ...], *, undeclared: int = 0
) -> Audit:
    """
    Audits a host with this personality through the real command line.
    """
    folder.mkdir(parents=True)
    # An address of its own, so that hosts that run at the same time keep out of each other's way.
    address = f"127.{os.getpid() % 250 + 1}.1.{next(_numbers)}"
    with serving(personality.play, address=address, undeclared=undeclared) as host:
        begun = time.monotonic()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
                *("--host", "stub", "--allow", "intrusive"),
                # With "=", since pytest takes a path that stands alone for one of its arguments.
                f"--inventory={declare(host, address, folder)}",
                f"--report-dir={folder / 'report'}",
                *timeouts,
            ],
            cwd=ROOT,
            env=os.environ
            | {
                PASSWORD_VARIABLE: PASSWORD,
                "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                "MAILVET_STATE": str(folder / "state"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=GIVEN_UP,
            check=False,
        )
        seconds = time.monotonic() - begun
    reports = {
        path.name: path.read_text(encoding="utf-8") for path in (folder / "report").glob("*.*")
    }
    results = json.loads(reports.get("results.json", "{}"))
    output = done.stdout.decode(errors="backslashreplace")
    return Audit(personality, done.returncode, output, seconds, results, reports, host.received)


def run_honest(flaw: Flaw | None, folder: Path) -> Audit:
    """
    Audits a host with this flaw, and looks for what the audit left behind there.
    """
    host = HonestHost(flaw)
    audit = run_audit(Personality(flaw or "honest", serve(host), tls=True), folder, PATIENT)
    left = [path.name for path in (folder / "state").glob("*.ledger.json")]
    for name, user in host.store.users.items():
        left += [f"{name}: {len(found)} in {each}" for each, found in user.folders.items() if found]
        left += [f"{name}: script {each}" for each in user.scripts]
    return dataclasses.replace(audit, residue=tuple(left))


@pytest.fixture(scope="session")
def audits(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, "Future[Audit]"]]:
    """
    An audit of each host that a selected test asks for, started all together.
    """
    folder = tmp_path_factory.mktemp("gauntlet")
    wanted: dict[str, None] = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and "audits" in item.fixturenames:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            name = parameters.get("audit") or parameters.get("flawed_audit") or "honest"
            wanted[str(name)] = None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started: dict[str, Future[Audit]] = {}
        for name in wanted:
            place = folder / name.replace(" ", "-")
            if name in PERSONALITIES:
                hostile = PERSONALITIES[name]
                started[name] = pool.submit(
                    run_audit, hostile, place, HURRIED, undeclared=UNDECLARED
                )
            elif name in set(Flaw):
                started[name] = pool.submit(run_honest, Flaw(name), place)
            elif name == "honest":
                started[name] = pool.submit(run_honest, None, place)
        yield started


@pytest.fixture(scope="module", params=list(PERSONALITIES))
def audit(request: pytest.FixtureRequest, audits: dict[str, "Future[Audit]"]) -> Audit:
    """
    The finished audit of one personality.
    """
    name: str = request.param
    return audits[name].result()


@pytest.fixture(scope="module", params=[each.value for each in Flaw])
def flawed_audit(
    request: pytest.FixtureRequest, audits: dict[str, "Future[Audit]"]
) -> tuple[Flaw, Audit]:
    """
    The finished audit of a host that does one thing wrong.
    """
    flaw = Flaw(request.param)
    return flaw, audits[flaw].result()


@pytest.fixture(scope="module")
def honest_audit(audits: dict[str, "Future[Audit]"]) -> Audit:
    """
    The finished audit of a host that does everything right.
    """
    return audits["honest"].result()
