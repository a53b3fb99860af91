"""
Delivers a message by LMTP over TCP, as an SMTP server would.
"""

from mailvet.context import ProbeContext
from mailvet.facts.delivery import Sent
from mailvet.model import Cause, Target
from mailvet.probes.dialogue import Smtp
from mailvet.probes.lmtp_session import lmtp_client_place
from mailvet.probes.messages import Message
from mailvet.probes.session import client_name
from mailvet.probes.wire import TlsOffer, dial


async def deliver_by_lmtp(context: ProbeContext, address: str, message: Message) -> Sent:
    """
    Hands *message* over for *address*, from where an SMTP server does and as the profile says.

    Raises:
        ProbeError: VANTAGE without such a place; BLOCKED if there is no TLS; or nobody answers.
    """
    place = await lmtp_client_place(context)
    port = context.target.expect.lmtp.port
    async with dial(context, port=port, through=place.through) as wire:
        speaker = Smtp(wire, client_name=client_name(context), hello="LHLO")
        if not context.target.expect.lmtp.implicit_tls:
            await speaker.greeting()
            await speaker.capabilities()
            started = await speaker.request_tls()
            if not started.positive:
                raise wire.error(Cause.BLOCKED, f"STARTTLS is refused: {started}")
        handshake = await wire.start_tls(TlsOffer(), context.target.name)
        if not handshake.completed:
            raise wire.error(Cause.BLOCKED, f"the TLS handshake fails: {handshake.failure}")
        if context.target.expect.lmtp.implicit_tls:
            await speaker.greeting()
        await speaker.capabilities()
        for step, command in (("MAIL", "MAIL FROM:<>"), ("RCPT", f"RCPT TO:<{address}>")):
            reply = await speaker.command(command)
            if not reply.positive:
                return Sent(step, reply, wire.transcript.freeze())
        reply = await speaker.command("DATA")
        if reply.status == "354":
            await wire.send(message.octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            reply = await speaker.reply()
        await speaker.quit()
        return Sent("DATA", reply, wire.transcript.freeze())


def takes_lmtp(target: Target) -> bool:
    """
    Whether *target* is declared to take mail by LMTP over TCP.
    """
    return "lmtp-inet" in target.roles
