"""
Logs a test account in, on every endpoint and in every way that users do.
"""

from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import PeerClosedError
from mailvet.facts.login import Answer, Login, LoginFacts
from mailvet.facts.replies import Capabilities, Reply, parse_imap_capability
from mailvet.model import Protocol
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue, Imap
from mailvet.probes.session import secured

_OPENING = {
    Protocol.IMAP: "SELECT INBOX",
    Protocol.POP3: "STAT",
    Protocol.SIEVE: "LISTSCRIPTS",
}


async def probe_login(context: ProbeContext) -> LoginFacts:
    """
    PLAIN inside TLS, then the mailbox; on submission also LOGIN, where it is offered.

    Raises:
        ProbeError: There is no account, no TLS, or the endpoint does not talk.
    """
    account = context.account()
    opening = ""
    mailbox: Reply | None = None
    capabilities = Capabilities(())
    async with secured(context) as (speaker, announced):
        plain = await sasl.log_in(context, speaker, account)
        if plain.reply is not None and plain.answer is Answer.ACCEPTED:
            capabilities = await _capabilities(speaker, plain.reply)
            opening = _OPENING.get(context.service.protocol, "")
            mailbox = await _open(speaker, opening) if opening else None
        transcript = speaker.wire.transcript.freeze()
    login: Login | None = None
    mechanisms = announced.sasl_mechanisms
    if context.service.protocol is Protocol.SUBMISSION and sasl.LOGIN in mechanisms:
        async with secured(context) as (speaker, _):
            login = await sasl.log_in(context, speaker, account, sasl.LOGIN)
            transcript += speaker.wire.transcript.freeze()
    return LoginFacts(mechanisms, plain, login, opening, mailbox, capabilities, transcript)


async def _capabilities(speaker: Dialogue, reply: Reply) -> Capabilities:
    """
    What IMAP announces after login: the reply often says so, otherwise it is asked.
    """
    if not isinstance(speaker, Imap):
        return Capabilities(())
    told = parse_imap_capability(reply.lines)
    return told if told.items else await speaker.capabilities()


async def _open(speaker: Dialogue, command: str) -> Reply | None:
    try:
        reply = await speaker.command(command)
        await speaker.quit()
    except PeerClosedError:
        # A server that hangs up instead of opening the mailbox: the transcript shows it.
        return None
    return reply


FACTS = (FactSpec("login", probe_login, LoginFacts, per_endpoint=True),)
