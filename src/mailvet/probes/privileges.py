"""
Looks from outside at what EHLO announces, before TLS and inside it.
"""

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.privileges import PrivilegeFacts
from mailvet.facts.replies import Capabilities
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Protocol, Security
from mailvet.probes.dialogue import Dialogue, Smtp
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import outside
from mailvet.transcript import Line

_SPEAKS_SMTP = frozenset({Protocol.SMTP, Protocol.SUBMISSION})


async def probe_privileges(context: ProbeContext) -> PrivilegeFacts:
    """
    One session in clear text and one inside TLS, as far as the service has them.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    place = await outside(context)
    session: SessionFacts = await context.fact("session", context.service)
    before: Capabilities | None = None
    inside: Capabilities | None = None
    lines: tuple[Line, ...] = ()
    if context.service.security is not Security.IMPLICIT_TLS:
        async with in_clear(context, through=place.through) as (speaker, before):
            lines += await _welcomed(speaker)
    if session.secured:
        async with secured(context, through=place.through) as (speaker, inside):
            lines += await _welcomed(speaker)
    return PrivilegeFacts(place, before, inside, _unseen(session), lines)


async def _welcomed(speaker: Dialogue) -> tuple[Line, ...]:
    """
    What was said, if EHLO was answered: a server that refuses it announces nothing.
    """
    hello = speaker.ehlo_reply if isinstance(speaker, Smtp) else None
    if hello is None or not hello.positive:
        raise speaker.wire.error(Cause.BLOCKED, f"EHLO: {hello}")
    await speaker.quit()
    return speaker.wire.transcript.freeze()


def _unseen(session: SessionFacts) -> str:
    offered = session.before is None or "STARTTLS" in session.before
    if session.secured or not offered:
        return ""
    return f"not inside TLS: {session.handshake or session.starttls or 'it does not come about'}"


def _acts(scope: Scope) -> Acts:
    if scope.service.protocol not in _SPEAKS_SMTP:
        return ()
    return (talks(scope.service, 2, anywhere=True),)


FACTS = (
    FactSpec(
        "privileges",
        probe_privileges,
        PrivilegeFacts,
        acts=_acts,
        needs=("session", "standpoints"),
        per_endpoint=True,
    ),
)
