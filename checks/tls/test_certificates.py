"""
Certificates as clients see them (RFC 5280, RFC 9525).
"""

from mailvet.facts.certificate import CertificateFacts, ShownFacts
from mailvet.model import (
    Cause,
    Endpoint,
    Judgement,
    Target,
    judge,
    not_applicable,
    unverified,
)
from mailvet.plugin import control

OPPORTUNISTIC = "the profile does not ask for a verifiable certificate on port 25"


@control("CERT-01")
def test_chain_is_trusted(
    certificate: CertificateFacts, target: Target, endpoint: Endpoint
) -> Judgement:
    """
    What the server sends is enough to get from its certificate to what clients trust.
    """
    expected = f"a chain that leads to {certificate.anchors}, for TLS servers"
    if not target.expect.tls.verifiable_on(endpoint):
        return not_applicable(OPPORTUNISTIC)
    if certificate.trusted is None:
        return unverified(Cause.TOOL, observed=certificate.trust_detail, expected=expected)
    if certificate.leaf is None:
        return judge(False, observed="no readable certificate is shown", expected=expected)
    issuer = "itself" if certificate.leaf.self_issued else certificate.leaf.issuer
    purpose = "" if certificate.leaf.server_auth else "; it is not for TLS servers"
    seen = f"issued by {issuer}, {certificate.sent} {certificate.trust_detail}{purpose}"
    satisfied = certificate.trusted and certificate.leaf.server_auth
    return judge(satisfied, observed=seen.rstrip(), expected=expected)


@control("CERT-02")
def test_name_matches(
    certificate: CertificateFacts, target: Target, endpoint: Endpoint
) -> Judgement:
    """
    The name that clients connect to stands in the subjectAltName.
    """
    expected = f"a certificate for {target.name} in its subjectAltName"
    if not target.expect.tls.verifiable_on(endpoint):
        return not_applicable(OPPORTUNISTIC)
    if certificate.leaf is None:
        return judge(False, observed="no readable certificate is shown", expected=expected)
    leaf = certificate.leaf
    seen = f"valid for {leaf.names} (subject {leaf.subject or 'empty'})"
    return judge(leaf.valid_for(target.name), observed=seen, expected=expected)


@control("CERT-03")
def test_certificate_is_valid_now(certificate: CertificateFacts, target: Target) -> Judgement:
    """
    The certificate is valid, and remains so for a while.
    """
    least = target.expect.tls.minimum_days
    expected = f"valid now and for {least} days more"
    if certificate.leaf is None:
        return judge(False, observed="no readable certificate is shown", expected=expected)
    left = certificate.days_left
    if certificate.checked_at < certificate.leaf.not_before:
        return judge(False, observed=f"not valid before {-left:.1f} days", expected=expected)
    seen = f"valid until {certificate.leaf.expiry}, {left:.0f} days from now"
    return judge(left >= least, observed=seen, expected=expected)


@control("CERT-04")
def test_dovecot_shows_one_certificate(shown_certificates: ShownFacts) -> Judgement:
    """
    Every port of Dovecot shows the certificate that is on disk now.
    """
    return _one_certificate(shown_certificates, "dovecot")


@control("CERT-11")
def test_postfix_shows_one_certificate(shown_certificates: ShownFacts) -> Judgement:
    """
    Every port of Postfix shows the certificate that is on disk now.
    """
    return _one_certificate(shown_certificates, "postfix")


def _one_certificate(shown: ShownFacts, server: str) -> Judgement:
    expected = "the certificate that is on disk now, on every port"
    wrong = shown.wrong(server)
    if wrong:
        return judge(False, observed=wrong, expected=expected)
    doubt = shown.doubt(server)
    if doubt:
        return unverified(doubt.cause, observed=doubt.detail, expected=expected)
    return judge(True, observed=shown.agreement(server), expected=expected)


@control("CERT-05")
def test_strong_key_and_signature(certificate: CertificateFacts) -> Judgement:
    """
    Keys are long enough, and signatures do not rest on a broken hash.
    """
    expected = "RSA of 2048 bits or more, or EC of 256 or more; no MD5 or SHA-1"
    if certificate.leaf is None:
        return judge(False, observed="no readable certificate is shown", expected=expected)
    leaf = certificate.leaf
    seen = f"{leaf.key} {leaf.bits or ''} {leaf.signature_hash}".strip()
    found = "; ".join(certificate.weaknesses)
    return judge(not found, observed=found or seen, expected=expected)
