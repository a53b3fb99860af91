"""
Delivers a message by LMTP over TCP, as an SMTP server would.
"""

from mailvet.context import ProbeContext
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause
from mailvet.probes.dialogue import Smtp
from mailvet.probes.lmtp_session import lmtp_client_place
from mailvet.probes.messages import Message
from mailvet.probes.session import client_name
from mailvet.probes.stage import worked
from mailvet.probes.wire import TlsOffer, dial


async def deliver_by_lmtp(context: ProbeContext, account: Account, message: Message) -> Reply:
    """
    Hands *message* over for *account*, from where an SMTP server does and as the profile says.

    Returns the reply to the message.

    Raises:
        ProbeError: VANTAGE without such a place; BLOCKED if something before the message is
            refused; or nobody answers.
    """
    place = await lmtp_client_place(context)
    port = context.target.expect.lmtp.port
    async with dial(context, port=port, through=place.through) as wire:
        speaker = Smtp(wire, client_name=client_name(context), hello="LHLO")
        if not context.target.expect.lmtp.implicit_tls:
            await speaker.greeting()
            await speaker.capabilities()
            worked(await speaker.request_tls(), "STARTTLS")
        handshake = await wire.start_tls(TlsOffer(), context.target.name)
        if not handshake.completed:
            raise wire.error(Cause.BLOCKED, f"the TLS handshake fails: {handshake.failure}")
        if context.target.expect.lmtp.implicit_tls:
            await speaker.greeting()
        await speaker.capabilities()
        worked(await speaker.command("MAIL FROM:<>"), "MAIL")
        worked(await speaker.command(f"RCPT TO:<{account.address}>"), "RCPT")
        reply = await speaker.command("DATA")
        if reply.status != "354":
            raise wire.error(Cause.BLOCKED, f"the near server refuses DATA: {reply}")
        await wire.send(message.octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        stored = await speaker.reply()
        await speaker.quit()
        return stored
