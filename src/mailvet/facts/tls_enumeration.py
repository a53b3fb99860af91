"""
Everything that a server accepts in TLS, as far as it can be offered.
"""

from dataclasses import dataclass

from mailvet.facts.groups import group_name
from mailvet.facts.signatures import signature_name
from mailvet.facts.suites import SUITES, suite_name
from mailvet.facts.tls import RENEGOTIATION_INFO, Hello
from mailvet.transcript import Line

TLS13_NAMES = {
    0x1301: "AES_128_GCM_SHA256",
    0x1302: "AES_256_GCM_SHA384",
    0x1303: "CHACHA20_POLY1305_SHA256",
    0x1304: "AES_128_CCM_SHA256",
    0x1305: "AES_128_CCM_8_SHA256",
}
"""Suites of TLS 1.3; they say nothing of the key exchange."""


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What a server chose.

    Attributes:
        hello: Its ServerHello.
        group: The group of the key exchange; 0 if there is none.
        dh_bits: Size of its Diffie-Hellman prime; 0 if there is none.
        signature: The scheme with which it signed its part of the key exchange; 0 if not seen.
    """

    hello: Hello
    group: int
    dh_bits: int
    signature: int = 0


@dataclass(frozen=True, slots=True)
class TlsEnumeration:
    """
    Suites and groups, found by offering all, and again all but what was chosen.

    Attributes:
        versions: Protocol versions that are accepted, oldest first.
        choices: What was chosen, in the order of the offers.
        open: Offers whose answer was unclear, in words; nothing follows from what is missing then.
        connections: How many it took.
        seconds: How long it took.
        transcript: The offers in short lines.
        extras: Extensions with which TLS 1.2 answers to an offer of session tickets, stapling and
            ALPN; None without TLS 1.2, or if the answer was unclear.
        protocol: The name that was offered for ALPN; empty if the protocol has none.
    """

    versions: tuple[str, ...]
    choices: tuple[Choice, ...]
    open: tuple[str, ...]
    connections: int
    seconds: float
    transcript: tuple[Line, ...]
    extras: tuple[int, ...] | None = None
    protocol: str = ""

    @property
    def suites(self) -> tuple[str, ...]:
        """
        Names of the accepted suites, without ``TLS_``.
        """
        numbers = (each.hello.suites[0] for each in self.choices)
        return tuple(dict.fromkeys(_name(each) for each in numbers))

    @property
    def groups(self) -> tuple[str, ...]:
        """
        Names of the accepted groups.
        """
        return tuple(dict.fromkeys(group_name(each.group) for each in self.choices if each.group))

    @property
    def signatures(self) -> tuple[str, ...]:
        """
        Names of the schemes with which TLS 1.2 signs the key exchange.
        """
        numbers = (each.signature for each in self.choices if each.signature)
        return tuple(dict.fromkeys(signature_name(each) for each in numbers))

    @property
    def dh_bits(self) -> tuple[int, ...]:
        """
        Sizes of the Diffie-Hellman primes that were seen.
        """
        return tuple(sorted({each.dh_bits for each in self.choices} - {0}))

    @property
    def old(self) -> tuple[Hello, ...]:
        """
        The ServerHellos of TLS 1.2 and older.
        """
        return tuple(
            each.hello for each in self.choices if each.hello.version not in {"TLSv1.3", ""}
        )

    @property
    def compresses(self) -> bool:
        """
        Whether a compression method was chosen (CRIME).
        """
        return any(each.compression for each in self.old)

    @property
    def renegotiates_securely(self) -> bool | None:
        """
        Whether the server knows RFC 5746; None without TLS 1.2 or older.
        """
        return all(RENEGOTIATION_INFO in each.extensions for each in self.old) if self.old else None

    @property
    def extended_master_secret(self) -> bool | None:
        """
        Whether the server knows RFC 7627; None without TLS 1.2 or older.
        """
        return all(each.extended_master_secret for each in self.old) if self.old else None


def _name(number: int) -> str:
    known = number in SUITES
    return suite_name(number).removeprefix("TLS_") if known else TLS13_NAMES.get(number, "?")
