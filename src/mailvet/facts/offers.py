"""
What a server answered to offers of protocol versions and cipher suites.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.hello import NUMBERS
from mailvet.facts.suites import SUITES, suite_name
from mailvet.facts.tls import Hello
from mailvet.model import Cause
from mailvet.transcript import Line

TLS12 = "TLSv1.2"
TLS13 = "TLSv1.3"

STATIC_RSA = "static RSA"
"""Label of the offer of sound suites without forward secrecy."""


PROTOCOL_VERSION = 70
"""Description of an alert."""


class Answer(StrEnum):
    """
    How a server answered an offer.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Offer:
    """
    One ClientHello and its answer.

    Attributes:
        label: Which suites were offered, in words.
        hello: What was offered, read back from the octets that were sent.
        answer: Accepted, refused by an alert, answered by hanging up, or none of these.
        chosen: The server's choice, if it made one.
        cause: Why it is unclear.
        detail: What was seen, in words.
        dh_bits: Size of the server's Diffie-Hellman prime; 0 if none was seen.
        asks_certificate: Whether the server asks for a client certificate, as far as is visible.
        group: Number of the group of its key exchange; 0 if none was seen.
        signature: Number of the scheme with which it signed that; 0 if none was seen.
        alert: Description of the alert with which it refused; None if there was none.
    """

    label: str
    hello: Hello
    answer: Answer
    chosen: Hello | None = None
    cause: Cause | None = None
    detail: str = ""
    dh_bits: int = 0
    asks_certificate: bool = False
    group: int = 0
    signature: int = 0
    alert: int | None = None

    @property
    def refuses_version(self) -> bool:
        """
        Whether the server says that it is the version that it does not have (RFC 5246 §7.2.2).
        """
        return self.answer is Answer.REFUSED and self.alert == PROTOCOL_VERSION

    @property
    def version(self) -> str:
        """
        The version that the server agreed to; empty if it did not agree.
        """
        return self.chosen.version if self.answer is Answer.ACCEPTED and self.chosen else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Whether all of some offers were refused.

    Attributes:
        cause: Why that is not known; None if it is.
        detail: Why, in words; of a known refusal, how it was expressed.
    """

    cause: Cause | None
    detail: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """
    Which protocol versions a server accepts.

    Attributes:
        offers: One or two for every version from SSLv3 to TLS 1.3.
        control: One that was accepted, made again after all others; None if none was accepted.
        transcript: The same in short lines.
    """

    offers: tuple[Offer, ...]
    control: Offer | None
    transcript: tuple[Line, ...]

    @property
    def accepted(self) -> tuple[str, ...]:
        """
        Versions that the server agreed to, oldest first.
        """
        return tuple(sorted({each.version for each in self.offers} - {""}, key=_rank))

    def older_than(self, minimum: str) -> tuple[str, ...]:
        """
        Versions before *minimum* that the server agreed to.
        """
        return tuple(each for each in self.accepted if _rank(each) < _rank(minimum))

    def refusal_below(self, minimum: str) -> Refusal:
        """
        Whether every version before *minimum* was refused while a newer one was accepted.
        """
        if len(self.older_than(minimum)) == len(self.accepted):
            why = "no allowed version was accepted either, so the refusals say nothing"
            return Refusal(Cause.BLOCKED, why)
        older = (each for each in self.offers if _rank(each.hello.version) < _rank(minimum))
        return _refusal(older, self.control)

    def refusal_of(self, version: str) -> Refusal:
        """
        Whether *version* was refused while another one was accepted.
        """
        same = (each for each in self.offers if each.hello.version == version)
        return _refusal(same, self.control)

    @property
    def tls13_only(self) -> bool:
        """
        Whether TLS 1.3 was accepted and TLS 1.2 refused.
        """
        return self.accepted == (TLS13,) and self.refusal_of(TLS12).cause is None

    @property
    def dh_bits(self) -> tuple[int, ...]:
        """
        Sizes of the Diffie-Hellman primes that were seen.
        """
        return tuple(sorted({each.dh_bits for each in self.offers} - {0}))

    @property
    def asks_certificate(self) -> bool:
        """
        Whether the server asks its clients for certificates, as far as is visible.
        """
        return any(each.asks_certificate for each in self.offers)


@dataclass(frozen=True, slots=True)
class SuiteFacts:
    """
    Which of the suites that should be refused a server accepts.

    Attributes:
        offers: One for each kind of suite, and further ones without those that were chosen.
        control: A sound offer, made after all of these; None if the server accepts none.
        transcript: The offers in short lines.
    """

    offers: tuple[Offer, ...]
    control: Offer | None
    transcript: tuple[Line, ...]

    @property
    def chosen(self) -> tuple[int, ...]:
        """
        Suites that the server agreed to.
        """
        found = (each.chosen.suites[0] for each in self.offers if each.version and each.chosen)
        return tuple(dict.fromkeys(found))

    def weak(self, *, anonymous: bool) -> tuple[str, ...]:
        """
        Names of accepted suites that nobody may use any more, *anonymous* ones or others.
        """
        return tuple(
            suite_name(each)
            for each in self.chosen
            if SUITES[each].weakness and SUITES[each].anonymous == anonymous
        )

    @property
    def static_rsa(self) -> tuple[str, ...]:
        """
        Names of accepted suites without forward secrecy.
        """
        return tuple(suite_name(each) for each in self.chosen if SUITES[each].static_rsa)

    def refusal(self, *labels: str) -> Refusal:
        """
        Whether the offers with *labels* were refused while the server accepted others.
        """
        return _refusal((each for each in self.offers if each.label in labels), self.control)


def _refusal(offers: Iterable[Offer], control: Offer | None) -> Refusal:
    if control is None:
        why = "no sound offer was accepted either, so the refusals say nothing"
        return Refusal(Cause.BLOCKED, why)
    if not control.version:
        why = f"in the end the server did not accept a sound offer any more ({control.detail})"
        return Refusal(Cause.BLOCKED, why)
    ways: dict[str, None] = {}
    for each in offers:
        if each.answer is Answer.UNCLEAR:
            return Refusal(each.cause or Cause.BLOCKED, f"{each.label}: {each.detail}")
        ways[each.detail] = None
    return Refusal(None, ", ".join(ways)) if ways else Refusal(Cause.TOOL, "nothing was offered")


def _rank(version: str) -> int:
    return NUMBERS.get(version, 0)
