"""
What all campaigns refuse before they touch a lab.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import campaign
from lab.campaign import Campaign, conduct
from lab.cli import main, parse
from lab.errors import LabError
from lab.gate import Trial
from lab.mutant import Mutant
from lab.place import Lab
from lab.scenario import Scenario
from lab.verdicts import Expected

EXPECTED = Expected({"AUTH-01": "pass"})
MUTANTS = [Mutant(name, "mail1", "x", "true", ("AUTH-01",), {}) for name in ("a", "b")]


def trial(scenario: Scenario) -> Trial:
    """
    A trial whose audits find nothing wrong.
    """
    return Trial(scenario, EXPECTED, lambda *_: dict(EXPECTED.verdicts))


def names(chosen: Sequence[Mutant], good: str = "ab") -> Campaign[Mutant, str]:
    """
    A campaign that comes to the ids of *chosen*, of which *good* ones are as they should be.
    """
    return Campaign(
        name="mutants",
        load=lambda *_: chosen,
        attempt=lambda _, __, mutant: [mutant.id],
        good=lambda result: result in good,
        render=" ".join,
        entry=lambda result: {"id": result},
    )


@pytest.fixture
def no_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Labs that need not be started.
    """

    @contextmanager
    def labs(lab: Lab, _: Scenario, jobs: int) -> Iterator[Sequence[Lab]]:
        yield [lab.sibling(number) for number in range(jobs)]

    monkeypatch.setattr(campaign, "Labs", labs)
    monkeypatch.setattr(campaign, "check_baseline", lambda *_: None)


def test_scenario_without_changes_is_an_error(scenario: Scenario) -> None:
    """
    Nothing to try must not look like nothing found.
    """
    with pytest.raises(LabError, match="scenario single has no mutants"):
        conduct(names([]), Lab("a"), trial(scenario), parse(["mutants"]))


def test_number_of_labs_is_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A wrong number is one line.
    """
    assert main(["variants", "--jobs", "0"]) == 2
    assert capsys.readouterr().err == "lab: --jobs needs a number of labs, at least 1\n"


@pytest.mark.usefixtures("no_containers")
def test_exit_status_says_whether_all_went_well(
    scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    One that went wrong is enough; programs read the same in order.
    """
    told = tmp_path / "told.json"
    options = parse(["mutants", "--jobs", "2", "--json", str(told)])

    assert conduct(names(MUTANTS), Lab("a"), trial(scenario), options) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "a b"
    assert json.loads(told.read_text())["mutants"] == [{"id": "a"}, {"id": "b"}]
    assert conduct(names(MUTANTS, good="a"), Lab("a"), trial(scenario), options) == 1


@pytest.mark.usefixtures("no_containers")
def test_labs_are_put_back_after_a_failure(scenario: Scenario) -> None:
    """
    Whatever happens, every lab is finished.
    """
    finished: list[str] = []

    def fail(*_: object) -> str:
        raise KeyboardInterrupt

    broken = dataclasses.replace(
        names(MUTANTS), attempt=fail, finish=lambda lab, _: finished.append(lab.name)
    )

    with pytest.raises(KeyboardInterrupt):
        conduct(broken, Lab("a"), trial(scenario), parse(["mutants", "--jobs", "2"]))

    assert len(finished) == 2
