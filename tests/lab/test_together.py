"""
Mutants that are tried at once.
"""

import contextlib
from collections.abc import Mapping, Sequence

import pytest

from lab import together
from lab.errors import LabError
from lab.gate import Outcome, Result, Trial
from lab.mutant import Mutant
from lab.place import Lab
from lab.scenario import Scenario
from lab.together import Company, attempt_together, companies
from lab.verdicts import Expected

EXPECTED = Expected({"AUTH-01": "pass", "TLS-01": "pass", "RELAY-01": "pass"})


def mutant(name: str, kills: str, also: Mapping[str, str] | None = None) -> Mutant:
    """
    A mutant of mail1.
    """
    return Mutant(name, "mail1", "x", "true", (kills,), also or {})


AUTH = mutant("auth", "AUTH-01")
TLS = mutant("tls", "TLS-01")
BOTH = mutant("both", "RELAY-01", {"TLS-01": "unverified"})
NEAR = mutant("near", "AUTH-02")


def ids(found: Sequence[Company]) -> list[list[str]]:
    """
    Who is with whom.
    """
    return [[each.id for each in company.members] for company in found]


@pytest.mark.parametrize(
    ("most", "wanted"),
    [
        (1, [["auth"], ["tls"], ["both"]]),
        (2, [["auth", "tls"], ["both"]]),
        (3, [["auth", "tls"], ["both"]]),
    ],
)
def test_no_two_change_the_same_verdict(most: int, wanted: list[list[str]]) -> None:
    """
    Neither by failing it nor in another way; and there is a limit to how many there are.
    """
    assert ids(companies([AUTH, TLS, BOTH], most)) == wanted


def test_no_two_are_about_the_same_area() -> None:
    """
    They may well touch the same file.
    """
    assert ids(companies([AUTH, NEAR, TLS], 6)) == [["auth", "tls"], ["near"]]


@pytest.fixture(name="tried_alone")
def those_tried_alone(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """
    Labs without containers; the names of mutants that were tried alone.
    """
    alone: list[str] = []

    def attempt(_: Lab, __: Trial, each: Mutant) -> Result:
        alone.append(each.id)
        return Result(each, Outcome.SURVIVED)

    monkeypatch.setattr(together, "attempt", attempt)
    monkeypatch.setattr(together, "broken", lambda *_: contextlib.nullcontext())
    return alone


def run(
    scenario: Scenario, found: Mapping[str, str] | LabError, *, own_areas: bool = False
) -> Sequence[Result]:
    """
    Try two at once with an audit that comes to this.
    """

    def audit(*_: object) -> Mapping[str, str]:
        if isinstance(found, LabError):
            raise found
        return {**EXPECTED.verdicts, **found}

    trial = Trial(scenario, EXPECTED, audit, own_areas=own_areas)
    return attempt_together(Lab("a"), trial, Company((AUTH, TLS)))


def test_all_are_killed_if_just_their_controls_fail(
    scenario: Scenario, tried_alone: list[str]
) -> None:
    """
    One audit is enough then.
    """
    results = run(scenario, {"AUTH-01": "fail", "TLS-01": "fail"})
    assert [each.outcome for each in results] == [Outcome.KILLED, Outcome.KILLED]
    assert [each.beside for each in results] == [1, 1]
    assert tried_alone == []


@pytest.mark.parametrize(
    "found",
    [
        {"AUTH-01": "fail"},
        {"AUTH-01": "fail", "TLS-01": "unverified"},
        {"AUTH-01": "fail", "TLS-01": "fail", "RELAY-01": "fail"},
        LabError("nothing works"),
    ],
)
def test_each_is_tried_alone_if_anything_else_comes_out(
    scenario: Scenario, tried_alone: list[str], found: Mapping[str, str] | LabError
) -> None:
    """
    A survivor cannot hide behind the others.
    """
    results = run(scenario, found)
    assert tried_alone == ["auth", "tls"]
    assert [each.outcome for each in results] == [Outcome.SURVIVED, Outcome.SURVIVED]


@pytest.mark.parametrize(
    ("found", "alone"),
    [
        ({"AUTH-01": "fail", "TLS-01": "fail"}, []),
        ({"AUTH-01": "fail"}, ["tls"]),
        ({"AUTH-01": "fail", "TLS-01": "fail", "AUTH-02": "unverified"}, ["auth"]),
        (LabError("nothing works"), ["auth", "tls"]),
    ],
)
def test_where_areas_are_looked_at_one_by_one_the_others_are_not_tried_again(
    scenario: Scenario,
    tried_alone: list[str],
    found: Mapping[str, str] | LabError,
    alone: list[str],
) -> None:
    """
    What happened in the area of one says nothing of another one.
    """
    run(scenario, found, own_areas=True)
    assert tried_alone == alone
