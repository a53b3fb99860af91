"""
The shell on the target, with testinfra's local connection and with hosts that refuse.
"""

import asyncio
import dataclasses
import os
from pathlib import Path

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.model import Cause, Shell
from mailvet.probes import shell
from mailvet.probes.files import stat_paths
from tests.fakes.context import make_context, make_target

HERE = Shell("local://")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="commands run as root")


def run(script: str, *, timeout: float = 10.0, where: Shell = HERE) -> CommandOutput:
    """Runs a script."""
    return asyncio.run(shell.run_on(where, script, timeout=timeout))


@as_root
def test_output_and_status_come_back_unchanged() -> None:
    """The envelope leaves no trace in what the script printed."""
    output = run("echo out; echo err >&2; exit 3")

    assert (output.status, output.stdout, output.stderr) == (3, "out\n", "err\n")


@as_root
def test_secrets_do_not_come_back() -> None:
    """Secrets are removed before anybody sees the output."""
    assert run("echo 'doveadm_password = hunter2'").stdout == "doveadm_password = ***\n"


@as_root
@pytest.mark.parametrize("status", [125, 127, 255])
def test_status_of_ssh_and_podman_is_not_confused_with_the_scripts(status: int) -> None:
    """A script may end as a broken connection does."""
    assert run(f"exit {status}").status == status


@as_root
def test_octets_that_are_no_text_do_no_harm() -> None:
    """What is not UTF-8 is shown as such."""
    assert run(r"printf 'a\377b'").stdout == "a\ufffdb"


@as_root
def test_script_that_does_not_end_is_stopped() -> None:
    """A script that takes too long is a timeout."""
    with pytest.raises(ProbeError) as caught:
        run("sleep 20", timeout=0.6)

    assert caught.value.cause is Cause.TIMEOUT


def test_quote_makes_one_word() -> None:
    """Blanks and quotes survive the shell."""
    assert shell.quote("it's one") == "'it'\"'\"'s one'"


def test_target_without_shell_says_what_to_do() -> None:
    """Without a shell the inventory is to be completed."""
    with pytest.raises(ProbeError) as caught:
        asyncio.run(shell.run(make_context(1), "true"))

    assert caught.value.cause is Cause.PRIVILEGE
    assert "[hosts.stub.shell]" in caught.value.detail


@pytest.mark.parametrize(
    ("script", "cause", "words"),
    [
        ("echo 'root@h: Permission denied (publickey).' >&2; exit 255", Cause.PRIVILEGE, "denied"),
        ("echo 'Host key verification failed.' >&2; exit 255", Cause.PRIVILEGE, "Host key"),
        ("echo 'connect to host h port 22: Connection refused' >&2; exit 255",
         Cause.UNREACHABLE, "refused"),
        ("echo 'Welcome to h' >&2; echo 'sudo: a password is required' >&2; exit 1",
         Cause.PRIVILEGE, "without a password"),
        ("exit 255", Cause.UNREACHABLE, "exit status 255"),
        ("echo 'mailvet: begin' >&2; echo 'mailvet: runs as mallory' >&2",
         Cause.PRIVILEGE, "mallory"),
        ("echo 'mailvet: begin' >&2; echo 'Connection to h closed.' >&2; exit 255",
         Cause.UNREACHABLE, "closed"),
    ],
)  # fmt: skip
def test_refusals_have_their_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, cause: Cause, words: str
) -> None:
    """What ssh and sudo say decides the cause, and their last word is shown."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(ProbeError) as caught:
        run("true", where=Shell(f"ssh://{tmp_path.name.replace('_', '-')}"))

    assert caught.value.cause is cause
    assert words in caught.value.detail
    assert "\n" not in caught.value.detail


@pytest.mark.parametrize(
    ("said", "tries"),
    [
        ("kex_exchange_identification: read: Connection reset by peer\n", 2),
        ("kex_exchange_identification: Connection closed by remote host\n", 2),
        ("root@mail1: Permission denied (publickey).\n", 1),
        (f"{shell.BEGIN}\nConnection to mail1 closed by remote host.\n", 1),
    ],
)
def test_sshd_that_has_too_many_guests_is_asked_once_more(
    monkeypatch: pytest.MonkeyPatch, said: str, tries: int
) -> None:
    """Only if the script cannot have begun: MaxStartups drops connections before any login."""
    asked: list[str] = []

    def execute(_: Shell, command: str) -> tuple[int, str, str]:
        asked.append(command)
        return 255, "", said

    monkeypatch.setattr(shell, "_execute", execute)
    monkeypatch.setattr(shell, "_PAUSE", 0.0)
    with pytest.raises(ProbeError):
        run("true")
    assert len(asked) == tries


def test_connection_that_testinfra_does_not_know() -> None:
    """A wrong host spec is named."""
    with pytest.raises(ProbeError) as caught:
        run("true", where=Shell("telnet://mail1"))

    assert "telnet://mail1" in caught.value.detail


@as_root
def test_stat_paths_sees_links_parents_and_missing_files(tmp_path: Path) -> None:
    """Links are followed, odd names survive, and what does not exist is left out."""
    real = tmp_path / "a folder" / "it's"
    real.parent.mkdir()
    real.touch(mode=0o600)
    link = tmp_path / "link"
    link.symlink_to(real)
    target = dataclasses.replace(make_target(), shell=HERE)

    found = asyncio.run(
        stat_paths(make_context(1, target=target), [str(link), "/no/such/file", "relative"])
    )

    (only,) = found
    assert (only.path, only.real_path) == (str(link), str(real))
    assert (only.kind, only.permissions, only.owner) == ("file", 0o600, "root")
    assert {str(real.parent), str(tmp_path), "/"} <= {each.path for each in only.parents}
