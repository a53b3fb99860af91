"""
What a server accepts, held against rules that somebody wrote down.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mailvet.facts.certificate import DAY, CertificateFacts
from mailvet.facts.tls_enumeration import TlsEnumeration
from mailvet.model import ExpectTlsPolicy


def violations(
    policy: ExpectTlsPolicy, seen: TlsEnumeration, certificate: CertificateFacts
) -> dict[str, tuple[str, ...]]:
    """
    What the rules do not allow, by property; empty where they allow it or say nothing.
    """
    return {
        "versions": tuple(_versions(policy, seen)),
        "suites": tuple(
            each
            for each in seen.suites
            if policy.suites and not any(fnmatchcase(each, rule) for rule in policy.suites)
        ),
        "groups": tuple(
            each for each in seen.groups if policy.groups and each not in policy.groups
        ),
        "Diffie-Hellman": tuple(f"{bits} bits" for bits in seen.dh_bits if bits < policy.dh_bits),
        "compression": ("compresses",) if seen.compresses else (),
        "renegotiation": ("insecure",) if seen.renegotiates_securely is False else (),
        "Extended Master Secret": (
            ("not known",) if policy.ems and seen.extended_master_secret is False else ()
        ),
        "certificate": tuple(_certificate(policy, certificate)),
    }


def _versions(policy: ExpectTlsPolicy, seen: TlsEnumeration) -> Iterator[str]:
    for each in seen.versions:
        if policy.versions and each not in policy.versions:
            yield f"{each} is accepted"
    for each in policy.required:
        if each not in seen.versions:
            yield f"{each} is not accepted"


def _certificate(policy: ExpectTlsPolicy, certificate: CertificateFacts) -> Iterator[str]:
    leaf = certificate.leaf
    if leaf is None:
        return
    least = {"RSA": policy.rsa_bits, "EC": policy.ec_bits}.get(leaf.key, 0)
    if leaf.bits < least:
        yield f"{leaf.key} key of {leaf.bits} bits"
    if policy.hashes and leaf.signature_hash and leaf.signature_hash not in policy.hashes:
        yield f"signed with {leaf.signature_hash}"
    days = round((leaf.not_after - leaf.not_before) / DAY)
    if policy.certificate_days and days > policy.certificate_days:
        yield f"valid for {days} days"
