"""
Bad input gets one clear line and the right exit code.
"""

import fcntl

import pytest

from tests.plugin.conftest import HOSTS, PROFILE, Project


def refusal(project: Project, *arguments: str, replay: bool = True) -> str:
    """
    The one line with which a run is refused; asserts exit code 4 and no traceback.
    """
    done = project.run(*arguments, replay=replay)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_no_host_is_refused_instead_of_checking_nothing(project: Project) -> None:
    """
    A run without --host would be green without having looked.
    """
    assert "no --host was given" in refusal(project)


def test_an_unknown_host_is_refused_with_the_nearest_known_one(project: Project) -> None:
    """
    A typing error in the name of the host.
    """
    line = refusal(project, "--host", "mial1.invalid")
    assert "unknown host" in line
    line = refusal(project, "--host", "mail.invalid")
    assert "does not resolve" in line


def test_an_unknown_profile_names_file_and_nearest(project: Project) -> None:
    """
    A typing error in the name of a profile.
    """
    project.write("hosts.toml", HOSTS.replace('"host"', '"hots"'))
    line = refusal(project, "--host", "mail1")
    assert "hosts.toml" in line
    assert "did you mean 'host'?" in line


def test_an_unknown_key_names_file_key_and_nearest(project: Project) -> None:
    """
    A typing error in a key must not weaken an audit.
    """
    project.write("profiles/host.toml", PROFILE + '[expect.tls]\nminimun = "TLSv1.3"\n')
    line = refusal(project, "--host", "mail1")
    assert "host.toml" in line
    assert "'minimun' in [expect.tls]" in line
    assert "did you mean 'minimum'?" in line


def test_a_value_of_the_wrong_type_names_its_place(project: Project) -> None:
    """
    A port that is no number.
    """
    project.write("profiles/host.toml", PROFILE.replace("587", '"587"'))
    assert "services.submission.port" in refusal(project, "--host", "mail1")


def test_broken_toml_names_file_and_line(project: Project) -> None:
    """
    A file that is no TOML.
    """
    project.write("hosts.toml", "[hosts.mail1\n")
    line = refusal(project, "--host", "mail1")
    assert "hosts.toml" in line
    assert "line 1" in line


def test_a_missing_inventory_is_named(project: Project) -> None:
    """
    An inventory that does not exist.
    """
    assert "nowhere.toml" in refusal(project, "--host", "mail1", "--inventory", "nowhere.toml")


def test_profiles_in_a_ring_are_refused(project: Project) -> None:
    """
    A profile that extends itself.
    """
    project.write("profiles/host.toml", 'extends = ["host"]\n' + PROFILE)
    assert "in a ring" in refusal(project, "--host", "mail1")


def test_a_report_folder_that_cannot_be_written_is_refused_before_probing(project: Project) -> None:
    """
    A folder that is a file.
    """
    project.write("taken", "")
    line = refusal(project, "--host", "mail1", "--report-dir", "taken/inside")
    assert "taken/inside" in line


def test_missing_recorded_facts_are_refused(project: Project) -> None:
    """
    --facts with a folder that does not exist.
    """
    line = refusal(project, "--host", "mail1", "--facts", "elsewhere", replay=False)
    assert "elsewhere" in line


def test_a_second_run_on_the_same_host_is_refused(project: Project) -> None:
    """
    Two runs would meet each other's messages and failing logins.
    """
    project.write("hosts.toml", HOSTS.replace("198.51.100.10", "127.0.0.1"))
    ports = PROFILE.replace("25", "1").replace("587", "2")
    project.write("profiles/host.toml", ports)
    first = project.run("--host", "mail1", replay=False)
    assert first.returncode == 1
    lock = next((project.root / "state").glob("mail1-*.lock"))
    with lock.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        line = refusal(project, "--host", "mail1", replay=False)
    assert "another audit of mail1 is under way" in line


@pytest.mark.parametrize("reference", ["{}", '{ env = "A", file = "b" }'])
def test_a_password_has_exactly_one_source(project: Project, reference: str) -> None:
    """
    None or two of env, file and command.
    """
    account = f'[hosts.mail1.accounts.a]\nuser = "a"\npassword = {reference}\n'
    project.write("hosts.toml", HOSTS + account)
    assert "exactly one of env, file, command" in refusal(project, "--host", "mail1")
