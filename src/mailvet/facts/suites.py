"""
Cipher suites of TLS 1.2 and older, as the IANA registry numbers and names them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_REGISTRY = {
    "RSA": """
        0001:NULL_MD5 0002:NULL_SHA 003B:NULL_SHA256 0004:RC4_128_MD5 0005:RC4_128_SHA
        0007:IDEA_CBC_SHA 0009:DES_CBC_SHA 000A:3DES_EDE_CBC_SHA
        009D:AES_256_GCM_SHA384 009C:AES_128_GCM_SHA256 003D:AES_256_CBC_SHA256
        003C:AES_128_CBC_SHA256 0035:AES_256_CBC_SHA 002F:AES_128_CBC_SHA C09D:AES_256_CCM
        C09C:AES_128_CCM C0A1:AES_256_CCM_8 C0A0:AES_128_CCM_8 00C0:CAMELLIA_256_CBC_SHA256
        00BA:CAMELLIA_128_CBC_SHA256 0084:CAMELLIA_256_CBC_SHA 0041:CAMELLIA_128_CBC_SHA
        C07B:CAMELLIA_256_GCM_SHA384 C07A:CAMELLIA_128_GCM_SHA256 C051:ARIA_256_GCM_SHA384
        C050:ARIA_128_GCM_SHA256 C03D:ARIA_256_CBC_SHA384 C03C:ARIA_128_CBC_SHA256
        0096:SEED_CBC_SHA""",
    "RSA_EXPORT": "0003:RC4_40_MD5 0006:RC2_CBC_40_MD5 0008:DES40_CBC_SHA",
    "RSA_EXPORT1024": "0060:RC4_56_MD5 0061:RC2_CBC_56_MD5 0062:DES_CBC_SHA 0064:RC4_56_SHA",
    "DH_DSS": """
        000C:DES_CBC_SHA 000D:3DES_EDE_CBC_SHA 0030:AES_128_CBC_SHA 0036:AES_256_CBC_SHA
        003E:AES_128_CBC_SHA256 0068:AES_256_CBC_SHA256 00A4:AES_128_GCM_SHA256
        00A5:AES_256_GCM_SHA384 0042:CAMELLIA_128_CBC_SHA 0085:CAMELLIA_256_CBC_SHA
        00BB:CAMELLIA_128_CBC_SHA256 00C1:CAMELLIA_256_CBC_SHA256 C082:CAMELLIA_128_GCM_SHA256
        C083:CAMELLIA_256_GCM_SHA384 C03E:ARIA_128_CBC_SHA256 C03F:ARIA_256_CBC_SHA384
        C058:ARIA_128_GCM_SHA256 C059:ARIA_256_GCM_SHA384 0097:SEED_CBC_SHA""",
    "DH_RSA": """
        000F:DES_CBC_SHA 0010:3DES_EDE_CBC_SHA 0031:AES_128_CBC_SHA 0037:AES_256_CBC_SHA
        003F:AES_128_CBC_SHA256 0069:AES_256_CBC_SHA256 00A0:AES_128_GCM_SHA256
        00A1:AES_256_GCM_SHA384 0043:CAMELLIA_128_CBC_SHA 0086:CAMELLIA_256_CBC_SHA
        00BC:CAMELLIA_128_CBC_SHA256 00C2:CAMELLIA_256_CBC_SHA256 C07E:CAMELLIA_128_GCM_SHA256
        C07F:CAMELLIA_256_GCM_SHA384 C040:ARIA_128_CBC_SHA256 C041:ARIA_256_CBC_SHA384
        C054:ARIA_128_GCM_SHA256 C055:ARIA_256_GCM_SHA384 0098:SEED_CBC_SHA""",
    "DH_DSS_EXPORT": "000B:DES40_CBC_SHA",
    "DH_RSA_EXPORT": "000E:DES40_CBC_SHA",
    "DHE_DSS": """
        0012:DES_CBC_SHA 0013:3DES_EDE_CBC_SHA 0066:RC4_128_SHA 00A3:AES_256_GCM_SHA384
        00A2:AES_128_GCM_SHA256 006A:AES_256_CBC_SHA256 0040:AES_128_CBC_SHA256
        0038:AES_256_CBC_SHA 0032:AES_128_CBC_SHA 0044:CAMELLIA_128_CBC_SHA
        0087:CAMELLIA_256_CBC_SHA 00BD:CAMELLIA_128_CBC_SHA256 00C3:CAMELLIA_256_CBC_SHA256
        C080:CAMELLIA_128_GCM_SHA256 C081:CAMELLIA_256_GCM_SHA384 C042:ARIA_128_CBC_SHA256
        C043:ARIA_256_CBC_SHA384 C056:ARIA_128_GCM_SHA256 C057:ARIA_256_GCM_SHA384
        0099:SEED_CBC_SHA""",
    "DHE_RSA": """
        0015:DES_CBC_SHA 0016:3DES_EDE_CBC_SHA 009F:AES_256_GCM_SHA384 009E:AES_128_GCM_SHA256
        CCAA:CHACHA20_POLY1305_SHA256 006B:AES_256_CBC_SHA256 0067:AES_128_CBC_SHA256
        0039:AES_256_CBC_SHA 0033:AES_128_CBC_SHA C09F:AES_256_CCM C09E:AES_128_CCM
        0088:CAMELLIA_256_CBC_SHA 0045:CAMELLIA_128_CBC_SHA 009A:SEED_CBC_SHA C0A3:AES_256_CCM_8
        C0A2:AES_128_CCM_8 00C4:CAMELLIA_256_CBC_SHA256 00BE:CAMELLIA_128_CBC_SHA256
        C07D:CAMELLIA_256_GCM_SHA384 C07C:CAMELLIA_128_GCM_SHA256 C053:ARIA_256_GCM_SHA384
        C052:ARIA_128_GCM_SHA256 C045:ARIA_256_CBC_SHA384 C044:ARIA_128_CBC_SHA256""",
    "DHE_DSS_EXPORT": "0011:DES40_CBC_SHA",
    "DHE_RSA_EXPORT": "0014:DES40_CBC_SHA",
    "DHE_DSS_EXPORT1024": "0063:DES_CBC_SHA 0065:RC4_56_SHA",
    "DH_anon": """
        0018:RC4_128_MD5 001A:DES_CBC_SHA 001B:3DES_EDE_CBC_SHA 00A7:AES_256_GCM_SHA384
        00A6:AES_128_GCM_SHA256 006D:AES_256_CBC_SHA256 006C:AES_128_CBC_SHA256
        003A:AES_256_CBC_SHA 0034:AES_128_CBC_SHA 00C5:CAMELLIA_256_CBC_SHA256
        00BF:CAMELLIA_128_CBC_SHA256 0089:CAMELLIA_256_CBC_SHA 0046:CAMELLIA_128_CBC_SHA
        C05B:ARIA_256_GCM_SHA384 C05A:ARIA_128_GCM_SHA256 C047:ARIA_256_CBC_SHA384
        C046:ARIA_128_CBC_SHA256 009B:SEED_CBC_SHA C085:CAMELLIA_256_GCM_SHA384
        C084:CAMELLIA_128_GCM_SHA256""",
    "DH_anon_EXPORT": "0017:RC4_40_MD5 0019:DES40_CBC_SHA",
    "ECDH_ECDSA": """
        C001:NULL_SHA C002:RC4_128_SHA C003:3DES_EDE_CBC_SHA C004:AES_128_CBC_SHA
        C005:AES_256_CBC_SHA C026:AES_256_CBC_SHA384 C025:AES_128_CBC_SHA256
        C02E:AES_256_GCM_SHA384 C02D:AES_128_GCM_SHA256 C075:CAMELLIA_256_CBC_SHA384
        C074:CAMELLIA_128_CBC_SHA256 C089:CAMELLIA_256_GCM_SHA384 C088:CAMELLIA_128_GCM_SHA256
        C04B:ARIA_256_CBC_SHA384 C04A:ARIA_128_CBC_SHA256 C05F:ARIA_256_GCM_SHA384
        C05E:ARIA_128_GCM_SHA256""",
    "ECDH_RSA": """
        C00B:NULL_SHA C00C:RC4_128_SHA C00D:3DES_EDE_CBC_SHA C00E:AES_128_CBC_SHA
        C00F:AES_256_CBC_SHA C02A:AES_256_CBC_SHA384 C029:AES_128_CBC_SHA256
        C032:AES_256_GCM_SHA384 C031:AES_128_GCM_SHA256 C079:CAMELLIA_256_CBC_SHA384
        C078:CAMELLIA_128_CBC_SHA256 C08D:CAMELLIA_256_GCM_SHA384 C08C:CAMELLIA_128_GCM_SHA256
        C04F:ARIA_256_CBC_SHA384 C04E:ARIA_128_CBC_SHA256 C063:ARIA_256_GCM_SHA384
        C062:ARIA_128_GCM_SHA256""",
    "ECDHE_ECDSA": """
        C006:NULL_SHA C007:RC4_128_SHA C008:3DES_EDE_CBC_SHA C02C:AES_256_GCM_SHA384
        C02B:AES_128_GCM_SHA256 CCA9:CHACHA20_POLY1305_SHA256 C024:AES_256_CBC_SHA384
        C023:AES_128_CBC_SHA256 C00A:AES_256_CBC_SHA C009:AES_128_CBC_SHA C0AD:AES_256_CCM
        C0AC:AES_128_CCM C0AF:AES_256_CCM_8 C0AE:AES_128_CCM_8 C073:CAMELLIA_256_CBC_SHA384
        C072:CAMELLIA_128_CBC_SHA256 C087:CAMELLIA_256_GCM_SHA384 C086:CAMELLIA_128_GCM_SHA256
        C049:ARIA_256_CBC_SHA384 C048:ARIA_128_CBC_SHA256 C05D:ARIA_256_GCM_SHA384
        C05C:ARIA_128_GCM_SHA256""",
    "ECDHE_RSA": """
        C010:NULL_SHA C011:RC4_128_SHA C012:3DES_EDE_CBC_SHA C030:AES_256_GCM_SHA384
        C02F:AES_128_GCM_SHA256 CCA8:CHACHA20_POLY1305_SHA256 C028:AES_256_CBC_SHA384
        C027:AES_128_CBC_SHA256 C014:AES_256_CBC_SHA C013:AES_128_CBC_SHA
        C077:CAMELLIA_256_CBC_SHA384 C076:CAMELLIA_128_CBC_SHA256 C08B:CAMELLIA_256_GCM_SHA384
        C08A:CAMELLIA_128_GCM_SHA256 C04D:ARIA_256_CBC_SHA384 C04C:ARIA_128_CBC_SHA256
        C061:ARIA_256_GCM_SHA384 C060:ARIA_128_GCM_SHA256""",
    "ECDH_anon": """
        C015:NULL_SHA C016:RC4_128_SHA C017:3DES_EDE_CBC_SHA C019:AES_256_CBC_SHA
        C018:AES_128_CBC_SHA""",
}
"""Suites by key exchange; those with a pre-shared key or SRP need a secret that mail has not."""

TLS13_SUITES = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)

_BROKEN_CIPHERS = {
    "NULL": "no encryption",
    "RC4": "RC4",
    "RC2": "RC2",
    "DES": "DES",
    "DES40": "DES",
    "3DES": "3DES",
    "IDEA": "IDEA",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """
    A cipher suite.

    Attributes:
        number: Its number in a hello.
        exchange: Key exchange and authentication, as in its name.
        cipher: Cipher and hash, as in its name.
    """

    number: int
    exchange: str
    cipher: str

    @property
    def name(self) -> str:
        """
        The name in the IANA registry.
        """
        return f"TLS_{self.exchange}_WITH_{self.cipher}"

    @property
    def anonymous(self) -> bool:
        """
        Whether the server proves nothing about itself.
        """
        return "anon" in self.exchange

    @property
    def static_rsa(self) -> bool:
        """
        Whether who gets the key later can read what was recorded earlier.
        """
        return self.exchange.startswith("RSA")

    @property
    def weakness(self) -> str:
        """
        Why nobody may use it any more; empty if it only lacks forward secrecy, or nothing.
        """
        if self.anonymous:
            return "anonymous"
        if "EXPORT" in self.exchange:
            return "export"
        return _BROKEN_CIPHERS.get(self.cipher.partition("_")[0], "")

    @property
    def needs_dh(self) -> bool:
        """
        Whether the server needs Diffie-Hellman parameters for it.
        """
        return self.exchange.startswith(("DHE", "DH_"))

    @property
    def signed(self) -> bool:
        """
        Whether the server makes a new key for each handshake and signs it.
        """
        return self.exchange.startswith(("DHE", "ECDHE")) and not self.anonymous

    @property
    def kind(self) -> str:
        """
        What a server has to have for it; one hello may offer all suites of a kind together.
        """
        if self.anonymous:
            return f"anonymous {'DH' if self.needs_dh else 'ECDH'}"
        if self.static_rsa:
            return "RSA export" if "EXPORT" in self.exchange else "RSA"
        return "DHE" if self.needs_dh else "ECDHE"


def _suites() -> dict[int, Suite]:
    found = {}
    for exchange, listed in _REGISTRY.items():
        for entry in listed.split():
            number, _, cipher = entry.partition(":")
            found[int(number, 16)] = Suite(int(number, 16), exchange, cipher)
    return found


SUITES = _suites()
"""Every suite that is offered, by number."""


def suite_name(number: int) -> str:
    """
    The registry's name of a suite.
    """
    return SUITES[number].name if number in SUITES else f"0x{number:04X}"


def offers_without_dh() -> tuple[int, ...]:
    """
    Every suite for which the server needs no Diffie-Hellman parameters, good ones first.
    """
    return _good_first(each for each in SUITES.values() if not each.needs_dh)


def offers_with_dh() -> tuple[int, ...]:
    """
    Every suite for which the server needs Diffie-Hellman parameters, good ones first.

    Apart from the others, because Dovecot without such parameters hangs up when it chooses one.
    """
    return _good_first(each for each in SUITES.values() if each.needs_dh)


def weak_offers() -> dict[str, tuple[int, ...]]:
    """
    Suites that nobody may use any more, one offer for each kind.
    """
    return by_kind(each for each in SUITES.values() if each.weakness)


def by_kind(suites: Iterable[Suite]) -> dict[str, tuple[int, ...]]:
    """
    The numbers of *suites*, of each kind apart.
    """
    found: dict[str, tuple[int, ...]] = {}
    for suite in suites:
        found[suite.kind] = (*found.get(suite.kind, ()), suite.number)
    return found


def static_rsa_offer() -> tuple[int, ...]:
    """
    Suites without forward secrecy whose ciphers are otherwise sound.
    """
    return tuple(each.number for each in SUITES.values() if each.static_rsa and not each.weakness)


def _good_first(suites: Iterable[Suite]) -> tuple[int, ...]:
    return tuple(each.number for each in sorted(suites, key=lambda each: bool(each.weakness)))
