"""
Protocol versions, offered one at a time in hand-made ClientHellos.
"""

from mailvet.facts.offers import TLS13, VersionFacts
from mailvet.model import Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("TLS-03")
def test_old_versions_are_refused(versions: VersionFacts, target: Target) -> Judgement:
    """
    Every version before the minimum is refused, and a newer one accepted on the same endpoint.
    """
    minimum = target.expect.tls.minimum
    expected = f"nothing older than {minimum}"
    old = versions.older_than(minimum)
    if old:
        return judge(False, observed=f"accepts {', '.join(old)}", expected=expected)
    refusal = versions.refusal_below(minimum)
    if refusal.cause:
        return unverified(refusal.cause, observed=refusal.detail, expected=expected)
    seen = f"accepts {', '.join(versions.accepted)}; for older versions it {refusal.detail}"
    return judge(True, observed=seen, expected=expected)


@control("TLS-04")
def test_tls13_is_available(versions: VersionFacts, target: Target) -> Judgement:
    """
    An offer of TLS 1.3 is accepted.
    """
    if not target.expect.tls.tls13:
        return not_applicable("the profile does not ask for TLS 1.3 (expect.tls.tls13)")
    seen = f"accepts {', '.join(versions.accepted) or 'nothing'}"
    if TLS13 in versions.accepted:
        return judge(True, observed=seen, expected=TLS13)
    refusal = versions.refusal_of(TLS13)
    if refusal.cause:
        return unverified(refusal.cause, observed=refusal.detail, expected=TLS13)
    return judge(False, observed=f"{seen}; offered {TLS13} it {refusal.detail}", expected=TLS13)
