"""
The certificates of the fake servers, and the one authority that their clients may trust.
"""

import ssl
import tempfile
from functools import cache

import trustme

from tests.fakes.grammar import HOST_NAME

AUTHORITY = trustme.CA()
"""The certificate authority that every fake server's certificate comes from."""


@cache
def server_tls() -> ssl.SSLContext:
    """
    TLS as a good server does it, with a certificate for ``HOST_NAME`` and the loopback address.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    AUTHORITY.issue_cert(HOST_NAME, "127.0.0.1", common_name=HOST_NAME).configure_cert(context)
    return context


@cache
def malformed_tls() -> ssl.SSLContext:
    """
    TLS with a certificate of X.509 version 6, which OpenSSL lets through and strict parsers refuse.
    """
    issued = AUTHORITY.issue_cert(HOST_NAME, common_name=HOST_NAME)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    version_3, version_6 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05"
    pem = ssl.DER_cert_to_PEM_cert(der.replace(version_3, version_6, 1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(issued.private_key_pem.bytes().decode() + pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context
