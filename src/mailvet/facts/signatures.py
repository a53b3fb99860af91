"""
How servers sign handshakes, as the IANA registry "TLS SignatureScheme" numbers and names it.
"""

from types import MappingProxyType

SIGNATURES = MappingProxyType(
    {
        0x0403: "ecdsa_secp256r1_sha256",
        0x0503: "ecdsa_secp384r1_sha384",
        0x0603: "ecdsa_secp521r1_sha512",
        0x0807: "ed25519",
        0x0808: "ed448",
        0x0804: "rsa_pss_rsae_sha256",
        0x0805: "rsa_pss_rsae_sha384",
        0x0806: "rsa_pss_rsae_sha512",
        0x0809: "rsa_pss_pss_sha256",
        0x080A: "rsa_pss_pss_sha384",
        0x080B: "rsa_pss_pss_sha512",
        0x0401: "rsa_pkcs1_sha256",
        0x0501: "rsa_pkcs1_sha384",
        0x0601: "rsa_pkcs1_sha512",
        0x0402: "dsa_sha256",
        0x0303: "ecdsa_sha224",
        0x0301: "rsa_pkcs1_sha224",
        0x0203: "ecdsa_sha1",
        0x0201: "rsa_pkcs1_sha1",
        0x0202: "dsa_sha1",
        0x0101: "rsa_pkcs1_md5",
    }
)
"""
Every one that is offered, by number. What has no name of its own in the registry is named after its
two octets (RFC 5246 §7.4.1.4.1).
"""


def signature_name(number: int) -> str:
    """
    The registry's name of a signature scheme.
    """
    return SIGNATURES.get(number, f"0x{number:04X}")
