"""
Speaks SMTP as attackers and spam programs do: with commands of long ago, and without waiting.
"""

from mailvet.acts import Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.attempt import Attempt
from mailvet.facts.replies import Reply
from mailvet.facts.strange_smtp import ObsoleteCommands, Pipelining
from mailvet.model import Cause, Protocol
from mailvet.probes.attempt import HARMLESS, as_clients_do, ask, attempted
from mailvet.probes.dialogue import Smtp
from mailvet.probes.session import client_name, in_clear
from mailvet.probes.wire import dial
from mailvet.transcript import Line

# Postfix makes a client wait after ten errors; half of the commands fit well below.
OBSOLETE = (("DEBUG", "WIZ", "TURN"), ("SEND FROM:<>", "SOML FROM:<>", "SAML FROM:<>"))

_SENDER = "MAIL FROM:<>"

_SPEAKS_SMTP = frozenset({Protocol.SMTP, Protocol.SUBMISSION})


async def probe_obsolete_commands(context: ProbeContext) -> ObsoleteCommands:
    """
    DEBUG and WIZ of old sendmail; TURN, SEND, SOML and SAML of RFC 821.

    Raises:
        ProbeError: The server does not talk.
    """
    attempts: list[Attempt] = []
    lines: tuple[Line, ...] = ()
    for commands in OBSOLETE:
        async with as_clients_do(context) as speaker:
            for command in commands:
                attempts.append(await ask(speaker, command))
                if attempts[-1].closed:
                    break
            lines += speaker.wire.transcript.freeze()
    return ObsoleteCommands(tuple(attempts), lines)


async def probe_pipelining(context: ProbeContext) -> Pipelining:
    """
    The null sender, once after the reply to EHLO and once in one segment with it.

    Raises:
        ProbeError: The server does not talk, or it does not take that sender from us at all.
    """
    async with in_clear(context) as (speaker, _):
        control = await ask(speaker, _SENDER)
        lines = speaker.wire.transcript.freeze()
    if control.refused or control.silent:
        raise ProbeError(Cause.BLOCKED, f"no sender is taken before TLS: {control}", lines)
    async with dial(context) as wire:
        hasty = Smtp(wire, client_name=client_name(context))
        greeting = await hasty.greeting()
        if not greeting.positive:
            raise wire.error(Cause.BLOCKED, f"the server turns us away: {greeting}")
        await wire.send(f"EHLO {client_name(context)}\r\n{_SENDER}\r\n".encode())
        early = await attempted(f"{_SENDER} in one segment with EHLO", _second(hasty))
        if early.reply is not None and early.reply.status.startswith("4"):
            # That is how servers speak to whom they have no time for.
            raise wire.error(Cause.BLOCKED, str(early))
        return Pipelining(control, early, (*lines, *wire.transcript.freeze()))


async def _second(speaker: Smtp) -> Reply:
    first = await speaker.reply()
    return await speaker.reply() if first.positive else first


def _obsolete_acts(scope: Scope) -> Acts:
    if scope.service.protocol not in _SPEAKS_SMTP:
        return ()
    verbs = sorted({each.split()[0] for commands in OBSOLETE for each in commands})
    return (talks(scope.service, len(OBSOLETE), HARMLESS[scope.service.protocol], *verbs),)


def _pipelining_acts(scope: Scope) -> Acts:
    if scope.service.protocol is not Protocol.SMTP:
        return ()
    return (talks(scope.service, 2, "MAIL"),)


FACTS = (
    FactSpec(
        "obsolete_commands",
        probe_obsolete_commands,
        ObsoleteCommands,
        acts=_obsolete_acts,
        needs=("session",),
        per_endpoint=True,
    ),
    FactSpec(
        "pipelining",
        probe_pipelining,
        Pipelining,
        acts=_pipelining_acts,
        needs=("session",),
        per_endpoint=True,
    ),
)
