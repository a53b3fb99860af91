"""
Extended Master Secret (RFC 7627), judged by complete TLS 1.2 handshakes.
"""

from mailvet.facts.ems import EmsFacts
from mailvet.facts.offers import VersionFacts
from mailvet.facts.resumption import ResumptionFacts
from mailvet.model import Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control

ONLY_13 = "the server accepts TLS 1.3 only, which binds every session by itself"


@control("EMS-01")
def test_extended_master_secret(ems: EmsFacts, versions: VersionFacts) -> Judgement:
    """
    A TLS 1.2 session whose client offers it has it.
    """
    expected = "TLS 1.2 sessions with Extended Master Secret"
    if versions.tls13_only:
        return not_applicable(ONLY_13)
    problem = ems.problem
    if problem:
        return unverified(problem.cause, observed=problem.detail, expected=expected)
    return judge(bool(ems.offered.ems), observed=str(ems.offered), expected=expected)


@control("EMS-02")
def test_sessions_without_it_are_refused(
    ems: EmsFacts, versions: VersionFacts, target: Target
) -> Judgement:
    """
    The handshake that differs only in not offering it does not complete.
    """
    expected = "TLS 1.2 completes with Extended Master Secret and not without"
    if not target.expect.tls.ems_enforced:
        return not_applicable("the profile does not declare FIPS mode (expect.tls.ems_required)")
    if versions.tls13_only:
        return not_applicable(ONLY_13)
    problem = ems.problem or ems.problem_without
    if problem:
        return unverified(problem.cause, observed=problem.detail, expected=expected)
    seen = f"without it: {ems.withheld}"
    return judge(
        bool(ems.offered.ems) and not ems.withheld.completed, observed=seen, expected=expected
    )


@control("EMS-03")
def test_sessions_go_on_as_they_began(resumption: ResumptionFacts) -> Judgement:
    """
    What a session has of Extended Master Secret does not change when another connection resumes it.
    """
    expected = "no session resumed with another Extended Master Secret than it began with"
    if resumption.wrong:
        return judge(False, observed=f"resumes {resumption.wrong}", expected=expected)
    if resumption.impossible:
        return not_applicable(resumption.impossible)
    problem = resumption.problem
    if problem:
        return unverified(problem.cause, observed=problem.detail, expected=expected)
    if not resumption.resumes:
        return not_applicable("the server resumes no session of TLS 1.2")
    return judge(True, observed="resumes sessions as they began only", expected=expected)
