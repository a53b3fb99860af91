"""
Running the printed remedies, with an audit that costs nothing.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.audit import RESULTS, audit_folder
from lab.errors import LabError
from lab.gate import Trial
from lab.mutant import Mutant
from lab.place import Lab
from lab.remedies import Outcome, Repair, commands_of, render_repairs, repair
from lab.scenario import Scenario
from lab.verdicts import Expected

EXPECTED = Expected({"AUTH-01": "pass", "HOST-01": "pass"})
MUTANT = Mutant("m", "mail1", "x", "true", ("AUTH-01",), {})


def finding(
    verdict: str, *runs: str, version: str = "3.7", target: str = "mail1"
) -> dict[str, object]:
    """
    A finding whose commands are for Postfix since 3.6.
    """
    fix = [
        {"server": "postfix", "run": run, "since": "3.6", "before": "", "version": version}
        for run in runs
    ]
    return {"control": "AUTH-01", "target": target, "verdict": verdict, "fix": fix}


def write(path: Path, *findings: Mapping[str, object]) -> Path:
    """
    A ``results.json`` with *findings*.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"findings": findings}))
    return path


def run(
    lab: Lab, scenario: Scenario, *audits: Mapping[str, str], mutant: Mutant = MUTANT
) -> tuple[Repair, list[str]]:
    """
    Repair *mutant*; its audits come to *audits*, and print the commands ``a`` and ``b``.
    """
    found = iter(audits)
    ran: list[str] = []

    def audit(lab: Lab, _: Scenario, areas: Sequence[str]) -> Mapping[str, str]:
        assert set(areas) == {"auth", "host"}
        write(audit_folder(lab) / RESULTS, finding("fail", "a", "b"), finding("fail", "b"))
        return next(found)

    result = repair(
        lab,
        Trial(scenario, EXPECTED, audit),
        mutant,
        breaker=lambda *_: None,
        runner=lambda _, __, ___, command: ran.append(command),
    )
    return result, ran


def verdicts(auth: str, host: str = "pass") -> dict[str, str]:
    """
    What an audit came to.
    """
    return {"AUTH-01": auth, "HOST-01": host}


def test_printed_commands_are_run_once_each(cold_lab: Lab, scenario: Scenario) -> None:
    """
    Two endpoints that print the same command need it once.
    """
    result, ran = run(cold_lab, scenario, verdicts("fail"), verdicts("pass"))

    assert ran == ["a", "b"]
    assert result.outcome is Outcome.REPAIRED
    assert result.detail == ""


@pytest.mark.parametrize("verdict", ["fail", "unverified"])
def test_finding_must_disappear(cold_lab: Lab, scenario: Scenario, verdict: str) -> None:
    """
    A control that can no longer be judged is not repaired.
    """
    result, _ = run(cold_lab, scenario, verdicts("fail"), verdicts(verdict))

    assert result.outcome is Outcome.FAILS_STILL
    assert f"AUTH-01 {verdict} (pass)" in str(result)


def test_what_a_repair_leaves_behind_is_shown(cold_lab: Lab, scenario: Scenario) -> None:
    """
    A command that breaks something else is seen.
    """
    result, _ = run(cold_lab, scenario, verdicts("fail"), verdicts("pass", host="fail"))

    assert result.outcome is Outcome.REPAIRED
    assert result.detail == "left: HOST-01 fail (pass)"


def test_mutant_that_nobody_notices_proves_no_remedy(cold_lab: Lab, scenario: Scenario) -> None:
    """
    What did not fail cannot be repaired.
    """
    result, ran = run(cold_lab, scenario, verdicts("pass"))

    assert result.outcome is Outcome.BROKEN
    assert ran == []


def test_remedy_that_is_no_command_is_listed_with_its_reason(
    cold_lab: Lab, scenario: Scenario
) -> None:
    """
    Nothing is skipped in silence, and nothing is run.
    """
    mutant = Mutant("m", "mail1", "x", "true", ("AUTH-01",), {}, manual="needs a certificate")
    result, ran = run(cold_lab, scenario, mutant=mutant)

    assert ran == []
    assert result.outcome is Outcome.MANUAL
    assert render_repairs([result]).splitlines() == [
        "manual: m: needs a certificate",
        "1 mutants: 1 manual",
    ]


def test_commands_of_other_hosts_and_of_what_passes_are_not_run(tmp_path: Path) -> None:
    """
    Only failures of the broken host are repaired.
    """
    findings = [finding("pass", "a"), finding("fail", "b", target="mail2"), finding("fail", "c")]

    assert commands_of(write(tmp_path / RESULTS, *findings), "mail1") == ("c",)


def test_commands_of_an_unknown_version_are_refused(tmp_path: Path) -> None:
    """
    In the lab, the version must have been found.
    """
    results = write(tmp_path / RESULTS, finding("fail", "a", version=""))

    with pytest.raises(LabError, match="AUTH-01 prints commands for several versions of postfix"):
        commands_of(results, "mail1")
