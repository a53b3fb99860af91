"""
The outcome of a run: it must never sound better than what was seen.
"""

import dataclasses

import pytest

from mailvet.model import Area, Cause, Finding, NotRun, Report, Verdict
from mailvet.report.summary import Outcome, by_cause, by_urgency, summarise
from tests.unit.report.sample import build_report

SOUND = build_report(broken=False)
FAIL, UNVERIFIED, WAIVED = Verdict.FAIL, Verdict.UNVERIFIED, Verdict.WAIVED
PASS, NOT_APPLICABLE = Verdict.PASS, Verdict.NOT_APPLICABLE


def report_of(*verdicts: Verdict, gate: str = "", complete: bool = True) -> Report:
    """
    A report with one control for each verdict.
    """
    findings = tuple(
        dataclasses.replace(SOUND.findings[0], control=f"TLS-{number:02}", verdict=verdict)
        for number, verdict in enumerate(verdicts)
    )
    run = dataclasses.replace(SOUND.run, gate=gate, complete=complete)
    return dataclasses.replace(SOUND, run=run, findings=findings)


@pytest.mark.parametrize(
    ("report", "outcome", "sentence"),
    [
        (report_of(PASS, PASS), Outcome.READY, "All 2 controls pass"),
        (report_of(PASS), Outcome.READY, "The only control passes"),
        (report_of(PASS, NOT_APPLICABLE), Outcome.READY, "The only applicable control passes"),
        (report_of(PASS, PASS, NOT_APPLICABLE), Outcome.READY, "All 2 applicable controls pass"),
        (report_of(PASS, WAIVED), Outcome.READY, "1 control passes, 1 is waived"),
        (report_of(WAIVED), Outcome.READY, "0 controls pass, 1 is waived"),
        (report_of(PASS, FAIL), Outcome.NOT_READY, "1 control fails"),
        (
            report_of(FAIL, FAIL, FAIL, UNVERIFIED, UNVERIFIED),
            Outcome.NOT_READY,
            "3 controls fail, 2 could not be verified",
        ),
        (report_of(PASS, UNVERIFIED), Outcome.NOT_VERIFIED, "1 control could not be verified"),
        (report_of(), Outcome.NOTHING_CHECKED, "No control was judged"),
        (report_of(NOT_APPLICABLE), Outcome.NOTHING_CHECKED, "No control was judged"),
        (report_of(PASS, PASS, complete=False), Outcome.INCOMPLETE, "All 2 controls pass"),
        (report_of(PASS, PASS, gate="refused"), Outcome.NOT_READY, "All 2 controls pass"),
        (report_of(PASS, FAIL, gate="passed"), Outcome.NOT_READY, "1 control fails"),
    ],
)
def test_outcome(report: Report, outcome: Outcome, sentence: str) -> None:
    """
    The worst decides, and silence is not success.
    """
    summary = summarise(report)
    assert (summary.outcome, summary.sentence) == (outcome, sentence)


def test_controls_that_were_not_run_are_in_the_sentence() -> None:
    """
    A sentence that says that all controls pass says also how many were left out.
    """
    report = dataclasses.replace(SOUND, not_run=(NotRun("AUTH-12", "mail1", "intrusive"),))
    assert summarise(report).sentence == "All 49 controls that ran pass, 1 was not run"


def test_a_host_without_findings_is_not_ready() -> None:
    """
    A host of the run about which nothing was found out spoils the outcome of the run.
    """
    report = build_report(hosts=2, broken=False)
    only_first = tuple(each for each in report.findings if each.target == "mail1")
    summary = summarise(dataclasses.replace(report, findings=only_first))
    assert summary.outcome is Outcome.NOTHING_CHECKED
    assert summary.sentence == "1 of 2 hosts is not ready: All 49 controls pass"


def test_findings_of_undeclared_hosts_and_areas_are_not_lost() -> None:
    """
    Findings that fit nowhere get a place of their own.
    """
    stray = dataclasses.replace(SOUND.findings[0], target="mail9", area="dns", verdict=FAIL)
    summary = summarise(dataclasses.replace(SOUND, findings=(*SOUND.findings, stray)))
    assert summary.outcome is Outcome.NOT_READY
    assert summary.targets[-1].summary.key == "mail9"
    assert summary.areas[-1] == Area("dns", "dns")


def test_a_control_has_the_worst_verdict_of_its_endpoints() -> None:
    """
    One endpoint that fails among eight makes the control fail.
    """
    results = {each.first.control: each for each in summarise(build_report()).results}
    assert len(results["TLS-04"].findings) == 8
    assert results["TLS-04"].verdict is FAIL
    assert results["RELAY-04"].verdict is WAIVED


def test_urgent_controls_come_first() -> None:
    """
    Failures by severity, then what could not be verified.
    """
    order = [each.first.control for each in by_urgency(summarise(build_report()).results)]
    assert order[:6] == ["AUTH-03", "RELAY-01", "TLS-04", "PORTS-07", "MAILBOXES-02", "HOST-05"]


def test_unverified_endpoints_of_a_failed_control_are_listed_by_cause() -> None:
    """
    A failure on one endpoint does not hide that another one was never seen.
    """
    causes = by_cause(summarise(build_report()).results)
    assert next(iter(causes)) is Cause.PRIVILEGE
    assert [each.first.control for each in causes[Cause.TIMEOUT]] == ["AUTH-03"]


def test_every_finding_is_counted_on_every_host() -> None:
    """
    Nothing gets lost between findings and results.
    """
    report = build_report(hosts=3)
    found: list[Finding] = [
        finding for each in summarise(report).results for finding in each.findings
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, report.findings))
