"""
The script that looks for passwords, run on files as administrators write them.
"""

import shlex
import subprocess
from pathlib import Path

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.secret_files import parse_found
from mailvet.probes.secret_files import _SCRIPT


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dnpass = hunter2\n", "dnpass"),
        ("  doveadm_password=hunter2\n", "doveadm_password"),
        ("connect = host=db user=mail password=hunter2\n", "password in connect"),
        ("smtp_sasl_password_maps = static:user:hunter2\n", "smtp_sasl_password_maps"),
        ("bind_pw = hunter2\npassword = hunter2\n", "bind_pw, password"),
        ("# dnpass = hunter2\n", None),
        ("  #password = hunter2\n", None),
        ("ssl_key_password = </etc/dovecot/private/passphrase\n", None),
        ("doveadm_password =\n", None),
        ("passdb {\n  args = nopassword=y\n}\n", None),
        ("auth_verbose_passwords = no\npassword_query = SELECT 1\n", None),
        ("smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n", None),
    ],
)
def test_passwords_are_found_and_not_printed(tmp_path: Path, text: str, names: str | None) -> None:
    """Comments, empty values, files and settings about passwords are none."""
    file = tmp_path / "dovecot-ldap.conf.ext"
    file.write_text(text, encoding="utf-8")
    script = _SCRIPT.replace("PATHS", f"{shlex.quote(str(file))} /no/such/file")
    script = script.replace("USERS", "")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert "hunter2" not in done.stdout
    found = parse_found(CommandOutput("script", 0, done.stdout, ""))
    assert found == ({str(file): names} if names else {})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("carol:::::/home/carol::\n", False),
        ("carol:x:1000:1000::/home/carol::\ndave:*:::::\n", False),
        ("carol:::::/home/carol::\ndave:{SHA512-CRYPT}$6$hunter2:::::\n", True),
        ("carol:hunter2\n", True),
    ],
)
def test_file_of_users_holds_passwords_only_if_one_is_written(
    tmp_path: Path, text: str, holds: bool
) -> None:
    """A user database that only says where mail is needs no protection."""
    file = tmp_path / "users"
    file.write_text(text, encoding="utf-8")
    script = _SCRIPT.replace("PATHS", '""').replace("USERS", f"{shlex.quote(str(file))} /no/file")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert "hunter2" not in done.stdout
    found = parse_found(CommandOutput("script", 0, done.stdout, ""))
    assert found == ({str(file): "passwords of users"} if holds else {})
