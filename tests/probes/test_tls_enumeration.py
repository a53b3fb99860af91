"""
Enumeration of suites and groups against OpenSSL, whose settings are known.
"""

import asyncio
import ssl
from typing import Any

from mailvet.facts.tls import ALPN, SESSION_TICKET, STATUS_REQUEST
from mailvet.facts.tls_enumeration import TlsEnumeration
from mailvet.probes.tls_enumeration import probe_tls_enumeration
from tests.fakes.openssl_imaps import imaps, listening, visiting
from tests.fakes.stubs import Visit

SUITES = {
    "ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE_RSA_WITH_AES_128_CBC_SHA256": "ECDHE-RSA-AES128-SHA256",
    "RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
}
NEW = {"AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES_128_GCM_SHA256"}


def observe(**settings: Any) -> TlsEnumeration:  # noqa: ANN401
    """
    What the probe finds on a server with these suites and settings.
    """
    ciphers = settings.pop("ciphers", ":".join(SUITES.values()))
    with listening(imaps(ciphers=ciphers, **settings)) as port:
        return asyncio.run(probe_tls_enumeration(visiting(port)))


def test_all_suites_are_found_and_no_other() -> None:
    """
    TLS 1.2 as it was configured, TLS 1.3 as OpenSSL has it.
    """
    found = observe()

    assert found.versions == ("TLSv1.2", "TLSv1.3")
    assert set(found.suites) == {*SUITES, *NEW}
    assert found.open == ()
    assert found.extended_master_secret
    assert found.renegotiates_securely
    assert not found.compresses


def test_groups_of_both_versions_are_found() -> None:
    """
    OpenSSL's own choice has the common curves in it.
    """
    found = observe()

    assert {"x25519", "secp256r1", "secp384r1", "secp521r1"} <= set(found.groups)
    assert "secp192r1" not in found.groups


def test_one_curve_is_one_group() -> None:
    """
    Where the administrator allows one only.
    """
    assert observe(curve="secp384r1").groups == ("secp384r1",)


def test_signatures_are_found_as_far_as_the_security_level_lets_them() -> None:
    """
    OpenSSL signs with SHA-1 at level 0 only.
    """
    usual, lax = observe(), observe(ciphers="ECDHE+AESGCM:@SECLEVEL=0")

    assert {"rsa_pss_rsae_sha256", "rsa_pkcs1_sha512"} <= set(usual.signatures)
    assert set(lax.signatures) - set(usual.signatures) >= {"rsa_pkcs1_sha1"}
    assert not [each for each in lax.signatures if each.startswith(("ecdsa", "0x"))]


def test_a_server_of_tls_1_3_alone_has_no_old_suites() -> None:
    """
    And nothing to say about what TLS 1.3 has done away with.
    """
    found = observe(minimum=ssl.TLSVersion.TLSv1_3)

    assert set(found.suites) == NEW
    assert found.signatures == ()
    assert found.extended_master_secret is None
    assert found.renegotiates_securely is None
    assert found.extras is None


def test_extensions_that_tls_1_2_answers_in_clear_text_are_seen() -> None:
    """
    OpenSSL has tickets by default, ALPN on request, and staples what it is given, so nothing here.
    """
    named, unnamed = observe(alpn="imap"), observe()

    assert named.extras is not None
    assert {SESSION_TICKET, ALPN} <= set(named.extras)
    assert STATUS_REQUEST not in named.extras
    assert unnamed.extras is not None
    assert ALPN not in unnamed.extras


def test_a_server_that_hangs_up_on_everybody_in_the_end_leaves_it_open() -> None:
    """
    What it did not choose any more was not refused.
    """
    visits = 0
    willing = imaps(ciphers=":".join(SUITES.values()))

    async def play(visit: Visit) -> None:
        nonlocal visits
        visits += 1
        if visits > 20:
            raise EOFError
        await willing(visit)

    with listening(play) as port:
        found = asyncio.run(probe_tls_enumeration(visiting(port)))

    assert [each for each in found.open if each.startswith("in the end")]
