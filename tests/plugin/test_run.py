"""
What a run leaves behind: reports, exit codes, the acceptance gate.
"""

from tests.plugin.conftest import HOSTS, PROFILE, Project


def test_reports_are_written_and_latest_leads_to_them(project: Project) -> None:
    """
    Three reports in a folder of the run's own.
    """
    project.run("--host", "mail1")
    latest = project.root / "reports/latest"
    assert latest.is_symlink()
    names = {path.name for path in latest.iterdir()}
    assert {"junit.xml", "results.json", "report.html"} <= names


def test_the_terminal_stays_within_eighty_columns(project: Project) -> None:
    """
    Our own lines are readable on the narrowest terminal in use.
    """
    done = project.run("--host", "mail1")
    summary = done.stdout[done.stdout.rindex("[100%]") :]
    ours = [line for line in summary.splitlines() if "generated xml file" not in line]
    assert max(len(line) for line in ours) <= 80, summary


def test_the_gate_passes_a_complete_run(project: Project) -> None:
    """
    Everything ran but what is intrusive and was not allowed: with it, the gate is open.
    """
    done = project.run("--host", "mail1", "--gate", "--allow", "intrusive")
    assert done.returncode == 0
    assert project.results()["run"]["gate"] == "passed"


def test_the_gate_refuses_a_partial_run(project: Project) -> None:
    """
    Green because half of it was left out is not ready to go live.
    """
    done = project.run("--host", "mail1", "--gate", "-k", "dovecot")
    assert done.returncode == 1
    run = project.results()["run"]
    assert (run["gate"], run["complete"]) == ("refused", False)


def test_list_controls_needs_no_host_and_probes_nothing(project: Project) -> None:
    """
    The list says for a host which controls do not apply to it.
    """
    done = project.run("--list-controls")
    assert done.returncode == 0
    assert "DEMO-01" in done.stdout
    done = project.run("--list-controls", "--host", "mail1")
    assert "does not declare the role dovecot" in done.stdout


def test_an_unreachable_host_is_unverified_and_the_report_is_written(project: Project) -> None:
    """
    Nothing listens: no traceback, no pass, a report.
    """
    project.write("hosts.toml", HOSTS.replace("198.51.100.10", "127.0.0.1"))
    project.write("profiles/host.toml", PROFILE.replace("25", "1").replace("587", "2"))
    done = project.run("--host", "mail1", replay=False)
    assert done.returncode == 1
    assert set(project.verdicts().values()) == {"unverified", "not-applicable"}
    assert {f["cause"] for f in project.results()["findings"]} == {"unreachable", None}
    assert "Traceback" not in done.stdout


def test_facts_saved_by_a_run_repeat_its_verdicts_without_a_network(project: Project) -> None:
    """
    --save-facts and --facts are each other's inverse, failures included.
    """
    project.write("hosts.toml", HOSTS.replace("198.51.100.10", "127.0.0.1"))
    project.write("profiles/host.toml", PROFILE.replace("25", "1").replace("587", "2"))
    project.run("--host", "mail1", "--save-facts", "saved", replay=False)
    first = project.verdicts()
    project.run("--host", "mail1", "--facts", "saved", replay=False)
    assert project.verdicts() == first
