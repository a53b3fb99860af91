"""
Finds out which suites and groups a server accepts: offers all, and again all but what it chose.

A server chooses one suite, one group and one signature of what it gets, so each connection finds
one more of each, and the last ones find that there are no more. What has to be offered apart goes
side by side.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.groups import CURVES, MODERN
from mailvet.facts.hello import Beside
from mailvet.facts.offers import TLS12, TLS13, Answer, Offer, SuiteFacts, VersionFacts
from mailvet.facts.signatures import SIGNATURES
from mailvet.facts.suites import SUITES, TLS13_SUITES, by_kind
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

_KINDS = by_kind(SUITES.values())

_Make = Callable[..., Awaitable[Offer]]


@dataclass(frozen=True, slots=True)
class _List:
    """
    Things of one kind, of which a server chooses one.

    Attributes:
        label: Their kind, in words.
        numbers: All that are offered.
        chosen: The number of the one that the server chose; 0 if that cannot be seen.
    """

    label: str
    numbers: tuple[int, ...]
    chosen: Callable[[Offer], int]


async def probe_tls_enumeration(context: ProbeContext) -> TlsEnumeration:
    """
    Suites and groups of TLS 1.2 and 1.3, as far as the server has these versions.

    Raises:
        ProbeError: The server does not answer handshakes with TLS.
    """
    await require_tls(context)
    versions: VersionFacts = await context.fact("versions", context.service)
    seen = await _seen(context)
    start = time.monotonic()
    ways = []
    if TLS12 in versions.accepted:
        known = _known(seen)
        ways = [_extras(context), *(_old(context, label, known) for label in _KINDS)]
    if TLS13 in versions.accepted:
        ways.append(_new(context))
    made = tuple(each for some in await asyncio.gather(*ways) for each in some)
    offers = (*seen, *made)
    extra = next((each.chosen for each in offers if each.label == _EXTRAS and each.chosen), None)
    return TlsEnumeration(
        versions=versions.accepted,
        choices=tuple(
            Choice(each.chosen, each.group, each.dh_bits, each.signature)
            for each in offers
            if each.version and each.chosen
        ),
        open=tuple(_open(versions, offers, await make_control(context, versions.offers))),
        connections=len(made),
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


async def _seen(context: ProbeContext) -> tuple[Offer, ...]:
    """
    Offers of TLS 1.2 with a clear answer that were made to find what should be refused.
    """
    try:
        facts: SuiteFacts = await context.fact("suites", context.service)
    except ProbeError:
        return ()
    if facts.control is None or not facts.control.version:
        return ()
    return tuple(
        each
        for each in facts.offers
        if each.hello.version == TLS12 and each.answer is not Answer.UNCLEAR
    )


async def _old(context: ProbeContext, kind: str, known: frozenset[int]) -> list[Offer]:
    """
    Suites of one kind of TLS 1.2 that are not among those whose fate is known; with them groups,
    and the schemes that sign the key exchange, which later versions encrypt.
    """
    suites = tuple(each for each in _KINDS[kind] if each not in known)

    async def make(
        label: str,
        suites: tuple[int, ...],
        groups: tuple[int, ...] = (),
        signatures: tuple[int, ...] = tuple(SIGNATURES),
    ) -> Offer:
        beside = Beside(groups=groups, signatures=signatures)
        return await make_offer(context, TLS12, suites, label, beside)

    lists = [_List(kind, suites, _suite)]
    if kind == "ECDHE":
        lists.append(_List("groups", CURVES, lambda offer: offer.group))
        lists.append(_List("signatures", tuple(SIGNATURES), lambda offer: offer.signature))
    return await _exhaust(make, lists)


async def _new(context: ProbeContext) -> list[Offer]:
    """
    Suites and groups of TLS 1.3.
    """

    async def make(label: str, suites: tuple[int, ...], groups: tuple[int, ...]) -> Offer:
        return await make_offer(context, TLS13, suites, label, Beside(groups=groups))

    suites = _List("all suites", TLS13_SUITES, _suite)
    return await _exhaust(make, [suites, _List("groups", MODERN, lambda offer: offer.group)])


def _known(seen: tuple[Offer, ...]) -> frozenset[int]:
    """
    Suites that were chosen or refused.
    """
    found: set[int] = set()
    for each in seen:
        found.update(each.chosen.suites if each.version and each.chosen else each.hello.suites)
    return frozenset(found)


def _suite(offer: Offer) -> int:
    return offer.chosen.suites[0] if offer.chosen else 0


async def _extras(context: ProbeContext) -> list[Offer]:
    """
    All suites of TLS 1.2, with extensions that a server may answer in clear text.
    """
    protocol = _ALPN.get(context.service.protocol, "").encode()
    return [await make_offer(context, TLS12, tuple(SUITES), _EXTRAS, Beside(extras=protocol))]


async def _exhaust(make: _Make, lists: list[_List]) -> list[Offer]:
    """
    Takes what was chosen out of all lists at once, as long as the server goes along, and then out
    of one after the other while the others are whole: what is refused then is refused for itself.
    """
    found: list[Offer] = []
    left = [each.numbers for each in lists]
    while len(lists) > 1 and all(left) and len(found) < MOST:
        offer = await make("all at once", *left)
        after = [_without(*each, offer) for each in zip(lists, left, strict=True)]
        if None in after:
            break
        found.append(offer)
        left = [each for each in after if each is not None]
    alone = await asyncio.gather(
        *(_exhaust_one(make, lists, at, each) for at, each in enumerate(left))
    )
    return [*found, *(offer for some in alone for offer in some)]


async def _exhaust_one(
    make: _Make, lists: list[_List], at: int, left: tuple[int, ...] | None
) -> list[Offer]:
    found: list[Offer] = []
    whole = [each.numbers for each in lists]
    while left and len(found) < MOST:
        found.append(await make(lists[at].label, *whole[:at], left, *whole[at + 1 :]))
        left = _without(lists[at], left, found[-1])
    return found


def _without(kind: _List, left: tuple[int, ...], offer: Offer) -> tuple[int, ...] | None:
    """
    What is *left* without what was chosen; None if nothing of it was.

    A server may choose what it then cannot do: Dovecot without parameters for DHE.
    """
    number = kind.chosen(offer) if offer.answer is not Answer.UNCLEAR else 0
    return tuple(each for each in left if each != number) if number in left else None


def _acts(scope: Scope) -> Acts:
    if ROLE not in scope.target.roles:
        return ()
    most = 4 + sum(
        len(each) + 1 for each in (*_KINDS.values(), CURVES, SIGNATURES, TLS13_SUITES, MODERN)
    )
    return (talks(scope.service, PERSISTENCE * most),)


FACTS = (
    FactSpec(
        "tls_enumeration",
        probe_tls_enumeration,
        TlsEnumeration,
        acts=_acts,
        needs=("session", "versions", "suites"),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
        patience=2.0,
    ),
)
