"""
Talks to Dovecot's LMTP service over TCP, from where an SMTP server does; it sends no message.
"""

import dataclasses

from mailvet.acts import ENVELOPE, Acts, Connections, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.guarded_ports import GuardedPort
from mailvet.facts.lmtp_session import LmtpSession
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Capabilities
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Security
from mailvet.probes.certificate import examined
from mailvet.probes.dialogue import Smtp
from mailvet.probes.recipients import MAX_KNOWN, nobody_at
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, Wire, dial


async def lmtp_client_place(context: ProbeContext) -> Standpoint:
    """
    A place to which the LMTP port must be open.

    Raises:
        ProbeError: VANTAGE if there is none.
    """
    guarded: GuardedPort = await context.fact("lmtp_port")
    facts: StandpointFacts = await context.fact("standpoints")
    for each in facts.standpoints:
        if not each.failure and not each.on_host and each.address in guarded.addresses:
            return each
    names = ", ".join(guarded.addresses)
    detail = (
        f"no place to probe from has one of the addresses {names}: "
        f"add [hosts.{context.target.key}.vantages.mta]"
    )
    raise ProbeError(Cause.VANTAGE, detail)


async def probe_lmtp_session(context: ProbeContext) -> LmtpSession:
    """
    Greeting, TLS, and the replies to recipients.

    Raises:
        ProbeError: VANTAGE without a place to which the port must be open, or nobody answers.
    """
    place = await lmtp_client_place(context)
    port = context.target.expect.lmtp.port
    async with dial(context, port=port, through=place.through) as wire:
        speaker = Smtp(wire, client_name=client_name(context), hello="LHLO")
        seen = LmtpSession(
            f"{place}", port, None, Capabilities(()), None, None, None, None, (), None, "", ()
        )
        try:
            seen = await _into_tls(context, wire, speaker, seen)
            if seen.inside is not None:
                seen = await _envelope(context, speaker, seen)
                await speaker.quit()
        except ProbeError as exc:
            if seen.greeting is None and wire.handshake is None:
                raise
            seen = dataclasses.replace(seen, handshake=wire.handshake, failure=exc.detail)
        return dataclasses.replace(seen, transcript=wire.transcript.freeze())


async def _into_tls(
    context: ProbeContext, wire: Wire, speaker: Smtp, seen: LmtpSession
) -> LmtpSession:
    implicit = context.target.expect.lmtp.implicit_tls
    if not implicit:
        seen = dataclasses.replace(
            seen, greeting=await speaker.greeting(), offered=await speaker.capabilities()
        )
        seen = dataclasses.replace(seen, starttls=await speaker.request_tls())
        if seen.starttls is None or not seen.starttls.positive:
            return seen
    handshake = await wire.start_tls(TlsOffer(), context.target.name)
    seen = dataclasses.replace(seen, handshake=handshake)
    if not handshake.completed:
        return dataclasses.replace(seen, failure=handshake.failure)
    seen = dataclasses.replace(seen, certificate=await examined(context, handshake))
    if implicit:
        seen = dataclasses.replace(seen, greeting=await speaker.greeting())
    return dataclasses.replace(seen, inside=await speaker.capabilities())


async def _envelope(context: ProbeContext, speaker: Smtp, seen: LmtpSession) -> LmtpSession:
    await speaker.command("MAIL FROM:<>")
    accounts = tuple(context.target.accounts.values())[:MAX_KNOWN]
    known = [await _rcpt(speaker, each.address) for each in accounts]
    unknown = await _rcpt(speaker, nobody_at(context))
    await speaker.command("RSET")
    return dataclasses.replace(seen, known=tuple(known), unknown=unknown)


async def _rcpt(speaker: Smtp, address: str) -> RecipientReply:
    return RecipientReply(address, address, await speaker.command(f"RCPT TO:<{address}>"))


def talks_lmtp(scope: Scope, most: int, *verbs: str) -> Connections:
    """
    Sessions on the LMTP port.
    """
    expect = scope.target.expect.lmtp
    security = Security.IMPLICIT_TLS if expect.implicit_tls else Security.STARTTLS
    known = ("LHLO", "STARTTLS", "QUIT", *verbs)
    return Connections(expect.port, most, known, security, anywhere=True)


def _acts(scope: Scope) -> Acts:
    if "lmtp-inet" not in scope.target.roles:
        return ()
    return (talks_lmtp(scope, 1, *ENVELOPE),)


FACTS = (
    FactSpec(
        "lmtp_session",
        probe_lmtp_session,
        LmtpSession,
        acts=_acts,
        needs=("lmtp_port", "standpoints"),
    ),
)
