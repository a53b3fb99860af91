"""
The script that asks firewalld, with firewall-cmd as it may be found on hosts.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailvet.facts.firewall import FirewallFacts, parse_firewall
from mailvet.facts.host import CommandOutput
from mailvet.probes.firewall import _SCRIPT

PYTHON = f"""#!{sys.executable} -s
import sys
if "STOPPED":
    print("FirewallD is not running", file=sys.stderr)
    sys.exit(252)
if "--get-default-zone" in sys.argv:
    print("public")
    sys.exit(0)
if "--list-all-policies" in sys.argv:
    raise ValueError("unknown option")
print("public (active)\\n  target: default\\n  interfaces: eth0\\n  ports: 25/tcp")
"""

SHELL = """#!/bin/sh
[ -n "STOPPED" ] && { echo FirewallD is not running >&2; exit 252; }
case $* in
    *--get-default-zone) echo public;;
    *--list-all-policies) echo unknown option >&2; exit 2;;
    *--state) echo running;;
    *) printf 'public (active)\\n  target: default\\n  interfaces: eth0\\n  ports: 25/tcp\\n';;
esac
"""


def look(folder: Path, tool: str) -> FirewallFacts:
    """
    What follows from the script where *tool* is firewall-cmd; without it, none is there.
    """
    if tool:
        (folder / "firewall-cmd").write_text(tool)
        (folder / "firewall-cmd").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}" if tool else str(folder)
    done = subprocess.run(
        ["/bin/sh", "-c", _SCRIPT], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    return parse_firewall(CommandOutput("script", 0, done.stdout, done.stderr), frozenset())


@pytest.mark.parametrize("tool", [PYTHON, SHELL])
def test_every_question_is_answered_in_either_language(tmp_path: Path, tool: str) -> None:
    """
    What one question raises keeps no other from its answer.
    """
    facts = look(tmp_path, tool.replace("STOPPED", ""))
    assert facts.running
    assert facts.default_zone == "public"
    for zones in (facts.runtime, facts.permanent):
        assert [(zone.name, zone.ports) for zone in zones] == [("public", ("25/tcp",))]


@pytest.mark.parametrize("tool", [PYTHON, SHELL])
def test_a_firewall_that_is_stopped_is_installed(tmp_path: Path, tool: str) -> None:
    """
    It is there, and lets everything in.
    """
    facts = look(tmp_path, tool.replace("STOPPED", "yes"))
    assert facts.installed
    assert not facts.running


def test_a_host_may_have_none(tmp_path: Path) -> None:
    """
    Then nothing is asked.
    """
    assert not look(tmp_path, "").installed
