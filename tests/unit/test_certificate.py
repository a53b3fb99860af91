"""
Names in certificates, and what several endpoints show together.
"""

import pytest

from mailvet.facts.certificate import Certificate, CertificateFacts, ShownFacts, ShownLeaf, matches
from mailvet.model import Cause


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("mail1.example.com", "mail1.example.com", True),
        ("MAIL1.Example.COM", "mail1.example.com", True),
        ("mail1.example.com", "mail1.example.com.", True),
        ("*.example.com", "mail1.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.mail1.example.com", False),
        ("m*.example.com", "mail1.example.com", False),
        ("mail1.*.com", "mail1.example.com", False),
        ("*.com", "example.com", False),
        ("*", "localhost", False),
        ("", "", False),
        ("xn--mller-kva.example", "müller.example", True),
        ("mail1.example.com", "mail2.example.com", False),
    ],
)
def test_names(pattern: str, name: str, expected: bool) -> None:
    """
    A wildcard stands for one whole label, the leftmost.
    """
    assert matches(pattern, name) is expected


def test_certificates_that_nobody_needs_are_told() -> None:
    """
    An intermediate is needed; a root and a stranger are not.
    """
    leaf = Certificate("00", subject="CN=leaf", issuer="CN=between")
    between = Certificate("01", subject="CN=between", issuer="CN=root")
    root = Certificate("02", subject="CN=root", issuer="CN=root")
    stranger = Certificate("03", subject="CN=other", issuer="CN=root")

    right = CertificateFacts((leaf, between), "", None, "", 0.0, ())
    full = CertificateFacts((leaf, between, root, stranger), "", None, "", 0.0, ())

    assert right.sent == "2 sent"
    assert full.superfluous == ("CN=root", "CN=other")
    assert full.sent == "4 sent, 2 of them in vain"


def test_addresses_are_compared_as_addresses() -> None:
    """
    An address matches an address in the certificate and never a name.
    """
    certificate = Certificate("00", dns_names=("192.0.2.1",), addresses=("2001:db8::1",))
    assert certificate.valid_for("2001:db8:0:0::1")
    assert not certificate.valid_for("192.0.2.1")


@pytest.mark.parametrize(
    ("key", "bits", "digest", "count"),
    [
        ("RSA", 2048, "sha256", 0),
        ("RSA", 1024, "sha256", 1),
        ("RSA", 1024, "sha1", 2),
        ("EC", 256, "sha384", 0),
        ("EC", 192, "sha256", 1),
        ("Ed25519", 0, "", 0),
        ("RSA", 3072, "md5", 1),
    ],
)
def test_weaknesses(key: str, bits: int, digest: str, count: int) -> None:
    """
    Short keys and broken hashes are weak, current kinds of keys are not.
    """
    assert len(Certificate("00", key=key, bits=bits, signature_hash=digest).weaknesses) == count


def leaf(port: int, fingerprint: str) -> ShownLeaf:
    """
    A certificate of Dovecot on *port*.
    """
    return ShownLeaf("dovecot", f"port{port}", port, Certificate(fingerprint))


def shown(
    *leaves: ShownLeaf, disk: tuple[str, ...] = (), unseen: tuple[tuple[str, str], ...] = ()
) -> ShownFacts:
    """
    Certificates of several ports, and on the disk.
    """
    return ShownFacts(leaves, unseen, tuple(("dovecot", each) for each in disk), (), ())


def test_ports_that_differ_are_named() -> None:
    """
    Two certificates are wrong even if both are on disk.
    """
    facts = shown(leaf(993, "aa"), leaf(995, "bb"), disk=("aa", "bb"))
    assert "993" in facts.wrong("dovecot")
    assert "995" in facts.wrong("dovecot")


def test_certificate_that_is_not_on_disk() -> None:
    """
    A certificate that was replaced on disk and not loaded is found.
    """
    assert "993" in shown(leaf(993, "aa"), leaf(995, "aa"), disk=("bb",)).wrong("dovecot")
    assert shown(leaf(993, "aa"), leaf(995, "aa"), disk=("aa",)).wrong("dovecot") == ""


def test_one_port_and_no_disk_is_doubtful() -> None:
    """
    One port alone has nothing to be compared with.
    """
    doubt = shown(leaf(993, "aa")).doubt("dovecot")
    assert doubt is not None
    assert doubt.cause is Cause.PRIVILEGE
    assert shown(leaf(993, "aa"), leaf(995, "aa")).doubt("dovecot") is None


def test_unseen_port_is_doubtful() -> None:
    """
    An endpoint without handshake leaves the question open.
    """
    doubt = shown(leaf(993, "aa"), unseen=(("dovecot", "pop3s: refused"),)).doubt("dovecot")
    assert doubt is not None
    assert doubt.cause is Cause.BLOCKED
