"""
The dry run: what a run would do, and nothing of it done.
"""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import HOSTS, PROFILE, ROOT, Project

MORE = """
[hosts.mail1.shell]
connection = "ssh://root:hunter2@mail1.example.com"
[hosts.mail1.accounts.alice]
user = "alice"
address = "alice@example.com"
password = { command = ["sh", "-c", "touch asked; echo hunter3"] }
[hosts.mail1.vantages.outside]
connection = "ssh://probe@outside.example.net"
"""

WHOLE = """
[hosts.mail1]
address = "192.0.2.1"
name = "mail1.example.com"
profiles = ["dovecot-pam", "lmtp-socket", "sieve", "postfix-mx", "postfix-submission"]
[hosts.mail1.expect.mail]
domain = "example.com"
[hosts.mail1.shell]
connection = "ssh://root@mail1.example.com"
[hosts.mail1.accounts.alice]
user = "alice"
address = "alice@example.com"
password = { env = "ALICE" }
[hosts.mail1.accounts.fresh]
user = "fresh"
address = "fresh@example.com"
password = { env = "FRESH" }
fresh = true
"""

LOGIN_CHECK = """
from mailvet.facts.login import LoginFacts
from mailvet.model import Judgement, judge
from mailvet.plugin import control


@control("DEMO-04")
def test_login(login: LoginFacts) -> Judgement:
    return judge(True, observed="yes", expected="yes")
"""

LOGIN_CONTROL = """
[[control]]
id = "DEMO-04"
title = "Users log in"
statement = "They do."
severity = "low"
consequence = "None."
activity = "active"
endpoints = ["submission/*"]
references = ["Guide"]
[control.remedy]
host = "nothing"
"""


@pytest.fixture
def full(project: Project) -> Project:
    """
    The small project with a shell, a vantage, an account, and a check that logs it in.
    """
    project.write("hosts.toml", HOSTS + MORE)
    project.write("checks/demo/test_login.py", LOGIN_CHECK)
    words = (project.root / "checks/demo/controls.toml").read_text(encoding="utf-8")
    project.write("checks/demo/controls.toml", words + LOGIN_CONTROL)
    return project


