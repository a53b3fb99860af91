"""
The mutant gate, with an audit that costs nothing.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lab.errors import LabError
from lab.gate import Breaker, Outcome, Result, Trial, attempt, check_baseline, judge
from lab.labs import spread
from lab.mutant import Mutant
from lab.place import Lab
from lab.scenario import Scenario
from lab.scoreboard import entry, render_table
from lab.verdicts import Expected

EXPECTED = Expected({"AUTH-01": "pass", "AUTH-02": "pass", "TLS-01": "pass"})


def mutant(name: str = "m", also: Mapping[str, str] | None = None) -> Mutant:
    """
    A mutant that AUTH-01 must notice.
    """
    return Mutant(name, "mail1", "x", "true", ("AUTH-01",), also or {})


def verdicts(**changes: str) -> dict[str, str]:
    """
    What an audit came to; ``auth_01="fail"`` changes one verdict.
    """
    named = {key.replace("_", "-").upper(): verdict for key, verdict in changes.items()}
    return {**EXPECTED.verdicts, **named}


def run_mutants(
    labs: Sequence[Lab], trial: Trial, mutants: Sequence[Mutant], breaker: Breaker
) -> list[Result]:
    """
    Try *mutants* in *labs*, without containers.
    """
    return spread(
        labs, mutants, lambda lab, mutant: attempt(lab, trial, mutant, breaker), lambda _: None
    )


def run(
    audits: Mapping[str, Mapping[str, str] | str], scenario: Scenario, jobs: int = 1
) -> list[Result]:
    """
    Try one mutant per entry of *audits*, which says what the audit finds or how it breaks.
    """
    current: dict[str, str] = {}
    labs = [Lab(f"lab{number}") for number in range(jobs)]

    def breaker(lab: Lab, _: Scenario, mutant: Mutant) -> None:
        current[lab.name] = mutant.id

    def audit(lab: Lab, _: Scenario, __: Sequence[str]) -> Mapping[str, str]:
        found = audits[current[lab.name]]
        if isinstance(found, str):
            raise LabError(found)
        return found

    mutants = [mutant(name) for name in audits]
    trial = Trial(scenario, EXPECTED, audit)
    return run_mutants(labs, trial, mutants, breaker)


def test_noticed_mutant_is_killed() -> None:
    """
    The control that must fail does, and nothing else changes.
    """
    assert judge(mutant(), EXPECTED, verdicts(auth_01="fail")).outcome is Outcome.KILLED


@pytest.mark.parametrize("verdict", ["pass", "unverified", "waived", "not-applicable"])
def test_mutant_survives_anything_but_a_failure(verdict: str) -> None:
    """
    A control that could not look has noticed nothing.
    """
    result = judge(mutant(), EXPECTED, verdicts(auth_01=verdict))

    assert result.outcome is Outcome.SURVIVED
    assert result.differences == {"AUTH-01": ("fail", verdict)}


def test_mutant_survives_a_control_that_was_not_run() -> None:
    """
    A missing verdict is no failure.
    """
    assert judge(mutant(), EXPECTED, {}).outcome is Outcome.SURVIVED


def test_other_verdicts_that_change_are_collateral() -> None:
    """
    A control that has nothing to do with the mutant must not change.
    """
    result = judge(mutant(), EXPECTED, verdicts(auth_01="fail", tls_01="unverified"))

    assert result.outcome is Outcome.COLLATERAL
    assert result.differences == {"TLS-01": ("pass", "unverified")}


def test_declared_changes_are_no_collateral() -> None:
    """
    A verdict that necessarily changes with the mutant is declared, and then expected.
    """
    found = verdicts(auth_01="fail", auth_02="unverified")

    assert judge(mutant(also={"AUTH-02": "unverified"}), EXPECTED, found).outcome is Outcome.KILLED


@pytest.mark.parametrize("verdict", ["pass", "fail", "unverified"])
def test_a_verdict_that_depends_on_the_moment_is_no_collateral(verdict: str) -> None:
    """
    Nothing follows from it, one way or the other.
    """
    found = verdicts(auth_01="fail", auth_02=verdict)

    open_minded = replace(mutant(), either=("AUTH-02",))
    assert judge(open_minded, EXPECTED, found).outcome is Outcome.KILLED


def test_declared_change_that_does_not_come_is_collateral() -> None:
    """
    A declaration that is wrong does not stay.
    """
    result = judge(mutant(also={"AUTH-02": "fail"}), EXPECTED, verdicts(auth_01="fail"))

    assert result.outcome is Outcome.COLLATERAL


def test_audit_that_breaks_is_not_a_kill(scenario: Scenario) -> None:
    """
    A mutant whose audit came to nothing is broken, and the others are tried all the same.
    """
    results = run({"a": "no results", "b": verdicts(auth_01="fail")}, scenario)

    assert [result.outcome for result in results] == [Outcome.BROKEN, Outcome.KILLED]
    assert "no results" in str(results[0])


def test_labs_share_the_mutants(scenario: Scenario) -> None:
    """
    With two labs, two mutants are tried at the same time, and the order of results stays.
    """
    meeting = threading.Barrier(2, timeout=5)
    names = [f"m{number}" for number in range(4)]

    def breaker(*_: object) -> None:
        meeting.wait()

    results = run_mutants(
        [Lab("a"), Lab("b")],
        Trial(scenario, EXPECTED, lambda *_: verdicts(auth_01="fail")),
        [mutant(name) for name in names],
        breaker=breaker,
    )

    assert [result.mutant.id for result in results] == names
    assert {result.outcome for result in results} == {Outcome.KILLED}


def test_interruption_stops_the_other_labs(scenario: Scenario) -> None:
    """
    After Ctrl-C no further mutant is applied.
    """
    tried: list[str] = []

    def breaker(_: Lab, __: Scenario, mutant: Mutant) -> None:
        tried.append(mutant.id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_mutants(
            [Lab("a")],
            Trial(scenario, EXPECTED, lambda *_: {}),
            [mutant("a"), mutant("b")],
            breaker=breaker,
        )

    assert tried == ["a"]


def test_table_counts_outcomes_and_ends_with_the_bad_news(scenario: Scenario) -> None:
    """
    The last lines are those that somebody has to act on.
    """
    results = run({"a": verdicts(), "b": verdicts(auth_01="fail")}, scenario)
    lines = render_table(results).splitlines()

    assert lines[0].startswith("b  killed")
    assert lines[1].startswith("a  SURVIVED")
    assert lines[-1] == "2 mutants: 1 killed, 1 SURVIVED"


def test_json_holds_what_programs_need(scenario: Scenario) -> None:
    """
    Outcome and differences of each mutant are in the file.
    """
    (told,) = map(entry, run({"a": verdicts()}, scenario))

    assert told["outcome"] == "survived"
    assert told["kills"] == ["AUTH-01"]
    assert told["differences"] == {"AUTH-01": {"expected": "fail", "found": "pass"}}


def try_one(scenario: Scenario, *audits: Mapping[str, str]) -> Result:
    """
    Try one mutant; its audits come to *audits*, one after the other.
    """
    found = iter(audits)
    (result,) = run_mutants(
        [Lab("a")],
        Trial(scenario, EXPECTED, lambda *_: next(found)),
        [mutant("a")],
        breaker=lambda *_: None,
    )
    return result


def test_unsteady_verdict_gets_a_second_try_and_stays_visible(scenario: Scenario) -> None:
    """
    What differed only once does not fail the gate, and is shown.
    """
    found = (verdicts(auth_01="fail", auth_02="fail"), verdicts(auth_01="fail"))

    result = try_one(scenario, *found)

    assert result.outcome is Outcome.KILLED
    assert "AUTH-02" in result.first_try
    assert "first try" in str(result)


def test_survivor_gets_no_second_try(scenario: Scenario) -> None:
    """
    A control that sometimes misses a mutant is no control.
    """
    found = (verdicts(), verdicts(auth_01="fail"))

    result = try_one(scenario, *found)

    assert result.outcome is Outcome.SURVIVED


def test_own_areas_are_audited_and_compared_alone(scenario: Scenario) -> None:
    """
    Of a mutant that AUTH-01 must notice, only the area of AUTH-01 is looked at.
    """
    asked: list[Sequence[str]] = []

    def audit(_: Lab, __: Scenario, areas: Sequence[str]) -> Mapping[str, str]:
        asked.append(areas)
        return {"AUTH-01": "fail", "AUTH-02": "pass"}

    (result,) = run_mutants(
        [Lab("a")],
        Trial(scenario, EXPECTED, audit, own_areas=True),
        [mutant("a")],
        breaker=lambda *_: None,
    )

    assert asked == [("auth",)]
    assert result.outcome is Outcome.KILLED


def test_hosts_are_disturbed_only_by_mutants_that_show_nowhere_else(scenario: Scenario) -> None:
    """
    What takes minutes, or takes something away, is asked before all mutants and by these.
    """
    asked: list[str] = []

    def quiet(*_: object) -> Mapping[str, str]:
        asked.append("quiet")
        return verdicts(auth_01="fail")

    def thorough(*_: object) -> Mapping[str, str]:
        asked.append("thorough")
        return {**EXPECTED.verdicts, "OUT-01": "fail"}

    everything = Expected({**EXPECTED.verdicts, "OUT-01": "pass"})
    trial = Trial(scenario, EXPECTED, quiet, thorough=(everything, thorough))
    outage = Mutant("b", "mail1", "x", "true", ("OUT-01",), {})
    results = run_mutants([Lab("a")], trial, [mutant("a"), outage], breaker=lambda *_: None)
    assert asked == ["quiet", "thorough"]
    assert [each.outcome for each in results] == [Outcome.KILLED, Outcome.KILLED]


def test_area_that_was_not_looked_at_differs_without_own_areas() -> None:
    """
    In a whole audit a missing verdict is a difference.
    """
    found = {"AUTH-01": "fail", "AUTH-02": "pass"}

    assert judge(mutant(), EXPECTED, found).outcome is Outcome.COLLATERAL
    assert judge(mutant(), EXPECTED, found, ("auth",)).outcome is Outcome.KILLED


@pytest.mark.parametrize(
    ("audits", "complaint"),
    [
        ([verdicts()], None),
        ([verdicts(tls_01="unverified"), verdicts()], None),
        ([verdicts(tls_01="fail"), verdicts(tls_01="unverified")], "TLS-01 unverified"),
    ],
)
def test_the_baseline_gets_a_second_try(
    audits: list[Mapping[str, str]],
    complaint: str | None,
    scenario: Scenario,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    One odd verdict on a busy machine stops no campaign; two in a row do.
    """
    monkeypatch.setattr("lab.gate.restore", lambda *_: None)
    left = iter(audits)
    trial = Trial(scenario, EXPECTED, lambda *_: next(left))

    if complaint is None:
        check_baseline(Lab("lab"), trial)
    else:
        with pytest.raises(LabError, match=complaint):
            check_baseline(Lab("lab"), trial)

    assert next(left, None) is None
