"""
The scripts that read the client library's defaults, and that look odd names up.
"""

import subprocess
from pathlib import Path

import pytest

from mailvet.facts.directory import SHARED, parse_library
from mailvet.facts.directory_names import parse_directory_names
from mailvet.facts.host import CommandOutput
from mailvet.probes.directory import _LIBRARY
from mailvet.probes.directory_names import _SCRIPT, _patterns

DOVEADM = """#!/bin/sh
case "$1 $2" in
    "user *") printf 'alice\\nbob\\nbob\\n' ;;
    "auth lookup") case $3 in alice|bob|'a*') exit 0 ;; *) exit 67 ;; esac ;;
esac
"""


def run(script: str, folder: Path | None = None) -> CommandOutput:
    """
    What *script* prints, with the programs in *folder* before all others.
    """
    path = f"{folder}:/usr/bin:/bin" if folder else "/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": path}
    )
    return CommandOutput("script", 0, done.stdout, done.stderr)


@pytest.mark.parametrize("user", ["alice", "alice@example.com"])
def test_patterns_would_find_the_user(user: str) -> None:
    """
    Where an asterisk or a parenthesis goes into the filter; none is the name itself.
    """
    patterns = _patterns(user)
    assert "*" in patterns
    assert all(set(each) & set("*()") for each in patterns)
    assert len(set(patterns)) == len(patterns)


def test_names_are_looked_up(tmp_path: Path) -> None:
    """
    Patterns, root, and names that are listed twice, of which only the answers are printed.
    """
    program = tmp_path / "doveadm"
    program.write_text(DOVEADM)
    program.chmod(0o755)
    script = _SCRIPT.replace("NAMES", "try 0 '*' &\ntry 1 'a*' &").replace("MOST", "100")
    output = run(script.replace("USERS", "-e alice").replace("/etc/shadow", "/dev/null"), tmp_path)
    found = parse_directory_names(output, ("*", "a*"))
    assert found.patterns == (("*", 67), ("a*", 0))
    assert found.local == (("root", 67),)
    assert found.doubles == (0,)
    assert "bob" not in output.stdout


def test_the_librarys_defaults_are_read(tmp_path: Path) -> None:
    """
    Options about TLS alone, of files that exist.
    """
    file = tmp_path / "ldap.conf"
    file.write_text("# TLS_REQCERT never\nBASE dc=example\n  tls_cacert  /ca.crt\n")
    script = _LIBRARY.replace("FILES", f"library 0 {file}\nlibrary 1 {tmp_path}/none")
    output = run(script.replace("SHARED", SHARED))
    assert parse_library(output, (str(file), "none")) == (("TLS_CACERT", "/ca.crt", str(file)),)
    assert "BASE" not in output.stdout
