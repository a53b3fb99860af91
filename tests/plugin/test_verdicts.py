"""
Each situation becomes the right verdict, pytest outcome and exit code.
"""

import xml.etree.ElementTree as ET
from typing import Any

from tests.plugin.conftest import PROFILE, Project, fact, session

ERROR = {"cause": "timeout", "detail": "no reply within 20 s", "transcript": []}


def test_satisfied_controls_pass_and_the_rest_is_not_applicable(project: Project) -> None:
    """
    A right host: exit 0, a finding for each endpoint, undeclared roles not applicable.
    """
    done = project.run("--host", "mail1")
    assert done.returncode == 0, done.stdout
    assert project.verdicts() == {
        ("DEMO-01", "smtp"): "pass",
        ("DEMO-01", "submission"): "pass",
        ("DEMO-02", ""): "not-applicable",
    }


def test_a_contradicting_fact_fails_with_remedy_and_without_traceback(project: Project) -> None:
    """
    A broken endpoint fails alone, its remedy has name and port filled in, nothing looks like a bug.
    """
    project.facts[1] = fact("session", session("SIZE"), endpoint="submission")
    done = project.run("--host", "mail1")
    assert done.returncode == 1
    assert project.verdicts()["DEMO-01", "submission"] == "fail"
    assert project.verdicts()["DEMO-01", "smtp"] == "pass"
    failed = next(f for f in project.results()["findings"] if f["verdict"] == "fail")
    assert failed["remedy"]["verify"] == (
        "openssl s_client -connect mail1.example.com:587 -starttls smtp"
    )
    assert failed["observed"] == "its EHLO reply"
    assert "Traceback" not in done.stdout
    assert "assert" not in done.stdout


def postfix(version: str) -> dict[str, Any]:
    """
    Recorded facts of a Postfix that calls port 465 smtps.
    """
    service = {"name": "smtps", "type": "inet", "private": False, "unprivileged": False}
    return {
        "version": version,
        "config_directory": "/etc/postfix",
        "settings": {},
        "written": {},
        "services": [{**service, "chroot": False, "command": "smtpd"}],
        "warnings": [],
        "commands": [],
    }


def test_a_failure_carries_the_commands_for_the_version_found(project: Project) -> None:
    """
    One of two variants is left, and the service has the name that master.cf gives it.
    """
    project.write("profiles/host.toml", PROFILE.replace("587", "465"))
    project.facts[1] = fact("session", session("SIZE"), endpoint="submission")
    project.facts.append(fact("postfix", postfix("3.5.25")))
    project.run("--host", "mail1")
    passed, failed = (f for f in project.results()["findings"] if f["control"] == "DEMO-01")
    assert failed["fix"] == [
        {
            "server": "postfix",
            "run": "postconf -P smtps/inet/smtpd_tls_protocols='!SSLv2, !SSLv3, !TLSv1, !TLSv1.1'",
            "since": "",
            "before": "3.6",
            "version": "3.5.25",
        }
    ]
    assert passed["fix"] == []


def test_without_a_version_a_failure_carries_the_commands_of_all(project: Project) -> None:
    """
    Whoever runs them sees which version each is for.
    """
    project.facts[1] = fact("session", session("SIZE"), endpoint="submission")
    done = project.run("--host", "mail1")
    failed = next(f for f in project.results()["findings"] if f["verdict"] == "fail")
    assert [(each["since"], each["before"]) for each in failed["fix"]] == [("3.6", ""), ("", "3.6")]
    assert {each["version"] for each in failed["fix"]} == {""}
    assert "(Postfix since 3.6):\n           postconf -P submission/inet/" in done.stdout


def test_a_fact_that_could_not_be_had_is_unverified_with_its_cause(project: Project) -> None:
    """
    A probe that saw nothing makes its controls unverified, an error in pytest's terms.
    """
    project.facts[0] = fact("session", None, endpoint="smtp", error=ERROR)
    done = project.run("--host", "mail1")
    assert done.returncode == 1
    finding = next(f for f in project.results()["findings"] if f["verdict"] == "unverified")
    assert (finding["cause"], finding["observed"]) == ("timeout", "no reply within 20 s")
    assert "1 error" in done.stdout


def test_facts_that_leave_the_question_open_are_unverified(project: Project) -> None:
    """
    A check may say that its facts prove nothing; that is an error for pytest, not a failure.
    """
    undecided = {**session(), "before": None}
    project.facts[0] = fact("session", undecided, endpoint="smtp")
    done = project.run("--host", "mail1")
    assert project.verdicts()["DEMO-01", "smtp"] == "unverified"
    assert "1 error" in done.stdout


def test_a_bug_in_a_check_is_unverified_and_named_as_ours(project: Project) -> None:
    """
    A check that crashes says nothing about the server.
    """
    project.write(
        "checks/demo/test_demo.py",
        (project.root / "checks/demo/test_demo.py")
        .read_text(encoding="utf-8")
        .replace('judge(True, observed="done"', 'judge({}["x"], observed="done"'),
    )
    done = project.run("--host", "mail1", "--allow", "intrusive")
    finding = next(f for f in project.results()["findings"] if f["control"] == "DEMO-03")
    assert (finding["verdict"], finding["cause"]) == ("unverified", "tool")
    assert "mailvet itself failed" in finding["observed"]
    assert done.returncode == 1


def test_a_missing_recorded_fact_is_unverified(project: Project) -> None:
    """
    A recording that lacks a fact is not silently passed over.
    """
    del project.facts[0]
    project.run("--host", "mail1")
    assert project.verdicts()["DEMO-01", "smtp"] == "unverified"


def test_junit_carries_control_verdict_and_cause(project: Project) -> None:
    """
    CI systems see failures as failures, unverified controls as errors, with the control's id.
    """
    project.facts[0] = fact("session", None, endpoint="smtp", error=ERROR)
    project.facts[1] = fact("session", session("SIZE"), endpoint="submission")
    project.run("--host", "mail1")
    suite = ET.parse(project.root / "reports/latest/junit.xml").getroot()  # noqa: S314
    assert len(list(suite.iter("failure"))) == 1
    assert len(list(suite.iter("error"))) == 1
    for case in suite.iter("testcase"):
        values = {each.get("name"): each.get("value") for each in case.iter("property")}
        assert {"control", "severity", "verdict"} <= set(values)


def test_intrusive_controls_are_listed_as_not_run(project: Project) -> None:
    """
    Without --allow intrusive they do not run, and the report says so.
    """
    project.run("--host", "mail1")
    not_run = project.results()["not_run"]
    assert [each["control"] for each in not_run] == ["DEMO-03"]
    assert "--allow intrusive" in not_run[0]["reason"]
    project.run("--host", "mail1", "--allow", "intrusive")
    assert project.verdicts()["DEMO-03", ""] == "pass"


def test_the_same_facts_give_the_same_verdicts_twice(project: Project) -> None:
    """
    Judging recorded facts is repeatable.
    """
    project.run("--host", "mail1")
    first = project.verdicts()
    project.run("--host", "all")
    assert project.verdicts() == first
