"""
What a server accepts, held against rules that somebody wrote down.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mailvet.facts.certificate import DAY, CertificateFacts
from mailvet.facts.tls import ALPN, SESSION_TICKET, STATUS_REQUEST
from mailvet.facts.tls_enumeration import TlsEnumeration
from mailvet.model import ExpectTlsPolicy, TlsProperty

_EMS = "Extended Master Secret"


def tls_properties(
    policy: ExpectTlsPolicy, seen: TlsEnumeration, certificate: CertificateFacts
) -> tuple[TlsProperty, ...]:
    """
    What was seen, property by property, and what of it the rules do not allow.
    """
    return (
        *_offers(policy, seen),
        TlsProperty(
            "Diffie-Hellman",
            tuple(f"{bits} bits" for bits in seen.dh_bits),
            tuple(f"{bits} bits" for bits in seen.dh_bits if bits < policy.dh_bits),
            f"{policy.dh_bits} bits or more" if policy.dh_bits else "",
        ),
        _flag("compression", seen.compresses, yes="on", no="off", wrong=True, wanted="off"),
        _flag("renegotiation", seen.renegotiates_securely, yes="secure", no="insecure"),
        _flag(_EMS, seen.extended_master_secret, wanted=policy.ems),
        *(TlsProperty(name, said, (), "") for name, said in _extras(seen)),
        TlsProperty(
            "certificate",
            tuple(_certificate(certificate)),
            tuple(_wrong_certificate(policy, certificate)),
            _wanted_certificate(policy),
        ),
    )


def _offers(policy: ExpectTlsPolicy, seen: TlsEnumeration) -> tuple[TlsProperty, ...]:
    return (
        TlsProperty(
            "versions",
            seen.versions,
            tuple(_versions(policy, seen)),
            _wanted(policy.versions, needed=policy.required),
        ),
        TlsProperty(
            "suites",
            seen.suites,
            tuple(each for each in seen.suites if not _allowed(each, policy.suites)),
            _wanted(policy.suites),
        ),
        TlsProperty(
            "groups",
            seen.groups,
            tuple(each for each in seen.groups if policy.groups and each not in policy.groups),
            _wanted(policy.groups),
        ),
        TlsProperty(
            "signatures",
            seen.signatures,
            tuple(each for each in seen.signatures if not _allowed(each, policy.signatures)),
            _wanted(policy.signatures),
        ),
    )


def _extras(seen: TlsEnumeration) -> Iterator[tuple[str, tuple[str, ...]]]:
    """
    What no rules are about: session tickets, a stapled OCSP response, ALPN, all of TLS 1.2.
    """
    for name, number in (("tickets", SESSION_TICKET), ("stapling", STATUS_REQUEST), ("ALPN", ALPN)):
        asked = seen.extras is not None and (number != ALPN or bool(seen.protocol))
        said = "yes" if number in (seen.extras or ()) else "no"
        yield name, (said,) if asked else ()


def _wanted(allowed: tuple[str, ...], needed: tuple[str, ...] = ()) -> str:
    needs = f"; needs {', '.join(needed)}" if needed else ""
    return f"{', '.join(allowed)}{needs}" if allowed else ""


def _allowed(name: str, rules: tuple[str, ...]) -> bool:
    return not rules or any(fnmatchcase(name, each) for each in rules)


def _flag(
    name: str,
    found: bool | None,
    *,
    yes: str = "yes",
    no: str = "no",
    wrong: bool = False,
    wanted: str = "secure",
) -> TlsProperty:
    """
    A property that is there or not; None says that TLS 1.3 has done away with it.
    """
    value = "" if found is None else (yes if found else no)
    bad = bool(wanted) and found is wrong
    return TlsProperty(name, (value,) if value else (), (value,) if bad else (), wanted)


def _versions(policy: ExpectTlsPolicy, seen: TlsEnumeration) -> Iterator[str]:
    for each in seen.versions:
        if policy.versions and each not in policy.versions:
            yield f"{each} is accepted"
    for each in policy.required:
        # What is open is no refusal.
        if each not in seen.versions and not any(one.startswith(each) for one in seen.open):
            yield f"{each} is not accepted"


def _certificate(certificate: CertificateFacts) -> Iterator[str]:
    leaf = certificate.leaf
    if leaf is None:
        return
    yield f"{leaf.key} {leaf.bits or ''}".strip()
    if leaf.signature_hash:
        yield leaf.signature_hash
    yield f"{_days(certificate)} days"
    if certificate.superfluous:
        yield f"sent in vain: {'; '.join(certificate.superfluous)}"


def _wrong_certificate(policy: ExpectTlsPolicy, certificate: CertificateFacts) -> Iterator[str]:
    leaf = certificate.leaf
    if leaf is None:
        return
    least = {"RSA": policy.rsa_bits, "DSA": policy.rsa_bits, "EC": policy.ec_bits}.get(leaf.key, 0)
    if leaf.bits < least:
        yield f"{leaf.key} key of {leaf.bits} bits"
    if policy.hashes and leaf.signature_hash and leaf.signature_hash not in policy.hashes:
        yield f"signed with {leaf.signature_hash}"
    if policy.certificate_days and _days(certificate) > policy.certificate_days:
        yield f"valid for {_days(certificate)} days"


def _days(certificate: CertificateFacts) -> int:
    leaf = certificate.leaf
    return round((leaf.not_after - leaf.not_before) / DAY) if leaf else 0


def _wanted_certificate(policy: ExpectTlsPolicy) -> str:
    parts = [
        f"RSA {policy.rsa_bits} or more" if policy.rsa_bits else "",
        f"EC {policy.ec_bits} or more" if policy.ec_bits else "",
        f"signed with {' or '.join(policy.hashes)}" if policy.hashes else "",
        f"{policy.certificate_days} days at most" if policy.certificate_days else "",
    ]
    return "; ".join(filter(None, parts))
