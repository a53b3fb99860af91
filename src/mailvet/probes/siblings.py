"""
Compares the ports that serve the same purpose; makes no connection of its own.
"""

from collections.abc import Awaitable, Callable

from mailvet.acts import nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.comparison import FLOOR, MECHANISMS, mechanism_words
from mailvet.facts.offers import Answer, VersionFacts
from mailvet.facts.said import PASSWORDS, without_external
from mailvet.facts.sender_rights import SenderRightsFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.siblings import GROUPS, PortAnswer, SharedQuestion, SiblingFacts
from mailvet.model import Cause, Endpoint, Protocol, Security

_NO_PASSWORDS = "no passwords"
_Asked = Callable[[ProbeContext, Endpoint], Awaitable[PortAnswer | None]]


async def probe_siblings(context: ProbeContext) -> SiblingFacts:
    """
    What each port answers, for every question that at least two ports of a purpose can be asked.
    """
    found: list[SharedQuestion] = []
    for group in GROUPS:
        ports = [each for each in context.target.endpoints if await _takes_part(context, each)]
        own = [each for each in ports if each.protocol is group]
        if len(own) < 2:
            continue
        # Port 25 is asked too, but only about the logins that it takes: an MX need not take any.
        more = [each for each in ports if each.protocol is Protocol.SMTP]
        also = more if group is Protocol.SUBMISSION else []
        found += [
            await _question(context, group, MECHANISMS, _mechanisms, [*own, *also]),
            await _question(context, group, "passwords before TLS", _passwords, [*own, *also]),
            await _question(context, group, FLOOR, _versions, own),
        ]
        if group is Protocol.SUBMISSION and not context.target.discover:
            subject = "sender addresses of a user"
            found.append(await _question(context, group, subject, _sender_rule, own))
    return SiblingFacts(tuple(each for each in found if len(each.answers) > 1))


async def _takes_part(context: ProbeContext, endpoint: Endpoint) -> bool:
    """
    Whether the endpoint has TLS and, where nothing declares it, is there at all.
    """
    if endpoint.security is Security.CLEARTEXT:
        return False
    if not endpoint.optional:
        return True
    try:
        await context.fact("session", endpoint)
    except ProbeError:
        return False
    return True


async def _question(
    context: ProbeContext, group: Protocol, subject: str, asked: _Asked, ports: list[Endpoint]
) -> SharedQuestion:
    answers: list[PortAnswer] = []
    for port in ports:
        try:
            answer = await asked(context, port)
        except ProbeError as exc:
            answer = _unseen(port, exc.cause, exc.detail)
        if answer is not None:
            answers.append(answer)
    return SharedQuestion(group, subject, tuple(answers))


async def _mechanisms(context: ProbeContext, port: Endpoint) -> PortAnswer | None:
    session: SessionFacts = await context.fact("session", port)
    mx = port.protocol is Protocol.SMTP
    if session.after is None:
        return None if mx else _unseen(port, Cause.BLOCKED, "nothing is announced inside TLS")
    offered = without_external(session.after.sasl_mechanisms)
    if mx and not offered:
        return None
    return PortAnswer(port.name, port.port, mechanism_words(offered))


async def _passwords(context: ProbeContext, port: Endpoint) -> PortAnswer | None:
    session: SessionFacts = await context.fact("session", port)
    if session.before is None:
        return None
    offered = without_external(session.before.sasl_mechanisms) & PASSWORDS
    inside = session.after.sasl_mechanisms if session.after else ()
    if port.protocol is Protocol.SMTP and not offered and not inside:
        return None
    return PortAnswer(port.name, port.port, " ".join(sorted(offered)) or _NO_PASSWORDS)


async def _versions(context: ProbeContext, port: Endpoint) -> PortAnswer | None:
    facts: VersionFacts = await context.fact("versions", port)
    unclear = [each for each in facts.offers if each.answer is Answer.UNCLEAR]
    if unclear:
        return _unseen(port, unclear[0].cause or Cause.BLOCKED, unclear[0].detail)
    return PortAnswer(port.name, port.port, ", ".join(facts.accepted) or "none")


async def _sender_rule(context: ProbeContext, port: Endpoint) -> PortAnswer | None:
    facts: SenderRightsFacts = await context.fact("sender_rights", port)
    if not facts.decided or not facts.own_reply.positive:
        return _unseen(port, Cause.BLOCKED, str(facts))
    rule = "the own ones only" if facts.other_refused else "others' as well"
    return PortAnswer(port.name, port.port, rule)


def _unseen(port: Endpoint, cause: Cause, detail: str) -> PortAnswer:
    return PortAnswer(port.name, port.port, "", cause, f"{port.name}: {detail}")


FACTS = (
    FactSpec(
        "siblings",
        probe_siblings,
        SiblingFacts,
        acts=nothing,
        needs=("session", "versions", "sender_rights"),
    ),
)
