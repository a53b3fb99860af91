"""
Groups for the key exchange, as the IANA registry "TLS Supported Groups" numbers and names them.
"""

from types import MappingProxyType

_BINARY = (
    "sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1",
    "sect239k1", "sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1",
)  # fmt: skip

GROUPS = MappingProxyType(
    {
        0x11EC: "X25519MLKEM768",
        0x11EB: "SecP256r1MLKEM768",
        0x11ED: "SecP384r1MLKEM1024",
        29: "x25519",
        30: "x448",
        23: "secp256r1",
        24: "secp384r1",
        25: "secp521r1",
        31: "brainpoolP256r1tls13",
        32: "brainpoolP384r1tls13",
        33: "brainpoolP512r1tls13",
        256: "ffdhe2048",
        257: "ffdhe3072",
        258: "ffdhe4096",
        259: "ffdhe6144",
        260: "ffdhe8192",
        26: "brainpoolP256r1",
        27: "brainpoolP384r1",
        28: "brainpoolP512r1",
        22: "secp256k1",
        21: "secp224r1",
        20: "secp224k1",
        19: "secp192r1",
        18: "secp192k1",
        17: "secp160r2",
        16: "secp160r1",
        15: "secp160k1",
        **dict(enumerate(_BINARY, 1)),
        0x0200: "MLKEM512",
        0x0201: "MLKEM768",
        0x0202: "MLKEM1024",
    }
)
"""Every group that is offered, by number."""

CURVES = tuple(number for number in GROUPS if number < 31)
"""Those that TLS 1.2 knows and that are curves."""

MODERN = tuple(number for number in GROUPS if number >= 31 or number in {23, 24, 25, 29, 30})
"""Those that TLS 1.3 knows."""


def group_name(number: int) -> str:
    """
    The registry's name of a group.
    """
    return GROUPS.get(number, f"0x{number:04X}")
