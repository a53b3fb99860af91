"""
Auditing an unchanged lab again and again.
"""

from collections.abc import Mapping, Sequence

from lab.errors import LabError
from lab.gate import Trial
from lab.place import Lab
from lab.scenario import Scenario
from lab.steady import keep_auditing
from lab.verdicts import Expected

EXPECTED = Expected({"TLS-01": "pass"})


def trial(scenario: Scenario, *audits: str) -> Trial:
    """
    An auditor who comes to these verdicts of TLS-01, one after the other; "" is a broken audit.
    """
    verdicts = iter(audits)

    def audit(_: Lab, __: Scenario, ___: Sequence[str]) -> Mapping[str, str]:
        verdict = next(verdicts)
        if not verdict:
            raise LabError("the audit wrote no results.json")
        return {"TLS-01": verdict}

    return Trial(scenario, EXPECTED, audit)


def test_same_verdicts_every_time_are_steady(scenario: Scenario) -> None:
    """
    Both auditors come to what they should, in every round.
    """
    both = [trial(scenario, "pass", "pass"), trial(scenario, "pass", "pass")]

    rounds = keep_auditing(Lab("a"), both, 2, lambda _: None)

    assert [each.steady for each in rounds] == [True, True]
    assert str(rounds[1]) == "round 2: 2 audits, all verdicts as expected"


def test_flickering_verdict_is_named(scenario: Scenario) -> None:
    """
    The round, the control and both verdicts are told.
    """
    both = [trial(scenario, "pass", "unverified"), trial(scenario, "pass", "pass")]

    rounds = keep_auditing(Lab("a"), both, 2, lambda _: None)

    assert [each.steady for each in rounds] == [True, False]
    assert str(rounds[1]) == "round 2: TLS-01 unverified (pass)"


def test_broken_audit_is_not_steady(scenario: Scenario) -> None:
    """
    An audit without verdicts is told like one with others.
    """
    (only,) = keep_auditing(Lab("a"), [trial(scenario, "")], 1, lambda _: None)

    assert not only.steady
    assert str(only) == "round 1: the audit wrote no results.json"
