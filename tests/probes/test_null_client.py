"""
The script that asks Postfix what becomes of mail, with a sendmail and a log of its own.
"""

import os
import subprocess
from pathlib import Path

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.null_client import parse_handover, parse_next_hop
from mailvet.probes.null_client import _VERIFY, _greeting_script

LOG = """\
Nov 26 05:09:59 client1 postfix/error[50]: OTHER1: to=<mailvet-other@[127.0.0.1]>, relay=none, \
dsn=5.0.0, status=undeliverable (another audit)
Nov 26 05:10:00 client1 postfix/qmgr[51]: OURS2: from=<double-bounce@example.com>, size=3
Nov 26 05:10:00 client1 postfix/error[57]: OURS2: to=<mailvet-1@[127.0.0.1]>, relay=none, \
dsn=5.0.0, status=undeliverable (local delivery disabled)
Nov 26 05:10:00 client1 postfix/smtp[58]: OURS2: to=<root@example.com>, orig_to=<root>, \
relay=a[192.0.2.1]:25, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)
Nov 26 05:10:01 client1 postfix/qmgr[51]: OURS2: removed
"""


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> Path:
    """
    A folder with commands in the place of Postfix's, and the log that they write.
    """
    log = tmp_path / "maillog"
    (tmp_path / "written").write_text(LOG)
    commands = {
        "postconf": f"""case $2 in
            maillog_file) echo {log};;
            sendmail_path) echo {tmp_path}/sendmail;;
            double_bounce_sender) echo double-bounce;;
            myhostname) echo client1.example.com;;
        esac""",
        "sendmail": f'echo "$@" > {tmp_path}/asked; cat {tmp_path}/written >> {log}',
    }
    for name, text in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def ask(host: Path) -> CommandOutput:
    """
    What the script prints there.
    """
    values = "local='mailvet-1@[127.0.0.1]'\nremote=alice@example.com\n"
    values += "bare=root\n"
    done = subprocess.run(
        ["sh", "-c", f"{values}patience=1\n{_VERIFY}"],
        env={**os.environ, "PATH": f"{host}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return CommandOutput("", 0, done.stdout, done.stderr)


def test_the_lines_about_our_own_question_are_found(host: Path) -> None:
    """
    Other audits ask the same; the address that carries the run's nonce tells which is ours.
    """
    facts = parse_handover(ask(host), "mailvet-1@[127.0.0.1]", "alice@example.com", "root")

    asked = (host / "asked").read_text()
    assert asked.startswith("-bv -f double-bounce@client1.example.com mailvet-1@[127.0.0.1]")
    assert len(facts.handed) == 2
    assert facts.completed == "root@example.com"


def test_a_log_without_an_answer_is_silence(host: Path) -> None:
    """
    The script ends all the same, and nothing is made up.
    """
    (host / "written").write_text("")
    facts = parse_handover(ask(host), "mailvet-1@[127.0.0.1]", "alice@example.com", "root")

    assert facts.handed == ()
    assert "does not say" in facts.silence


def test_a_relay_that_nobody_listens_at_has_no_greeting() -> None:
    """
    The reason is that of the connection.
    """
    script = _greeting_script(parse_next_hop("[127.0.0.1]:1"), wrapped=False)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert done.stdout == ""
    assert "refused" in done.stderr
