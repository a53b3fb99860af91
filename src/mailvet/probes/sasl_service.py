"""
Asks Dovecot's authentication service on the host for what it offers, as Postfix does.
"""

import secrets

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import sections
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.sasl_service import INET, SaslFacts, SaslService, SaslSocket, sasl_services
from mailvet.facts.socket_talk import SocketTalk
from mailvet.probes.files import stat_paths
from mailvet.probes.shell import run
from mailvet.probes.socket_talk import SocketTalks
from mailvet.probes.strangers import strangers

MAX_PLACES = 4
"""Different values of smtpd_sasl_path that are followed."""

_ABOUT = """
echo @@supported; postconf -a
echo @@dovecot; dovecot --version 2>/dev/null
exit 0
"""


async def probe_sasl(context: ProbeContext) -> SaslFacts:
    """
    The services, and what is heard where they ask: by Postfix's account, and by strangers.

    Raises:
        ProbeError: There is no root shell on the target, or no Postfix.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    services = sasl_services(postfix)
    mta = postfix.setting("mail_owner")
    about = await run(context, _ABOUT, title="postconf -a; dovecot --version")
    paths = _places(services)
    stats = await stat_paths(context, [each for each in paths if not each.startswith(INET)])
    others = await strangers(context, stats, await _servants(context, mta)) if stats else ()
    talks = SocketTalks("Dovecot's authentication service, asked on the host", until="DONE")
    for path in paths:
        for account in (mta, *(() if path.startswith(INET) else others)):
            talks.add(account, path, *_greeting())
    heard, commands = await talks.hold(context)
    parts = sections(about.stdout)
    return SaslFacts(
        services,
        tuple(parts.get("supported", "").split()),
        next(iter(parts.get("dovecot", "").split()), ""),
        mta,
        tuple(_socket(path, postfix.setting("queue_directory"), stats, heard) for path in paths),
        (about.evidence(), *commands),
    )


def _places(services: tuple[SaslService, ...]) -> tuple[str, ...]:
    sound = (each.seen for each in services if each.kind == "dovecot" and not each.path_problem)
    return tuple(dict.fromkeys(sound))[:MAX_PLACES]


def _greeting() -> tuple[str, str]:
    """
    What Postfix says first; no two clients may have the same process id.
    """
    return "VERSION\t1\t1", f"CPID\t{100_000 + secrets.randbelow(2_000_000_000)}"


async def _servants(context: ProbeContext, mta: str) -> tuple[str, ...]:
    try:
        dovecot: DovecotConfig = await context.fact("dovecot")
    except ProbeError:
        return (mta,)
    return (mta, *dovecot.accounts)


def _socket(
    path: str, queue: str, stats: tuple[FileStat, ...], heard: tuple[SocketTalk, ...]
) -> SaslSocket:
    mta, *others = (each for each in heard if each.path == path)
    stat = next((each for each in stats if each.path == path), None)
    return SaslSocket(path, path.startswith(f"{queue}/"), stat, mta, tuple(others))


FACTS = (
    FactSpec(
        "sasl",
        probe_sasl,
        SaslFacts,
        acts=reads(
            "the socket of the authentication service: its mode, and what it offers Postfix's "
            "account and others",
            most=4,
        ),
        needs=("postfix", "dovecot"),
    ),
)
