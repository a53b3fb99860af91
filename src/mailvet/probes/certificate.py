"""
Reads the certificates of a handshake and tries the way from them to what clients trust.
"""

import asyncio
import base64
import functools
import hashlib
import ssl
import time
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto

from mailvet.acts import nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.certificate import Certificate, CertificateFacts, ShownFacts, ShownLeaf
from mailvet.facts.keyfiles import KeyFileFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.tls import Handshake
from mailvet.model import Cause, Endpoint, Protocol, Security, Target
from mailvet.transcript import Transcript

MAX_CHAIN = 20
"""Certificates of a chain that are read."""

_BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
)


async def probe_certificate(context: ProbeContext) -> CertificateFacts:
    """
    The certificates that the endpoint shows, and whether clients can trust them.

    Raises:
        ProbeError: BLOCKED if no handshake came to its end.
    """
    session: SessionFacts = await context.fact("session", context.service)
    if session.handshake is None or not session.handshake.completed:
        why = session.handshake.failure if session.handshake else "STARTTLS did not come about"
        raise ProbeError(Cause.BLOCKED, f"no certificate was seen: {why}", session.transcript)
    return await examined(context, session.handshake)


async def examined(context: ProbeContext, handshake: Handshake) -> CertificateFacts:
    """
    The certificates that were shown in *handshake*, and whether clients of the target can trust
    them.
    """
    ders = [base64.b64decode(each) for each in handshake.chain[:MAX_CHAIN]]
    chain = tuple(read_certificate(each) for each in ders)
    anchors = context.target.ca_file or "the system's certificates"
    trusted, detail = await asyncio.to_thread(_trust, ders, context.target.ca_file)
    transcript = Transcript()
    for each in chain:
        transcript.add("<", _described(each))
    words = {True: "leads", False: "does not lead", None: "could not be followed"}[trusted]
    transcript.add("*", f"the chain {words} to {anchors} {detail}".rstrip())
    return CertificateFacts(chain, anchors, trusted, detail, time.time(), transcript.freeze())


def _described(certificate: Certificate) -> str:
    if certificate.problem:
        return f"certificate {certificate.sha256}: {certificate.problem}"
    return (
        f"certificate {certificate.subject} issued by {certificate.issuer}, for "
        f"{certificate.names}, until {certificate.expiry}, {certificate.key} {certificate.bits}, "
        f"{certificate.signature_hash}, SHA-256 {certificate.sha256}"
    )


