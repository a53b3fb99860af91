"""
The checks on benchmarks, each with facts that pass and facts that fail.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailvet.facts.benchmarks import CLIENTS, BenchmarkFacts, Case, Measurement
from mailvet.model import Cause, Judgement, Standing, Verdict

Load = Callable[[str, str, str], Callable[..., Judgement]]

CHECKS = {
    "BENCH-01": "test_clients_outside",
    "BENCH-02": "test_access_server",
    "BENCH-03": "test_local_only",
}
CASE = Case(CLIENTS, "mail1", "the host takes mail", "parameter = (empty)", followed=False)
FOLLOWED = replace(CASE, followed=True, setting="parameter = reject")
DENIED = Measurement(("port 25: Relay access denied",))
OPEN = Measurement((), ((Cause.BLOCKED, "port 25: 250 Ok"),))
REFUSED = Measurement((), ((Cause.BLOCKED, "no control"),), ("port 25: 554 Client host rejected",))


@pytest.mark.parametrize(
    ("case", "seen", "standing", "verdict"),
    [
        (CASE, DENIED, Standing.COMPENSATED, Verdict.PASS),
        (CASE, OPEN, Standing.UNPROVEN, Verdict.UNVERIFIED),
        (CASE, Measurement(), Standing.UNPROVEN, Verdict.UNVERIFIED),
        (replace(CASE, role=""), DENIED, Standing.UNFOUNDED, Verdict.FAIL),
        (FOLLOWED, REFUSED, Standing.STOPS_MAIL, Verdict.FAIL),
        (FOLLOWED, DENIED, Standing.UNPROVEN, Verdict.UNVERIFIED),
        (replace(FOLLOWED, role=""), Measurement(), Standing.FOLLOWED, Verdict.PASS),
    ],
)
@pytest.mark.parametrize("control", list(CHECKS))
def test_bench(
    load_check: Load,
    control: str,
    case: Case,
    seen: Measurement,
    standing: Standing,
    verdict: Verdict,
) -> None:
    """
    Where a rule is followed the wire decides; where it is not, what makes up for it must be seen.
    """
    rule = replace(case.settled(seen), control=control)
    check = load_check("benchmarks", "test_rules", CHECKS[control])

    assert rule.standing is standing
    assert check(BenchmarkFacts((rule,))).verdict is verdict


def test_a_rule_about_an_absent_server_does_not_apply(load_check: Load) -> None:
    """
    A host without Dovecot is not judged by the rule about Dovecot.
    """
    check = load_check("benchmarks", "test_rules", "test_access_server")
    assert check(BenchmarkFacts(())).verdict is Verdict.NOT_APPLICABLE


def test_the_finding_says_that_the_setting_stops_the_mail(load_check: Load) -> None:
    """
    With the setting and what was measured.
    """
    check = load_check("benchmarks", "test_rules", "test_clients_outside")
    observed = check(BenchmarkFacts((FOLLOWED.settled(REFUSED),))).observed

    assert "parameter = reject: this setting stops the mail" in observed
    assert "554 Client host rejected" in observed
