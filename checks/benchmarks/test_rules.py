"""
Rules of benchmarks that the role of a mail host contradicts.
"""

from mailvet.facts.benchmarks import BenchmarkFacts
from mailvet.model import Cause, Judgement, Standing, judge, not_applicable, unverified
from mailvet.plugin import control


@control("BENCH-01")
def test_clients_outside(benchmarks: BenchmarkFacts) -> Judgement:
    """
    RHEL-09-252050 does not stop the mail, and without it nobody relays.
    """
    return _judged(benchmarks, "BENCH-01")


@control("BENCH-02")
def test_access_server(benchmarks: BenchmarkFacts) -> Judgement:
    """
    CIS 2.1.8 does not keep users from their mail, and without it nothing is open needlessly.
    """
    return _judged(benchmarks, "BENCH-02")


@control("BENCH-03")
def test_local_only(benchmarks: BenchmarkFacts) -> Judgement:
    """
    CIS 2.1.21 does not cut the host off, and without it nothing is open needlessly.
    """
    return _judged(benchmarks, "BENCH-03")


def _judged(benchmarks: BenchmarkFacts, control_id: str) -> Judgement:
    rule = benchmarks.rule(control_id)
    if rule is None:
        return not_applicable("nobody can reach a server on this host that the rule is about")
    expected = "mail is not stopped, and where the rule is not followed its purpose is met"
    measured = "; ".join(rule.measured)
    if rule.standing is Standing.STOPS_MAIL:
        observed = f"{rule.setting}: this setting stops the mail: {measured}"
        return judge(False, observed=observed, expected=expected)
    if rule.standing is Standing.UNPROVEN:
        observed = f"{rule.setting}: {measured}"
        return unverified(rule.cause or Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"{rule.setting}: {rule.standing}: {measured}"
    return judge(rule.standing is not Standing.UNFOUNDED, observed=observed, expected=expected)
