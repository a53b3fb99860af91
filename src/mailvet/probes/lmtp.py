"""
Dovecot's LMTP sockets, asked on the host itself, and the way on which Postfix comes to them.
"""

import asyncio
from dataclasses import dataclass

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.lmtp import LmtpFacts, LmtpSocket, chosen_socket
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.socket_talk import SocketTalk
from mailvet.probes.files import stat_paths
from mailvet.probes.recipients import nobody_at
from mailvet.probes.routes import MAX_ACCOUNTS, WayOut, ways_out
from mailvet.probes.session import client_name
from mailvet.probes.shell import quote, run
from mailvet.probes.socket_talk import SocketTalks
from mailvet.probes.strangers import strangers


async def probe_lmtp(context: ProbeContext) -> LmtpFacts:
    """
    The sockets, what they answer to whom, and where Postfix sends the test accounts' mail.

    Raises:
        ProbeError: There is no root shell on the target, or no Dovecot.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    postfix = await _postfix(context)
    ways, asked = await ways_out(context, postfix)
    main = ways[0].route if ways else None
    scene = await _look(context, dovecot, main.seen if main else "")
    used = chosen_socket(
        scene.sockets, context.target.expect.dovecot.lmtp_socket, scene.seen_identity
    )
    mta = (postfix and postfix.setting("mail_owner")) or _owner(context)
    servants = (*dovecot.accounts, mta, context.target.expect.dovecot.mail_user)
    stats = [each.stat for each in scene.sockets if each.stat]
    others = await strangers(context, stats, servants)
    talks = _plan(context, scene.sockets, used, ways, mta, others)
    heard, held = await talks.hold(context)
    asked_used = used is not None and used.present
    root, as_mta = heard[:2] if asked_used else (None, None)
    return LmtpFacts(
        enabled="lmtp" in dovecot.protocols,
        protocols=dovecot.setting("protocols"),
        sockets=scene.sockets,
        used=used.path if used else "",
        seen_identity=scene.seen_identity,
        mail_group=scene.mail_group,
        route=main,
        root=root,
        mta=as_mta,
        strangers=heard[2:] if asked_used else heard,
        recipients=tuple(
            RecipientReply(each.address, each.handed_over, _rcpt(root, each.handed_over))
            for each in ways
        ),
        stranger=_unknown(context, root),
        commands=(*asked, *scene.commands, *held),
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """
    The sockets on disk.
    """

    sockets: tuple[LmtpSocket, ...]
    seen_identity: str
    mail_group: str
    commands: tuple[CommandOutput, ...]


def _plan(
    context: ProbeContext,
    sockets: tuple[LmtpSocket, ...],
    used: LmtpSocket | None,
    ways: tuple[WayOut, ...],
    mta: str,
    others: tuple[str, ...],
) -> SocketTalks:
    """
    Root and Postfix's account on the socket that matters, strangers on all of them.
    """
    talks = SocketTalks()
    if used is not None and used.present:
        talks.add("root", used.path, *_envelope(context, [each.handed_over for each in ways]))
        talks.add(mta, used.path, _hello(context), "QUIT")
    for socket in sockets:
        if socket.present:
            for name in others:
                talks.add(name, socket.path, "QUIT")
    return talks


async def _postfix(context: ProbeContext) -> PostfixConfig | None:
    try:
        facts: PostfixConfig = await context.fact("postfix")
    except ProbeError:
        return None
    return facts


async def _look(context: ProbeContext, dovecot: DovecotConfig, seen: str) -> _Scene:
    listeners = [each for each in dovecot.unix_listeners("lmtp") if each.mode != "0"]
    paths = [each.path for each in listeners]
    wanted = [*paths, seen] if seen else paths
    names = " ".join(quote(each) for each in wanted)
    script = (
        f"echo @@group; id -gn -- {quote(_owner(context))}\n"
        f"echo @@identity; for p in {names}; do stat -Lc '%d:%i %n' -- \"$p\"; done; true"
    )
    stats, output = await asyncio.gather(
        stat_paths(context, paths), run(context, script, title=f"stat -L {names}")
    )
    by_path = {each.path: each for each in stats}
    parts = sections(output.stdout)
    identities = {
        path: number
        for number, _, path in (
            line.partition(" ") for line in parts.get("identity", "").splitlines()
        )
    }
    sockets = tuple(
        LmtpSocket(
            each.path,
            each.mode,
            each.user or "root",
            each.group or "root",
            by_path.get(each.path),
            identities.get(each.path, ""),
        )
        for each in listeners
    )
    group = parts.get("group", "").strip()
    return _Scene(sockets, identities.get(seen, ""), group, (output.evidence(),))


def _owner(context: ProbeContext) -> str:
    return context.target.expect.dovecot.lmtp_socket_owner


def _hello(context: ProbeContext) -> str:
    return f"LHLO {client_name(context)}"


def _envelope(context: ProbeContext, recipients: list[str]) -> tuple[str, ...]:
    names = [*dict.fromkeys(recipients), *([] if not recipients else [nobody_at(context)])]
    rcpts = (f"RCPT TO:<{each}>" for each in names)
    return _hello(context), "MAIL FROM:<>", *rcpts, "RSET", "QUIT"


def _rcpt(talk: SocketTalk | None, address: str) -> Reply | None:
    return talk.reply(f"RCPT TO:<{address}>") if talk else None


def _unknown(context: ProbeContext, talk: SocketTalk | None) -> RecipientReply | None:
    if not context.target.accounts:
        return None
    name = nobody_at(context)
    return RecipientReply(name, name, _rcpt(talk, name))


_ACTS = reads(
    "LMTP's sockets: modes, and what they answer root, the accounts of the mail system and others",
    most=2 * MAX_ACCOUNTS + 4,
)


FACTS = (FactSpec("lmtp", probe_lmtp, LmtpFacts, acts=_ACTS, needs=("dovecot", "postfix")),)
