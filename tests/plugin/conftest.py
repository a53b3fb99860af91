"""
A small project with two controls and recorded facts, so that whole runs need no network.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

CONTROLS = """
area = "demo"
title = "Demonstration"

[[control]]
id = "DEMO-01"
title = "STARTTLS is announced"
statement = "The server announces STARTTLS."
severity = "high"
consequence = "Mail crosses the network in the clear."
activity = "passive"
endpoints = ["*/starttls"]
statements = ["demo.starttls"]
references = ["RFC 3207 §4"]
[control.remedy]
postfix = "postconf -e smtpd_tls_security_level=may"
verify = "openssl s_client -connect {name}:{port} -starttls {starttls}"
[[control.fix]]
server = "postfix"
since = "3.6"
run = "postconf -P {service}/inet/smtpd_tls_protocols='>={tls.minimum}'"
[[control.fix]]
server = "postfix"
before = "3.6"
run = "postconf -P {service}/inet/smtpd_tls_protocols='{tls.refused}'"

[[control]]
id = "DEMO-02"
title = "The host is a Dovecot"
statement = "There is a Dovecot."
severity = "low"
consequence = "None."
activity = "passive"
requires = ["dovecot"]
references = ["Guide"]
[control.remedy]
host = "dnf install dovecot"

[[control]]
id = "DEMO-03"
title = "Something intrusive"
statement = "It is intrusive."
severity = "low"
consequence = "None."
activity = "intrusive"
references = ["Guide"]
[control.remedy]
host = "nothing"
"""

CHECKS = """
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("DEMO-01")
def test_starttls(session: SessionFacts) -> Judgement:
    if session.before is None:
        return unverified(Cause.BLOCKED, observed="no capabilities", expected="STARTTLS")
    return judge("STARTTLS" in session.before, observed="its EHLO reply", expected="STARTTLS")


@control("DEMO-02")
def test_dovecot(target: Target) -> Judgement:
    return judge(True, observed="declared", expected="declared")


@control("DEMO-03")
def test_intrusive(target: Target) -> Judgement:
    return judge(True, observed="done", expected="done")
"""

PROFILE = """
title = "A host"
roles = ["postfix"]
[services.smtp]
protocol = "smtp"
port = 25
security = "starttls"
[services.submission]
protocol = "submission"
port = 587
security = "starttls"
"""

HOSTS = """
[groups]
all = ["mail1"]
[hosts.mail1]
address = "198.51.100.10"
name = "mail1.example.com"
profiles = ["host"]
"""


def session(*keywords: str) -> dict[str, Any]:
    """
    Recorded facts of a session whose EHLO reply has *keywords*.
    """
    return {
        "greeting": {"status": "220", "text": "mail1 ESMTP", "lines": ["220 mail1 ESMTP"]},
        "before": {"items": [[word, []] for word in keywords]},
        "starttls": None,
        "injected": "",
        "handshake": None,
        "after": None,
        "hello": "mail1",
        "transcript": [{"at": 0.1, "direction": "<", "text": "220 mail1 <script>"}],
    }


def fact(name: str, value: object, *, endpoint: str = "", error: object = None) -> dict[str, Any]:
    """
    One entry of a file of facts.
    """
    return {"name": name, "endpoint": endpoint, "seconds": 0.5, "value": value, "error": error}


@dataclass
class Project:
    """
    A project folder, and how to run pytest in it.
    """

    root: Path
    facts: list[dict[str, Any]] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        """
        Writes a file of the project.
        """
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *arguments: str, replay: bool = True) -> subprocess.CompletedProcess[str]:
        """
        Runs pytest in the project; with *replay* on the recorded facts.
        """
        document = {"format": "mailvet-facts/1", "target": "mail1", "facts": self.facts}
        self.write("facts/mail1.json", json.dumps(document))
        recorded = ("--facts", "facts") if replay else ()
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT / "src"),
            "MAILVET_STATE": str(self.root / "state"),
            "COLUMNS": "80",
        }
        return subprocess.run(
            [sys.executable, "-m", "pytest", *recorded, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def results(self, folder: str = "reports/latest") -> dict[str, Any]:
        """
        What ``results.json`` says.
        """
        text = (self.root / folder / "results.json").read_text(encoding="utf-8")
        loaded: dict[str, Any] = json.loads(text)
        return loaded

    def verdicts(self) -> dict[tuple[str, str], str]:
        """
        Verdicts by control and endpoint.
        """
        findings = self.results()["findings"]
        return {(each["control"], each["endpoint"]): each["verdict"] for each in findings}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """
    The small project; both of its services announce STARTTLS.
    """
    made = Project(tmp_path)
    made.write("conftest.py", (ROOT / "conftest.py").read_text(encoding="utf-8"))
    made.write(
        "pyproject.toml",
        '[tool.pytest]\naddopts = ["--import-mode=importlib"]\n'
        'testpaths = ["checks"]\njunit_family = "xunit1"\nstrict = true\n',
    )
    made.write("checks/demo/controls.toml", CONTROLS)
    made.write("checks/demo/test_demo.py", CHECKS)
    made.write("checks/guide.toml", '[statements]\n"1" = ["demo.starttls", "demo.other"]\n')
    made.write("profiles/host.toml", PROFILE)
    made.write("profiles/discover.toml", PROFILE)
    made.write("hosts.toml", HOSTS)
    made.facts = [
        fact("session", session("STARTTLS", "SIZE"), endpoint="smtp"),
        fact("session", session("STARTTLS", "SIZE"), endpoint="submission"),
    ]
    return made
