"""
Logs a test account in, on every endpoint and in every way that users do.
"""

from mailvet.acts import Acts, Scope, logs_in, takes_logins
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer, Login, LoginFacts
from mailvet.facts.replies import Capabilities, Reply, parse_imap_capability
from mailvet.model import Cause, Protocol
from mailvet.probes import sasl
from mailvet.probes.dialogue import Dialogue, Imap
from mailvet.probes.first_use import after_first_use

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
    await after_first_use(context)
    opening = ""
    mailbox: Reply | None = None
    capabilities = Capabilities(())
    async with sasl.logged_in(context, account) as (speaker, announced, plain):
        if plain.reply is not None and plain.answer is Answer.ACCEPTED:
            capabilities = await _capabilities(speaker, plain.reply)
            opening = _OPENING.get(context.service.protocol, "")
            mailbox = await _open(speaker, opening) if opening else None
        transcript = speaker.wire.transcript.freeze()
    login: Login | None = None
    mechanisms = announced.sasl_mechanisms
    if context.service.protocol is Protocol.SUBMISSION and sasl.LOGIN in mechanisms:
        async with sasl.logged_in(context, account, sasl.LOGIN) as (speaker, _, login):
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
    except ProbeError as exc:
        if exc.cause is not Cause.BLOCKED:
            raise
        # A server that hangs up or complains unasked instead: the transcript shows it.
        return None
    return reply


def _acts(scope: Scope) -> Acts:
    if scope.service not in takes_logins(scope.target):
        return ()
    # Each mechanism is tried a second time if it is refused.
    most = 4 if scope.service.protocol is Protocol.SUBMISSION else 2
    opening = _OPENING.get(scope.service.protocol, "").split()[:1]
    return logs_in(scope.service, scope.account(), most, *opening)


FACTS = (
    FactSpec("login", probe_login, LoginFacts, acts=_acts, needs=("first_use",), per_endpoint=True),
)
