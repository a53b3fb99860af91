"""
Cipher suites, offered in hand-made ClientHellos, one for each kind of key exchange.
"""

from mailvet.facts.offers import STATIC_RSA, SuiteFacts, VersionFacts
from mailvet.facts.suites import weak_offers
from mailvet.model import Cause, Endpoint, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("TLS-05")
def test_weak_suites_are_refused(
    suites: SuiteFacts, target: Target, endpoint: Endpoint
) -> Judgement:
    """
    No suite without authentication or encryption, of export strength, or with a broken cipher.
    """
    expected = "no anonymous, NULL, export, RC4, RC2, IDEA, DES or 3DES suite"
    found = suites.weak(anonymous=False)
    if target.expect.tls.verifiable_on(endpoint):
        found += suites.weak(anonymous=True)
    if found:
        return judge(False, observed=f"accepts {', '.join(found)}", expected=expected)
    refusal = suites.refusal(*weak_offers())
    if refusal.cause:
        return unverified(refusal.cause, observed=refusal.detail, expected=expected)
    return judge(True, observed=f"offered these alone it {refusal.detail}", expected=expected)


@control("TLS-06")
def test_forward_secrecy(suites: SuiteFacts) -> Judgement:
    """
    No suite in which the client encrypts the secret with the server's RSA key.
    """
    expected = "no suite with static RSA key exchange"
    if suites.static_rsa:
        seen = f"accepts {', '.join(suites.static_rsa)}"
        return judge(False, observed=seen, expected=expected)
    refusal = suites.refusal(STATIC_RSA)
    if refusal.cause:
        return unverified(refusal.cause, observed=refusal.detail, expected=expected)
    return judge(True, observed=f"offered these alone it {refusal.detail}", expected=expected)


@control("TLS-08")
def test_dh_prime_on_the_wire(versions: VersionFacts, target: Target) -> Judgement:
    """
    The prime that the server sends for a DHE suite is long enough.
    """
    least = target.expect.tls.dh_bits
    if not versions.accepted:
        seen = "the server accepts no offer at all"
        return unverified(Cause.BLOCKED, observed=seen, expected=f"at least {least} bits")
    if not versions.dh_bits:
        return not_applicable("the server chooses no suite with a Diffie-Hellman prime of its own")
    seen = " and ".join(f"{bits} bits" for bits in versions.dh_bits)
    return judge(min(versions.dh_bits) >= least, observed=seen, expected=f"at least {least} bits")
