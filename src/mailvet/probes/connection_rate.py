"""
Connects to port 25 more often than a client may, at the very end of the audit.
"""

import time

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.facts.connection_rate import ConnectionRate
from mailvet.facts.limits import number, seconds
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.size_limit import service_of
from mailvet.model import Protocol
from mailvet.probes.dialogue import dialogue
from mailvet.probes.session import client_name
from mailvet.probes.standpoint import outside
from mailvet.probes.wire import dial
from mailvet.transcript import Line

MOST = 60
"""Higher limits are not tried: so many connections would be a nuisance."""


async def probe_connection_rate(context: ProbeContext) -> ConnectionRate:
    """
    Greetings of one connection after the other, until one is refused or there were enough.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    key = service_of(postfix, context.service)
    limit = number(postfix.setting("smtpd_client_connection_rate_limit", key)) or 0
    unit = seconds(postfix.setting("anvil_rate_time_unit", key)) or 60
    if not 0 < limit <= MOST:
        return ConnectionRate("", limit, unit, (), "", 0.0, ())
    place = await outside(context)
    greetings: list[str] = []
    refusal = ""
    lines: tuple[Line, ...] = ()
    start = time.monotonic()
    while len(greetings) < limit + 2 and not refusal:
        async with dial(context, through=place.through) as wire:
            speaker = dialogue(wire, context.service.protocol, client_name(context))
            reply = await speaker.greeting()
            refusal = "" if reply.positive else str(reply)
            greetings.append(reply.status)
            if reply.positive:
                await speaker.quit()
            lines = wire.transcript.freeze()
    return ConnectionRate(
        place=str(place),
        limit=limit,
        unit=unit,
        greetings=tuple(greetings),
        refusal=refusal,
        seconds=round(time.monotonic() - start, 3),
        transcript=lines,
    )


def _acts(scope: Scope) -> Acts:
    if scope.service.protocol is not Protocol.SMTP:
        return ()
    return (talks(scope.service, MOST + 2, anywhere=True),)


FACTS = (
    FactSpec(
        "connection_rate",
        probe_connection_rate,
        ConnectionRate,
        acts=_acts,
        needs=("postfix", "standpoints"),
        per_endpoint=True,
        stage=Stage.OUTAGE,
    ),
)
