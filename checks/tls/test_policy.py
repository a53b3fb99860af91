"""
Rules for TLS that somebody wrote down, and the profile names.
"""

from mailvet.facts.certificate import CertificateFacts
from mailvet.facts.tls_enumeration import TlsEnumeration
from mailvet.facts.tls_policy import tls_properties
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("TLS-10")
def test_policy_is_kept(
    tls_enumeration: TlsEnumeration, certificate: CertificateFacts, target: Target
) -> Judgement:
    """
    Nothing is accepted that the rules do not allow.
    """
    policy = target.expect.tls.policy
    found = tls_properties(policy, tls_enumeration, certificate)
    wrong = [f"{each.name}: {', '.join(each.wrong)}" for each in found if each.wrong]
    fine = f"{', '.join(tls_enumeration.versions)}; {len(tls_enumeration.suites)} suites"
    unread = () if certificate.leaf else ("no readable certificate is shown",)
    observed = "; ".join((*wrong, *tls_enumeration.open, *unread)) or fine
    expected = f"what {policy.name} allows"
    if (tls_enumeration.open or certificate.leaf is None) and not wrong:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not wrong, observed=observed, expected=expected)
