"""
Offers protocol versions, cipher suites and Extended Master Secret, one connection each.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.ems import EmsFacts
from mailvet.facts.hello import (
    ENTROPY,
    MAX_FLIGHT,
    NUMBERS,
    USUAL,
    Beside,
    Flight,
    read_flight,
    write_client_hello,
)
from mailvet.facts.offers import STATIC_RSA, TLS12, TLS13, Answer, Offer, SuiteFacts, VersionFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.suites import (
    TLS13_SUITES,
    offers_with_dh,
    offers_without_dh,
    static_rsa_offer,
    suite_name,
    weak_offers,
)
from mailvet.facts.tls import CLIENT_HELLO, Ending, Handshake, Hello, clear_text, first_hello
from mailvet.model import Cause, Security
from mailvet.probes.handshake import TlsOffer, server_name_octets
from mailvet.probes.session import in_clear
from mailvet.probes.wire import Wire, dial
from mailvet.transcript import Line, Transcript

MAX_NAMED = 6
"""Suites of one kind that are named; a server that accepts more of them is wrong all the same."""

PERSISTENCE = 2
"""Attempts for an offer that got no clear answer: servers turn away clients that come in crowds."""

HELLO_SECONDS = 8.0
"""For an answer to a ClientHello; a server that gives none must not hold up everything else."""

_UNKNOWN = 1 << 16


@contextlib.asynccontextmanager
async def before_handshake(context: ProbeContext) -> AsyncIterator[Wire]:
    """
    A connection on which the server waits for a ClientHello.

    Raises:
        ProbeError: BLOCKED if the server turns us away or refuses STARTTLS.
    """
    if context.service.security is Security.IMPLICIT_TLS:
        async with dial(context) as wire:
            yield wire
        return
    async with in_clear(context) as (speaker, _):
        reply = await speaker.request_tls()
        if not reply.positive:
            raise speaker.wire.error(Cause.BLOCKED, f"the server refuses to start TLS: {reply}")
        yield speaker.wire


async def require_tls(context: ProbeContext) -> None:
    """
    Spares everybody the waiting for a server that has not answered a handshake with TLS.

    Raises:
        ProbeError: It was silent, spoke clear text, or did not let a handshake begin.
    """
    session: SessionFacts = await context.fact("session", context.service)
    handshake = session.handshake
    if handshake is None:
        reply = f": {session.starttls}" if session.starttls else " and is not announced"
        detail = f"STARTTLS did not come about{reply}"
        raise ProbeError(Cause.BLOCKED, detail, session.transcript)
    if handshake.clear_text:
        detail = f"the server answers a handshake in clear text: {handshake.clear_text}"
        raise ProbeError(Cause.BLOCKED, detail, session.transcript)
    if handshake.ending is Ending.TIME:
        raise ProbeError(Cause.TIMEOUT, handshake.failure, session.transcript)


async def speaks_tls12(context: ProbeContext) -> bool:
    """
    Whether the server accepts TLS 1.2; False if it accepts TLS 1.3 only.

    Raises:
        ProbeError: It accepts neither, or it is not clear what it accepts.
    """
    versions: VersionFacts = await context.fact("versions", context.service)
    if TLS12 in versions.accepted or versions.tls13_only:
        return TLS12 in versions.accepted
    refusal = versions.refusal_of(TLS12)
    if refusal.cause:
        raise ProbeError(refusal.cause, refusal.detail, versions.transcript)
    detail = f"our own side needs TLS 1.2; the server accepts {', '.join(versions.accepted)}"
    raise ProbeError(Cause.CLIENT_LIMIT, detail, versions.transcript)


async def probe_versions(context: ProbeContext) -> VersionFacts:
    """
    Every protocol version from SSLv3 to TLS 1.3, each in a ClientHello that offers no newer one.

    Raises:
        ProbeError: No offer got an answer.
    """
    await require_tls(context)
    answers = await asyncio.gather(*(_version(context, version) for version in NUMBERS))
    offers = tuple(offer for group in answers for offer in group)
    _raise_if_mute(offers)
    control = await make_control(context, offers)
    return VersionFacts(offers, control, written(offers, control))


async def _version(context: ProbeContext, version: str) -> list[Offer]:
    if version == TLS13:
        return [await make_offer(context, version, TLS13_SUITES, "all suites")]
    found = [await make_offer(context, version, offers_without_dh(), "all suites but DH")]
    if found[0].refuses_version:
        return found
    if found[0].answer is not Answer.ACCEPTED or version == TLS12:
        found.append(await make_offer(context, version, offers_with_dh(), "DH suites"))
    return found


async def make_control(context: ProbeContext, offers: tuple[Offer, ...]) -> Offer | None:
    """
    Makes an offer again that was accepted: a server that hangs up on everybody by now refuses none.
    """
    sound = [each for each in offers if each.version]
    if not sound:
        return None
    again = max(sound, key=lambda each: NUMBERS[each.version]).hello
    return await make_offer(context, again.version, again.suites, "control")


async def probe_suites(context: ProbeContext) -> SuiteFacts:
    """
    Every suite that should be refused, under TLS 1.2 and under the oldest version accepted.
    """
    versions: VersionFacts = await context.fact("versions", context.service)
    old = versions.older_than(TLS12)[:1]
    kinds = {**weak_offers(), STATIC_RSA: static_rsa_offer()}
    answers = await asyncio.gather(
        *(
            _kind(context, version, suites, label)
            for version in (TLS12, *old)
            for label, suites in kinds.items()
        )
    )
    offers = tuple(offer for group in answers for offer in group)
    _raise_if_mute(offers)
    control = await make_control(context, versions.offers)
    return SuiteFacts(offers, control, written(offers, control))


async def _kind(
    context: ProbeContext, version: str, suites: tuple[int, ...], label: str
) -> list[Offer]:
    found: list[Offer] = []
    while suites and len(found) < MAX_NAMED:
        offer = await make_offer(context, version, suites, label)
        if found and not offer.version:
            break
        found.append(offer)
        if not offer.version or not offer.chosen:
            break
        suites = tuple(each for each in suites if each not in offer.chosen.suites)
    return found


async def make_offer(
    context: ProbeContext,
    version: str,
    suites: tuple[int, ...],
    label: str,
    beside: Beside = USUAL,
) -> Offer:
    """
    What the server answers to a ClientHello, on a connection of its own.

    Args:
        context: The probe's.
        version: The only or the newest version that is offered.
        suites: The suites.
        label: What they are, in words.
        beside: What else is offered.
    """
    name, entropy = server_name_octets(context.target.name), os.urandom(ENTROPY)
    octets = write_client_hello(version, suites, server_name=name, entropy=entropy, beside=beside)
    hello = first_hello(octets, CLIENT_HELLO)
    assert hello is not None  # noqa: S101
    offer = await _propose(context, octets, hello, label)
    for _ in range(PERSISTENCE - 1):
        if offer.answer is Answer.UNCLEAR and offer.cause is Cause.BLOCKED:
            offer = await _propose(context, octets, hello, label)
    return offer


async def _propose(context: ProbeContext, octets: bytes, hello: Hello, label: str) -> Offer:
    try:
        async with context.lane.offers, before_handshake(context) as wire:
            if wire.pending:
                return _unclear(label, hello, Cause.BLOCKED, "clear text before the handshake")
            return await _answer(wire, octets, hello, label)
    except ProbeError as exc:
        return _unclear(label, hello, exc.cause, exc.detail)


async def _answer(wire: Wire, octets: bytes, hello: Hello, label: str) -> Offer:
    stream = b""
    flight = read_flight(b"")
    try:
        await wire.send(octets, shown="ClientHello")
        while not flight.done and flight.alert is None:
            stream += await wire.octets(most=HELLO_SECONDS)
            seen = clear_text(stream)
            if seen or len(stream) > MAX_FLIGHT:
                detail = f"instead of TLS came {seen or 'far too much for a handshake'}"
                return _unclear(label, hello, Cause.BLOCKED, detail)
            flight = read_flight(stream)
    except PeerClosedError:
        return Offer(label, hello, Answer.CLOSED, flight.hello, detail="hangs up without an alert")
    return _judged(label, hello, flight)


def _judged(label: str, hello: Hello, flight: Flight) -> Offer:
    chosen = flight.hello
    if flight.alert is not None:
        detail = f"refuses with alert {flight.alert}"
        return Offer(label, hello, Answer.REFUSED, chosen, detail=detail, alert=flight.alert)
    assert chosen is not None  # noqa: S101
    suite = suite_name(chosen.suites[0])
    detail = f"agrees to {chosen.version} with {suite}"
    newer = NUMBERS.get(chosen.version, _UNKNOWN) > NUMBERS[hello.version]
    if chosen.suites[0] not in hello.suites or newer:
        return _unclear(label, hello, Cause.BLOCKED, f"{detail}, which was not offered")
    return Offer(
        label,
        hello,
        Answer.ACCEPTED,
        chosen,
        detail=detail,
        dh_bits=flight.dh_bits,
        asks_certificate=flight.asks_certificate,
        group=flight.group,
        signature=flight.signature,
    )


def _unclear(label: str, hello: Hello, cause: Cause, detail: str) -> Offer:
    return Offer(label, hello, Answer.UNCLEAR, cause=cause, detail=detail)


def _raise_if_mute(offers: tuple[Offer, ...]) -> None:
    if all(each.answer is Answer.UNCLEAR for each in offers):
        first = offers[0]
        raise ProbeError(first.cause or Cause.BLOCKED, first.detail, written(offers))


def written(offers: tuple[Offer, ...], control: Offer | None = None) -> tuple[Line, ...]:
    """
    Offers and answers in short lines.
    """
    transcript = Transcript()
    for each in (*offers, *((control,) if control else ())):
        count = len(each.hello.suites)
        transcript.add(">", f"ClientHello {each.hello.version}, {each.label} ({count})")
        transcript.add("<", each.detail)
    return transcript.freeze()


async def probe_ems(context: ProbeContext) -> EmsFacts:
    """
    Two complete TLS 1.2 handshakes, one with and one without Extended Master Secret.

    Raises:
        ProbeError: The server turns us away or refuses STARTTLS.
    """
    await require_tls(context)
    (offered, first), (withheld, second) = await asyncio.gather(
        _shake(context, ems=True), _shake(context, ems=False)
    )
    return EmsFacts(offered, withheld, (*first, *second))


async def _shake(context: ProbeContext, *, ems: bool) -> tuple[Handshake, tuple[Line, ...]]:
    async with before_handshake(context) as wire:
        offer = TlsOffer(minimum=TLS12, maximum=TLS12, ems=ems)
        wire.transcript.add("*", f"offering TLS 1.2 {'with' if ems else 'without'} EMS")
        handshake = await wire.start_tls(offer, context.target.name)
        return handshake, wire.transcript.freeze()


def _version_acts(scope: Scope) -> Acts:
    # Two offers for each version, and the control.
    return (talks(scope.service, PERSISTENCE * (2 * len(NUMBERS) + 1)),)


def _suite_acts(scope: Scope) -> Acts:
    # TLS 1.2 and one older version; a server that refuses a kind has seen one offer of it.
    kinds = len(weak_offers()) + 1
    return (talks(scope.service, PERSISTENCE * (2 * kinds * MAX_NAMED + 1)),)


FACTS = (
    FactSpec(
        "versions",
        probe_versions,
        VersionFacts,
        acts=_version_acts,
        needs=("session",),
        per_endpoint=True,
    ),
    FactSpec(
        "suites",
        probe_suites,
        SuiteFacts,
        acts=_suite_acts,
        needs=("versions",),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
    FactSpec(
        "ems",
        probe_ems,
        EmsFacts,
        acts=lambda scope: (talks(scope.service, 2),),
        needs=("session",),
        per_endpoint=True,
    ),
)
