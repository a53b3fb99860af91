"""
The script that reads the backend's settings, on files as administrators write them.
"""

import asyncio
import shlex
import subprocess
from pathlib import Path

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.backend import SAMPLES, BackendFacts, BackendFile
from mailvet.facts.host import CommandOutput, sections
from mailvet.model import Cause
from mailvet.probes.backend import _SETTINGS, probe_backend_settings
from tests.fakes.context import make_context


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
        "dnpass = more and hunter2\n",
        "connect = host=db 'password=hunter2'\n",
        "connect = host=db password='more and hunter2' ssl_ca=/ca.crt\n",
        'connect = host=db password="more"hunter2 ssl_ca=/ca.crt\n',
        'connect = "host=db password=hunter2"\n',
        "connect = 'host=db password=hunter2 ssl_ca=/ca.crt'\n",
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


def test_quotes_around_the_whole_way_to_the_database_are_no_part_of_it(tmp_path: Path) -> None:
    """
    Dovecot takes them off, and the last word keeps its value.
    """
    file = tmp_path / "dovecot-sql.conf.ext"
    file.write_text('connect = "host=db password=hunter2 ssl_ca=/ca.crt"\n')
    assert "connect = host=db password=*** ssl_ca=/ca.crt\n" in run_script(file)


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("connect = host=db password=dovecotPW ssl_ca=/ca.crt\n", True),
        ("dnpass = password\n", True),
        ('connect = "host=db password=dovecotPW"\n', True),
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


@pytest.mark.parametrize(
    "files", [(), (BackendFile("/etc/dovecot/dovecot-sql.conf.ext", None, (), sample=False),)]
)
def test_without_a_file_there_are_no_settings_to_judge(files: tuple[BackendFile, ...]) -> None:
    """
    That none is named, or that it does not exist, is said by another control.
    """

    async def recall(*_: object) -> BackendFacts:
        return BackendFacts("sql", files, (), ())

    with pytest.raises(ProbeError) as caught:
        asyncio.run(probe_backend_settings(make_context(1, recall=recall)))
    assert caught.value.cause is Cause.BLOCKED