_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What a certificate that OpenSSL lets through may still make cryptography raise."""


def read_certificate(der: bytes) -> Certificate:
    """
    What stands in a certificate; a broken one is described as such.
    """
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        return _parsed(x509.load_der_x509_certificate(der), fingerprint)
    except _UNREADABLE as exc:
        return Certificate(fingerprint, problem=f"cannot be read: {exc}"[:300])


def _parsed(certificate: x509.Certificate, fingerprint: str) -> Certificate:
    names: x509.SubjectAlternativeName | None = None
    server_auth = True
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names = extension.value
        elif isinstance(extension.value, x509.ExtendedKeyUsage):
            suitable = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
            server_auth = not suitable.isdisjoint(extension.value)
    key, bits = _key(certificate)
    return Certificate(
        sha256=fingerprint,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
        addresses=tuple(str(each) for each in names.get_values_for_type(x509.IPAddress))
        if names
        else (),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        key=key,
        bits=bits,
        signature_hash=_signature_hash(certificate),
        server_auth=server_auth,
        common_name=_common_name(certificate),
    )


def _common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value) if found else ""


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return type(key).__name__.strip("_").removesuffix("PublicKey"), 0


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm else ""


def _trust(ders: list[bytes], ca_file: str | None) -> tuple[bool | None, str]:
    try:
        store = _store(ca_file)
    except (OSError, crypto.Error) as exc:
        reason = (
            exc.strerror if isinstance(exc, OSError) and exc.strerror else "no certificate in it"
        )
        return None, f"({ca_file or 'the system store'}: {reason})"
    return leads_to(store, ders)


def leads_to(store: crypto.X509Store, ders: list[bytes]) -> tuple[bool, str]:
    """
    Whether the chain *ders*, leaf first, ends at a certificate of *store*, and why not.
    """
    try:
        leaf, *rest = [crypto.load_certificate(crypto.FILETYPE_ASN1, each) for each in ders]
        crypto.X509StoreContext(store, leaf, rest).verify_certificate()
    except crypto.X509StoreContextError as exc:
        return False, f"({exc})"
    except (crypto.Error, ValueError):
        return False, "(a certificate cannot be read)"
    return True, ""


@functools.lru_cache(maxsize=8)
def _store(ca_file: str | None) -> crypto.X509Store:
    store = crypto.X509Store()
    if ca_file is not None:
        with Path(ca_file).open("rb"):
            store.load_locations(ca_file)
        # What the inventory names is trusted as it is, be it a root or an intermediate.
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        return store
    paths = ssl.get_default_verify_paths()
    cafile = paths.cafile or next((each for each in _BUNDLES if Path(each).is_file()), None)
    if cafile is None and paths.capath is None:
        raise FileNotFoundError(2, "no certificates of the system were found")
    store.load_locations(cafile, paths.capath)
    return store


def store_of(pem: str) -> crypto.X509Store | None:
    """
    The certificates in *pem* as anchors; None if there is none. Only roots end a chain, as in the
    clients that servers read such files for.
    """
    store = crypto.X509Store()
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
        for each in certificates:
            store.add_cert(crypto.X509.from_cryptography(each))
    except (*_UNREADABLE, crypto.Error):
        return None
    return store


async def probe_shown(context: ProbeContext) -> ShownFacts:
    """
    The certificates of all endpoints, and those that are configured on the host.
    """
    target = context.target
    endpoints = [each for each in target.endpoints if each.security is not Security.CLEARTEXT]
    seen = await asyncio.gather(*(_leaf(context, each) for each in endpoints))
    on_disk: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    for server in dict.fromkeys(server_of(target, each) for each in endpoints):
        try:
            files: KeyFileFacts = await context.fact(f"{server}_keys")
            on_disk += [(server, each) for each in files.leaves]
        except ProbeError as exc:
            missing.append((server, exc.detail))
    leaves = tuple(each for each in seen if isinstance(each, ShownLeaf))
    transcript = Transcript()
    for each in leaves:
        transcript.add("<", f"{each.endpoint} (port {each.port}): {each.certificate.sha256}")
    for server, fingerprint in on_disk:
        transcript.add("*", f"on disk for {server}: {fingerprint}")
    unseen = tuple(each for each in seen if not isinstance(each, ShownLeaf))
    return ShownFacts(leaves, unseen, tuple(on_disk), tuple(missing), transcript.freeze())


async def _leaf(context: ProbeContext, endpoint: Endpoint) -> ShownLeaf | tuple[str, str]:
    server = server_of(context.target, endpoint)
    try:
        facts: CertificateFacts = await context.fact("certificate", endpoint)
    except ProbeError as exc:
        return server, f"{endpoint.name}: {exc.detail}"
    if not facts.chain:
        return server, f"{endpoint.name}: no certificate was shown"
    return ShownLeaf(server, endpoint.name, endpoint.port, facts.chain[0])


def server_of(target: Target, endpoint: Endpoint) -> str:
    """
    Which of the two servers answers on *endpoint*; Dovecot may offer submission as well.
    """
    mail = endpoint.protocol in {Protocol.SMTP, Protocol.SUBMISSION}
    return "postfix" if mail and "postfix" in target.roles else "dovecot"


FACTS = (
    FactSpec(
        "certificate",
        probe_certificate,
        CertificateFacts,
        acts=nothing,
        needs=("session",),
        per_endpoint=True,
    ),
    FactSpec(
        "shown_certificates",
        probe_shown,
        ShownFacts,
        acts=nothing,
        needs=("certificate", "dovecot_keys", "postfix_keys"),
    ),
)
