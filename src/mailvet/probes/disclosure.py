"""
Asks with VRFY and EXPN about an account that exists and about one that does not.
"""

from mailvet.acts import talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.disclosure import DisclosureFacts, Question
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.recipients import nobody_at
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import outside

_COMMANDS = ("VRFY", "EXPN")


async def probe_disclosure(context: ProbeContext) -> DisclosureFacts:
    """
    Both commands for both accounts in one session, inside TLS where there is TLS.

    Raises:
        ProbeError: There is no place outside, no test account, or the server does not talk.
    """
    place = await outside(context)
    known, unknown = context.account().address, nobody_at(context)
    session: SessionFacts = await context.fact("session", context.service)
    layer = secured if session.secured else in_clear
    async with layer(context, through=place.through) as (speaker, _):
        questions = [await _ask(speaker, each, known, unknown) for each in _COMMANDS]
        awake = await speaker.command("NOOP")
        await speaker.quit()
        return DisclosureFacts(place, tuple(questions), awake, speaker.wire.transcript.freeze())


async def _ask(speaker: Dialogue, command: str, known: str, unknown: str) -> Question:
    replies = []
    for address in (known, unknown):
        reply = await speaker.command(f"{command} {address}")
        if reply.status == "421":
            raise speaker.wire.error(Cause.BLOCKED, f"the server hangs up: {reply}")
        replies.append(reply)
    return Question(command, known, replies[0], unknown, replies[1])


FACTS = (
    FactSpec(
        "disclosure",
        probe_disclosure,
        DisclosureFacts,
        acts=lambda scope: (talks(scope.service, 1, *_COMMANDS, "NOOP", anywhere=True),),
        needs=("standpoints", "session"),
        per_endpoint=True,
    ),
)
