"""
Waivers: in force, needless, expired.
"""

import pytest

from tests.plugin.conftest import PROFILE, Project, fact, session

WAIVER = """
[[waivers]]
control = "DEMO-01"
reason = "an old relay"
owner = "postmaster@example.com"
until = {until}
{endpoint}
"""


def waive(project: Project, until: str = "2999-12-31", endpoint: str = "") -> None:
    """
    Adds a waiver to the profile.
    """
    line = f'endpoint = "{endpoint}"' if endpoint else ""
    project.write("profiles/host.toml", PROFILE + WAIVER.format(until=until, endpoint=line))


@pytest.fixture
def broken(project: Project) -> Project:
    """
    The project with a submission service that announces no STARTTLS.
    """
    project.facts[1] = fact("session", session("SIZE"), endpoint="submission")
    return project


def test_a_waiver_in_force_turns_a_failure_into_waived(broken: Project) -> None:
    """
    The run is green, and the report shows reason, owner and end.
    """
    waive(broken)
    done = broken.run("--host", "mail1")
    assert done.returncode == 0, done.stdout
    finding = next(f for f in broken.results()["findings"] if f["verdict"] == "waived")
    assert finding["endpoint"] == "submission"
    assert finding["waiver"] == (
        "an old relay (accepted by postmaster@example.com, until 2999-12-31)"
    )


def test_a_waiver_for_another_endpoint_does_not_help(broken: Project) -> None:
    """
    A waiver covers what it names.
    """
    waive(broken, endpoint="smtp")
    done = broken.run("--host", "mail1")
    assert done.returncode == 1
    assert broken.verdicts()["DEMO-01", "submission"] == "fail"


def test_an_expired_waiver_fails_and_says_so(broken: Project) -> None:
    """
    After its last day the control fails again.
    """
    waive(broken, until="2020-01-31")
    done = broken.run("--host", "mail1")
    assert done.returncode == 1
    finding = next(f for f in broken.results()["findings"] if f["verdict"] == "fail")
    assert "expired on 2020-01-31" in finding["waiver"]
    assert "expired on 2020-01-31" in done.stdout


def test_a_needless_waiver_fails(project: Project) -> None:
    """
    When everything that it covers passes, it has to go.
    """
    waive(project)
    done = project.run("--host", "mail1")
    assert done.returncode == 1
    assert "no longer needed" in done.stdout


def test_a_waiver_does_not_cover_what_could_not_be_seen(project: Project) -> None:
    """
    Unverified stays unverified, waiver or not.
    """
    error = {"cause": "timeout", "detail": "no reply", "transcript": []}
    project.facts = [
        fact("session", None, endpoint=name, error=error) for name in ("smtp", "submission")
    ]
    waive(project)
    project.run("--host", "mail1")
    assert set(project.verdicts().values()) == {"unverified", "not-applicable"}


def test_a_waiver_for_an_unknown_control_is_refused(project: Project) -> None:
    """
    A misspelt id must not look like an accepted deviation.
    """
    project.write(
        "profiles/host.toml",
        PROFILE + WAIVER.format(until="2999-12-31", endpoint="").replace("DEMO-01", "DEMO-09"),
    )
    done = project.run("--host", "mail1")
    assert done.returncode == 4
    assert "DEMO-09" in done.stderr
