"""
The scripts of an account on a ManageSieve server, and how they become again what they were.
"""

from mailvet.facts.replies import Reply
from mailvet.facts.sieve import ScriptList, parse_scripts, quoted
from mailvet.ledger import Residue
from mailvet.model import Endpoint, Protocol, Security, Target
from mailvet.probes.dialogue import Dialogue

SCRIPT = "script"
ACTIVE_SCRIPT = "active-script"
"""Kinds of residue: a script of ours, and the scripts that there were before it became active."""


def sieve_service(target: Target) -> Endpoint | None:
    """
    The service through which scripts are managed; None if none with TLS is declared.
    """
    for endpoint in target.endpoints:
        if endpoint.protocol is Protocol.SIEVE and endpoint.security is not Security.CLEARTEXT:
            return endpoint
    return None


def literal(text: str) -> str:
    """
    *text* as a literal that needs no permission (RFC 5804 §4).
    """
    return f"{{{len(text.encode())}+}}\r\n{text}"


async def list_scripts(speaker: Dialogue) -> tuple[Reply, ScriptList]:
    """
    LISTSCRIPTS.
    """
    reply = await speaker.command("LISTSCRIPTS")
    return reply, parse_scripts(reply.lines)


async def put_back(speaker: Dialogue, before: ScriptList, own: tuple[str, ...]) -> bool:
    """
    Removes our *own* scripts and activates what was active *before*; True if that is so now.
    """
    _, now = await list_scripts(speaker)
    wanted = before.moved_into(now, own)
    if now.active in own:
        activated = await speaker.command(f"SETACTIVE {quoted(wanted)}")
        if wanted and not activated.positive:
            await speaker.command('SETACTIVE ""')
    for name in own:
        if name in now.names:
            await speaker.command(f"DELETESCRIPT {quoted(name)}")
    reply, after = await list_scripts(speaker)
    restored = now.active not in own or after.active == wanted
    return reply.positive and restored and not set(own) & set(after.names)


def scripts_of(entries: list[Residue]) -> tuple[ScriptList, tuple[str, ...]]:
    """
    What the ledger says: the scripts that there were before, and those that are ours.
    """
    before = [each.name for each in entries if each.kind == ACTIVE_SCRIPT]
    own = tuple(each.name for each in entries if each.kind == SCRIPT)
    return ScriptList.loads(before[0]) if before else ScriptList(), own
