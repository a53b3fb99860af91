"""
Finds out which suites and groups a server accepts: offers all, and again all but what it chose.

A server chooses one of what it gets, so each connection finds one more, and the last one finds that
there are no more. What has to be offered apart goes side by side.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.groups import CURVES, MODERN
from mailvet.facts.hello import Beside
from mailvet.facts.offers import TLS12, TLS13, Answer, Offer, VersionFacts
from mailvet.facts.signatures import SIGNATURES
from mailvet.facts.suites import SUITES, TLS13_SUITES
from mailvet.facts.tls_enumeration import Choice, TlsEnumeration
from mailvet.model import Protocol
from mailvet.probes.tls import PERSISTENCE, make_control, make_offer, require_tls, written

ROLE = "tls-policy"
"""Role of a profile that has rules for suites and groups."""

MOST = 40
"""Offers of one kind."""

_EXTRAS = "tickets, stapling, ALPN"

_ALPN = {Protocol.IMAP: "imap", Protocol.POP3: "pop3", Protocol.SIEVE: "managesieve"}
"""Names in the registry of ALPN; SMTP has none."""

_Offers = Callable[[tuple[int, ...]], Awaitable[Offer]]


async def probe_tls_enumeration(context: ProbeContext) -> TlsEnumeration:
    """
    Suites and groups of TLS 1.2 and 1.3, as far as the server has these versions.

    Raises:
        ProbeError: The server does not answer handshakes with TLS.
    """
    await require_tls(context)
    versions: VersionFacts = await context.fact("versions", context.service)
    start = time.monotonic()
    ways = []
    if TLS12 in versions.accepted:
        ways += [_suites(context, TLS12, numbers, kind) for kind, numbers in _kinds().items()]
        ways.append(_groups(context, TLS12, _ecdhe(), CURVES))
        ways.append(_signatures(context))
        ways.append(_extras(context))
    if TLS13 in versions.accepted:
        ways.append(_suites(context, TLS13, TLS13_SUITES, "all suites"))
        ways.append(_groups(context, TLS13, TLS13_SUITES, MODERN))
    found = await asyncio.gather(*ways)
    offers = tuple(each for some in found for each in some)
    extra = next((each.chosen for each in offers if each.label == _EXTRAS and each.chosen), None)
    return TlsEnumeration(
        versions=versions.accepted,
        choices=tuple(
            Choice(each.chosen, each.group, each.dh_bits, each.signature)
            for each in offers
            if each.version and each.chosen
        ),
        open=tuple(_open(versions, offers, await make_control(context, versions.offers))),
        connections=len(offers),
        seconds=round(time.monotonic() - start, 3),
        transcript=written(offers),
        extras=extra.extensions if extra else None,
        protocol=_ALPN.get(context.service.protocol, ""),
    )


def _open(
    versions: VersionFacts, offers: tuple[Offer, ...], control: Offer | None
) -> Iterator[str]:
    """
    Offers whose answer was unclear; all, if the server accepts nobody any more in the end.
    """
    for each in (*versions.offers, *offers):
        if each.answer is Answer.UNCLEAR:
            yield f"{each.hello.version}, {each.label}: {each.detail}"
    if control is not None and not control.version:
        yield f"in the end the server did not accept a sound offer any more ({control.detail})"
    labels = Counter((each.hello.version, each.label) for each in offers)
    for (version, label), count in labels.items():
        if count >= MOST:
            yield f"{version}, {label}: more than {MOST}"


def _kinds() -> dict[str, tuple[int, ...]]:
    """
    Suites by what a server has to have for them.
    """
    found: dict[str, tuple[int, ...]] = {}
    for suite in SUITES.values():
        found[suite.kind] = (*found.get(suite.kind, ()), suite.number)
    return found


def _ecdhe() -> tuple[int, ...]:
    return tuple(each.number for each in SUITES.values() if each.exchange.startswith("ECDHE"))


async def _suites(
    context: ProbeContext, version: str, suites: tuple[int, ...], label: str
) -> list[Offer]:
    return await _exhaust(
        lambda left: make_offer(context, version, left, label),
        suites,
        lambda offer: offer.chosen.suites[0] if offer.chosen else 0,
    )


async def _groups(
    context: ProbeContext, version: str, suites: tuple[int, ...], groups: tuple[int, ...]
) -> list[Offer]:
    return await _exhaust(
        lambda left: make_offer(context, version, suites, "groups", Beside(groups=left)),
        groups,
        lambda offer: offer.group,
    )


async def _signatures(context: ProbeContext) -> list[Offer]:
    """
    How the server signs its part of the key exchange in TLS 1.2; later versions encrypt it.
    """
    suites = tuple(each.number for each in SUITES.values() if each.signed)
    return await _exhaust(
        lambda left: make_offer(context, TLS12, suites, "signatures", Beside(signatures=left)),
        tuple(SIGNATURES),
        lambda offer: offer.signature,
    )


async def _extras(context: ProbeContext) -> list[Offer]:
    """
    All suites of TLS 1.2, with extensions that a server may answer in clear text.
    """
    protocol = _ALPN.get(context.service.protocol, "").encode()
    return [await make_offer(context, TLS12, tuple(SUITES), _EXTRAS, Beside(extras=protocol))]


async def _exhaust(
    offer: _Offers, numbers: tuple[int, ...], chosen: Callable[[Offer], int]
) -> list[Offer]:
    found: list[Offer] = []
    while numbers and len(found) < MOST:
        found.append(await offer(numbers))
        # A server may choose what it then cannot do: Dovecot without parameters for DHE.
        number = chosen(found[-1]) if found[-1].answer is not Answer.UNCLEAR else 0
        if number not in numbers:
            break
        numbers = tuple(each for each in numbers if each != number)
    return found


def _acts(scope: Scope) -> Acts:
    if ROLE not in scope.target.roles:
        return ()
    most = 2 + sum(
        len(each) + 1 for each in (*_kinds().values(), CURVES, SIGNATURES, TLS13_SUITES, MODERN)
    )
    return (talks(scope.service, PERSISTENCE * most),)


FACTS = (
    FactSpec(
        "tls_enumeration",
        probe_tls_enumeration,
        TlsEnumeration,
        acts=_acts,
        needs=("session", "versions"),
        per_endpoint=True,
        patience=2.0,
    ),
)