def test_the_plan_names_ports_commands_and_logins(full: Project) -> None:
    """
    Also those of the facts that the selected ones need.
    """
    done = full.run("--host", "mail1", "--plan", replay=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mail1 (198.51.100.10): what this run would do at most" in done.stdout
    for words in ("port 25 starttls", "port 587 starttls", "AUTH", "alice: 4", "standpoints"):
        assert words in done.stdout
    assert "DATA" not in done.stdout
    assert "at most: " in done.stdout


def test_the_plan_fits_eighty_columns_and_shows_no_secret(full: Project) -> None:
    """
    It is made to be passed on.
    """
    done = full.run("--host", "mail1", "--plan", "--report-dir=out", replay=False)
    ours = done.stdout[done.stdout.index("what this run would do") :]
    assert max(len(line) for line in ours.splitlines()) <= 80
    written = (full.root / "out/plan.json").read_text(encoding="utf-8")
    for text in (done.stdout, written):
        assert "hunter" not in text
    assert "ssh://root:***@mail1.example.com" in written


def test_a_plan_touches_nothing(full: Project) -> None:
    """
    No connection, no password command, no report of a run.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        full.write("hosts.toml", (HOSTS + MORE).replace("198.51.100.10", "127.0.0.1"))
        full.write("profiles/host.toml", PROFILE.replace("25", str(port)))
        done = full.run("--host", "mail1", "--plan", replay=False)
        assert done.returncode == 0
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not (full.root / "asked").exists()
    assert not (full.root / "reports").exists()
    assert not (full.root / "state").exists()


def test_a_plan_of_an_undeclared_host_asks_no_name_server(project: Project) -> None:
    """
    A name that cannot exist is planned like any other.
    """
    done = project.run("--host", "nowhere.invalid", "--plan", replay=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nowhere.invalid" in done.stdout
    assert "Scripts on the host\n  none" in done.stdout


def test_the_plan_is_of_the_selected_checks(full: Project) -> None:
    """
    What -k leaves out is not done, and not planned.
    """
    done = full.run("--host", "mail1", "--plan", "-k", "starttls", replay=False)
    assert "port 587" in done.stdout
    assert "AUTH" not in done.stdout


def test_programs_read_the_plan_from_a_file(full: Project) -> None:
    """
    With --report-dir, and by host.
    """
    full.run("--host", "mail1", "--plan", "--report-dir=out", replay=False)
    document = json.loads((full.root / "out/plan.json").read_text(encoding="utf-8"))
    assert document["schema"] == "mailvet-plan/1"
    (host,) = document["hosts"]
    assert host["key"] == "mail1"
    assert {each["port"] for each in host["ports"]} == {25, 587}
    assert {each["fact"] for each in host["facts"]} >= {"session", "login", "standpoints"}
    assert host["logins"]["alice"] >= 4


def test_a_folder_that_cannot_be_written_is_a_usage_error(full: Project) -> None:
    """
    One line, and no plan that seems to be there.
    """
    full.write("out", "a file")
    done = full.run("--host", "mail1", "--plan", "--report-dir=out", replay=False)
    assert done.returncode == 4
    assert "--report-dir out" in done.stderr


def planned(tmp_path: Path, inventory: str) -> tuple[dict[str, Any], str]:
    """
    The plan of every check of the project for the host of *inventory*, as JSON and as text.
    """
    (tmp_path / "hosts.toml").write_text(inventory)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--host", "mail1"),
            *("--plan", f"--inventory={tmp_path / 'hosts.toml'}", f"--report-dir={tmp_path}"),
        ],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (host,) = json.loads((tmp_path / "plan.json").read_text())["hosts"]
    return host, done.stdout


def test_the_plan_of_the_whole_suite_names_no_command_that_its_port_does_not_know(
    tmp_path: Path,
) -> None:
    """
    Every check of the project, on a host that declares everything.
    """
    host, text = planned(tmp_path, WHOLE)
    verbs = {each["port"]: set(each["verbs"]) for each in host["ports"]}
    assert {25, 110, 143, 465, 587, 993, 995, 4190} <= set(verbs)
    for port, sent in verbs.items():
        assert port in {25, 465, 587} or not sent & {"MAIL", "RCPT", "DATA", "EHLO"}, port
        assert port in {143, 993} or not sent & {"SELECT", "APPEND"}, port
    assert host["backend_connections"] == 0
    assert "its Dovecot names, through ssh://root@mail1.example.com (0)\n  none" in one_line(text)


def one_line(text: str) -> str:
    """
    *text* without the line breaks inside of its paragraphs.
    """
    return text.replace("\n    ", " ")


def test_a_database_is_planned_without_an_address(tmp_path: Path) -> None:
    """
    Where it is, only the host's Dovecot says; what it is asked, only reads.
    """
    host, text = planned(tmp_path, WHOLE.replace("dovecot-pam", "dovecot-mariadb"))
    assert host["backend_connections"] > 0
    requests = {
        request
        for fact in host["facts"]
        for act in fact["acts"]
        if act["kind"] == "BackendConnections"
        for request in act["requests"]
    }
    assert requests == {"TLS", "LOGIN", "SET NAMES", "SELECT", "SHOW"}
    assert "to the database, with Dovecot's own account" in one_line(text)


def test_recorded_facts_need_no_plan(full: Project) -> None:
    """
    A plan would say that hosts are touched which are not.
    """
    done = full.run("--host", "mail1", "--plan")
    assert done.returncode == 4
    assert "--plan and --facts" in done.stderr


@pytest.mark.parametrize(
    "act",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('example.com', 25)",
        "subprocess.run(['true'])",
        "asyncio.run(asyncio.open_connection('127.0.0.1', 9))",
    ],
)
def test_whatever_reaches_out_during_a_plan_is_stopped_by_the_interpreter(act: str) -> None:
    """
    Whichever library tries, and whoever wrote it.
    """
    code = (
        "import asyncio, socket, subprocess\n"
        "from mailvet.plugin.interpreter import watch\n"
        f"watch(sealed=True)\n{act}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "ReachesOutError" in done.stderr
