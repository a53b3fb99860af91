"""
The script that reads the backend's settings, on files as administrators write them.
"""

import shlex
import subprocess
from pathlib import Path

import pytest

from mailvet.facts.backend import SAMPLES
from mailvet.facts.host import CommandOutput, sections
from mailvet.probes.backend import _SETTINGS


def run_script(file: Path) -> str:
    """
    What it prints about *file*.
    """
    script = _SETTINGS.replace("SAMPLES", "|".join(SAMPLES))
    script = script.replace("FILES", f"settings 0 {shlex.quote(str(file))}")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return CommandOutput("script", 0, done.stdout, "").stdout


@pytest.mark.parametrize(
    "text",
    [
        "connect = host=db user=mail password=hunter2 ssl_ca=/ca.crt\n",
        "connect = host=db user=mail password=hunter2\n",
        'connect = host=db "password=hunter2"\n',
        "dnpass = hunter2\n",
        "dnpass=hunter2\n",
        '  dnpass = "hunter2 and more"\n',
        "#dnpass = hunter2\n",
    ],
)
def test_no_password_leaves_the_host(tmp_path: Path, text: str) -> None:
    """
    It is masked where it stands, comments included; what stands beside it is kept.
    """
    file = tmp_path / "dovecot-sql.conf.ext"
    file.write_text(f"driver = mysql\n{text}")
    output = run_script(file)
    assert "hunter2" not in output
    assert "driver = mysql" in sections(output)["file 0"]


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("connect = host=db password=dovecotPW ssl_ca=/ca.crt\n", True),
        ("dnpass = password\n", True),
        ("connect = host=db password=dovecotPW-not ssl_ca=/ca.crt\n", False),
        ("# connect = host=db password=dovecotPW\n", False),
        ("password_query = SELECT username AS user, password FROM users\n", False),
    ],
)
def test_passwords_of_examples_are_noticed(tmp_path: Path, text: str, sample: bool) -> None:
    """
    Whole words that are set, and nothing in a comment.
    """
    file = tmp_path / "dovecot-sql.conf.ext"
    file.write_text(text)
    assert ("sample 0" in sections(run_script(file))) is sample
