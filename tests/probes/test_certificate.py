"""
Certificates as they are read and followed to an authority.
"""

import asyncio
import base64
import ssl
from pathlib import Path

import pytest
import trustme

from mailvet.errors import ProbeError
from mailvet.facts.certificate import CertificateFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.tls import Handshake
from mailvet.model import Cause, Endpoint
from mailvet.probes.certificate import probe_certificate, read_certificate
from tests.fakes.context import HOST_NAME, make_context, make_target


def der(blob: trustme.Blob) -> bytes:
    """
    The DER form of a PEM certificate.
    """
    return ssl.PEM_cert_to_DER_cert(blob.bytes().decode())


def session(*chain: bytes, completed: bool = True) -> SessionFacts:
    """
    A session in which *chain* was shown.
    """
    shake = Handshake(
        completed=completed,
        failure="" if completed else "reset",
        version="TLSv1.3",
        cipher="",
        offered_ems=True,
        server_hello=None,
        chain=tuple(base64.b64encode(each).decode() for each in chain),
    )
    return SessionFacts(None, None, None, "", shake, None, "", ())


def look_at(facts: SessionFacts, ca_file: Path | None) -> CertificateFacts:
    """
    What the probe makes of *facts* if clients trust *ca_file*.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> object:
        assert name == "session"
        return facts

    target = make_target(ca_file=None if ca_file is None else str(ca_file))
    return asyncio.run(probe_certificate(make_context(993, target=target, recall=recall)))


@pytest.fixture(name="authority")
def _authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(name="ca_file")
def _ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def test_good_chain(authority: trustme.CA, ca_file: Path) -> None:
    """
    A certificate of the trusted authority is read and trusted.
    """
    facts = look_at(session(der(authority.issue_cert(HOST_NAME).cert_chain_pems[0])), ca_file)
    assert facts.trusted
    assert facts.leaf is not None
    assert facts.leaf.valid_for(HOST_NAME)
    assert facts.leaf.server_auth
    assert facts.days_left > 0


def test_missing_intermediate(authority: trustme.CA, ca_file: Path) -> None:
    """
    Without the intermediate certificate there is no way to the root; with it there is.
    """
    issued = authority.create_child_ca().issue_cert(HOST_NAME)
    chain = [der(each) for each in issued.cert_chain_pems]
    assert look_at(session(*chain), ca_file).trusted
    assert look_at(session(chain[0]), ca_file).trusted is False


def test_stranger(ca_file: Path) -> None:
    """
    A certificate of another authority is not trusted, even if that authority comes along.
    """
    other = trustme.CA()
    chain = [der(other.issue_cert(HOST_NAME).cert_chain_pems[0]), der(other.cert_pem)]
    facts = look_at(session(*chain), ca_file)
    assert facts.trusted is False
    assert facts.trust_detail


def test_unreadable_authority_file(authority: trustme.CA, tmp_path: Path) -> None:
    """
    If the inventory's file is missing or empty, trust is not known.
    """
    facts = session(der(authority.issue_cert(HOST_NAME).cert_chain_pems[0]))
    assert look_at(facts, tmp_path / "missing.pem").trusted is None
    (tmp_path / "empty.pem").write_text("")
    assert look_at(facts, tmp_path / "empty.pem").trusted is None


@pytest.mark.parametrize("octets", [b"", b"\x30\x03\x02\x01\x01", bytes(range(200))])
def test_broken_certificates_are_described(octets: bytes, ca_file: Path) -> None:
    """
    Hostile octets in the place of a certificate are a fact, not a crash.
    """
    assert read_certificate(octets).problem
    facts = look_at(session(octets), ca_file)
    assert facts.leaf is None
    assert facts.trusted is False


def test_no_handshake_no_certificate(ca_file: Path) -> None:
    """
    Without a handshake, nothing was seen.
    """
    with pytest.raises(ProbeError) as caught:
        look_at(session(completed=False), ca_file)
    assert caught.value.cause is Cause.BLOCKED
