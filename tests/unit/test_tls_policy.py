"""
What a server accepts, held against rules.
"""

import dataclasses
from pathlib import Path

import pytest

from mailvet.facts.certificate import DAY, Certificate, CertificateFacts
from mailvet.facts.tls import (
    ALPN,
    EXTENDED_MASTER_SECRET,
    RENEGOTIATION_INFO,
    SESSION_TICKET,
    Hello,
)
from mailvet.facts.tls_enumeration import Choice, TlsEnumeration
from mailvet.facts.tls_policy import tls_properties
from mailvet.model import ExpectTlsPolicy
from mailvet.profile import ProfileReader

ROOT = Path(__file__).parents[2]
AES256, AES256_CBC, STATIC = 0xC030, 0xC028, 0x009D
GOOD = (EXTENDED_MASTER_SECRET, RENEGOTIATION_INFO)


def old(suite: int, group: int = 0, bits: int = 0, extensions: tuple[int, ...] = GOOD) -> Choice:
    """
    A choice of TLS 1.2.
    """
    return Choice(Hello("TLSv1.2", (suite,), 0, extensions), group, bits)


def seen(*choices: Choice, versions: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")) -> TlsEnumeration:
    """
    A server that makes *choices*, and one of TLS 1.3.
    """
    new = Choice(Hello("TLSv1.3", (0x1302,), 0, (), 29), 29, 0)
    return TlsEnumeration(versions, (*choices, new), (), 9, 0.1, ())


def certificate(
    bits: int = 4096, signature: str = "sha256", days: float = 90.0
) -> CertificateFacts:
    """
    A certificate with an RSA key.
    """
    leaf = Certificate("00", key="RSA", bits=bits, signature_hash=signature, not_after=days * DAY)
    return CertificateFacts((leaf,), "", None, "", 0.0, ())


def violations(
    rules: ExpectTlsPolicy, facts: TlsEnumeration, shown: CertificateFacts
) -> dict[str, tuple[str, ...]]:
    """
    What *rules* do not allow, by property.
    """
    return {each.name: each.wrong for each in tls_properties(rules, facts, shown)}


def policy(name: str) -> ExpectTlsPolicy:
    """
    The rules of a profile that we ship.
    """
    reader = ProfileReader(ROOT / "profiles")
    return reader.read([f"tls/{name}"], source=ROOT / "x").expect.tls.policy


POLICIES = sorted(each.stem for each in (ROOT / "profiles/tls").glob("*.toml"))


@pytest.mark.parametrize("name", [each for each in POLICIES if each != "mozilla-modern"])
def test_a_good_server_keeps_to_all_rules(name: str) -> None:
    """
    AES-256-GCM with P-256, and a key of 4096 bits; Mozilla's modern rules want TLS 1.3 alone.
    """
    new = Choice(Hello("TLSv1.3", (0x1302,), 0, (), 23), 23, 0)
    good = TlsEnumeration(("TLSv1.2", "TLSv1.3"), (old(AES256, 23), new), (), 9, 0.1, ())
    found = violations(policy(name), good, certificate())
    assert {key: value for key, value in found.items() if value} == {}


@pytest.mark.parametrize(
    ("name", "facts", "shown", "problem"),
    [
        ("rhel9-default", seen(versions=("TLSv1.1", "TLSv1.3")), "versions", "TLSv1.1 is accepted"),
        ("rhel9-default", seen(versions=("TLSv1.3",)), "versions", "TLSv1.2 is not accepted"),
        ("mozilla-modern", seen(old(AES256)), "versions", "TLSv1.2 is accepted"),
        ("rhel9-future", seen(old(AES256_CBC)), "suites", "ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("rhel9-fips", seen(old(STATIC)), "suites", "RSA_WITH_AES_256_GCM_SHA384"),
        ("rhel9-fips", seen(), "groups", "x25519"),
        ("mozilla-intermediate", seen(old(AES256, 25)), "groups", "secp521r1"),
        ("rhel9-default", seen(old(0x009F, 0, 1024)), "Diffie-Hellman", "1024 bits"),
        ("rhel9-default", seen(old(AES256, extensions=())), "renegotiation", "insecure"),
        (
            "rhel9-default",
            seen(old(AES256, extensions=(RENEGOTIATION_INFO,))),
            "Extended Master Secret",
            "no",
        ),
    ],
)
def test_what_the_rules_do_not_allow_is_named(
    name: str, facts: TlsEnumeration, shown: str, problem: str
) -> None:
    """
    Each in its own column.
    """
    assert problem in violations(policy(name), facts, certificate())[shown]


@pytest.mark.parametrize(
    ("name", "facts", "problem"),
    [
        ("bsi-tr-02102-2", certificate(bits=2048), "RSA key of 2048 bits"),
        ("rfc9325", certificate(signature="sha1"), "signed with sha1"),
        ("mozilla-intermediate", certificate(days=825), "valid for 825 days"),
    ],
)
def test_certificates_are_held_against_the_rules(
    name: str, facts: CertificateFacts, problem: str
) -> None:
    """
    Key, signature and time.
    """
    assert violations(policy(name), seen(), facts)["certificate"] == (problem,)


@pytest.mark.parametrize(
    ("extras", "protocol", "shown"),
    [
        ((SESSION_TICKET, ALPN), "imap", {"tickets": "yes", "stapling": "no", "ALPN": "yes"}),
        ((), "", {"tickets": "no", "stapling": "no", "ALPN": ""}),
        (None, "imap", {"tickets": "", "stapling": "", "ALPN": ""}),
    ],
)
def test_what_no_rules_are_about_is_shown(
    extras: tuple[int, ...] | None, protocol: str, shown: dict[str, str]
) -> None:
    """
    SMTP has no name for ALPN, and without TLS 1.2 nothing is known.
    """
    facts = dataclasses.replace(seen(old(AES256)), extras=extras, protocol=protocol)
    found = tls_properties(policy("rfc9325"), facts, certificate())
    assert {each.name: "".join(each.values) for each in found if each.name in shown} == shown
