"""
Asks the directory of a target's accounts itself: from the target, as Dovecot does.

The password of the account that searches is read from Dovecot's settings into memory. It goes to
nobody but a server that is verified as Dovecot is told to verify it, or that is the target itself.
What is said in clear text holds an invented password only.
"""

import asyncio
import base64
import binascii
import dataclasses
import hashlib

from mailvet.acts import Acts, BackendConnections, Commands, Plan, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import parse_settings
from mailvet.facts.backend_tls import BackendServer, BackendTls, BackendTlsFacts
from mailvet.facts.certificate import Doubt
from mailvet.facts.directory import DirectoryFacts
from mailvet.facts.directory_answers import (
    ClearAnswer,
    DirectoryAnswers,
    DirectoryAnswersFacts,
    UserSearch,
)
from mailvet.facts.host import sections
from mailvet.facts.ldap_filter import Filter, expanded, parse_filter
from mailvet.facts.ldap_settings import PORTS, SCOPES, DirectoryUri, LdapSettings
from mailvet.facts.passdb import system_name
from mailvet.model import Cause
from mailvet.probes.backend_pipe import dial_backend
from mailvet.probes.backend_tls import look_at_tls, read_authorities, require_verified
from mailvet.probes.connection import Wire
from mailvet.probes.handshake import TlsOffer
from mailvet.probes.ldap_client import MAX_DEPTH, LdapSession
from mailvet.probes.shell import quote, run
from mailvet.secret import Secret
from mailvet.transcript import Transcript

MOST_SERVERS = 6
"""Servers that are asked; settings name more only by mistake."""

PRESENT = Filter("=", (), "objectClass", "*")
"""What every entry matches."""

Place = tuple[LdapSettings, DirectoryUri, BackendServer]
"""A server, and the settings that name it."""


async def probe_directory_tls(context: ProbeContext) -> BackendTlsFacts:
    """
    TLS of every server that Dovecot's settings name; none is tried on the target itself.

    Raises:
        ProbeError: CLIENT_LIMIT if the settings do not say where the directory is.
    """
    places = _places(await context.fact("directory"))
    authorities = await read_authorities(context, (server.authorities for _, _, server in places))
    unique = {server: uri for _, uri, server in places}
    looks = (
        _look(context, uri, server, authorities.get(server.authorities, ""))
        for server, uri in unique.items()
    )
    return BackendTlsFacts(tuple(await asyncio.gather(*looks)))


async def _look(
    context: ProbeContext, uri: DirectoryUri, server: BackendServer, authorities: str
) -> BackendTls:
    if uri.local:
        return BackendTls(server)

    async def prelude(wire: Wire) -> str:
        return await _start(LdapSession(wire, context.permit.request))

    return await look_at_tls(
        context, server, authorities, prelude if uri.scheme == "ldap" else None
    )


async def _start(session: LdapSession) -> str:
    """
    Has the server start TLS, and returns why it does not.
    """
    result = await session.start_tls()
    if not result.good:
        return f"StartTLS: {result}"
    return "octets that nobody asked for before TLS" if session.pending else ""


def _places(directory: DirectoryFacts) -> tuple[Place, ...]:
    found = tuple(
        (settings, uri, uri.server(directory.authorities(settings)[0]))
        for settings in directory.settings
        for uri in settings.uris
        if uri.scheme
    )
    if not found or len(found) > MOST_SERVERS:
        detail = f"the settings name {len(found) or 'no'} servers"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    return found


async def probe_directory_answers(context: ProbeContext) -> DirectoryAnswersFacts:
    """
    What every server says to the account that searches, and to a password in clear text.

    Raises:
        ProbeError: CLIENT_LIMIT if the settings do not say where the directory is.
    """
    places = _places(await context.fact("directory"))
    tls: BackendTlsFacts = await context.fact("directory_tls")
    seen = {each.server: each for each in tls.servers}
    dovecot = await context.fact("dovecot")
    users = [system_name(dovecot, each.user) for each in context.target.accounts.values()]
    passwords = await _passwords(context, [settings for settings, _, _ in places])
    asked = (
        _answers(context, place, seen[place[2]], passwords[place[0].path], users)
        for place in places
        if place[0].searches
    )
    hosts = {uri.host: (settings, uri) for settings, uri, _ in places if not uri.local}
    clear = (_in_clear(context, settings, uri, tls) for settings, uri in hosts.values())
    return DirectoryAnswersFacts(
        tuple(await asyncio.gather(*asked)), tuple(await asyncio.gather(*clear))
    )


async def _passwords(context: ProbeContext, settings: list[LdapSettings]) -> dict[str, Secret]:
    paths = tuple(dict.fromkeys(each.path for each in settings))
    # Encoded, because what a script prints is searched for passwords, and these are masked.
    script = "\n".join(
        f"echo @@settings {number}; base64 -w 0 -- {quote(path)}; echo"
        for number, path in enumerate(paths)
    )
    output = await run(context, script, title="the password of the account that searches")
    parts = sections(output.stdout)
    return {
        path: _password(path, parts.get(f"settings {number}", ""))
        for number, path in enumerate(paths)
    }


def _password(path: str, encoded: str) -> Secret:
    try:
        text = base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise ProbeError(Cause.CREDENTIALS, f"{path} is no text in UTF-8") from exc
    return Secret(dict(parse_settings(text)).get("dnpass", ""))


async def _answers(
    context: ProbeContext, place: Place, tls: BackendTls, password: Secret, users: list[str]
) -> DirectoryAnswers:
    settings, uri, server = place
    transcript = Transcript()
    account = settings.searches_as
    admin = settings.searches_as_administrator
    found = DirectoryAnswers(settings.path, server, account, administrator=admin)
    try:
        _refuse(settings, uri, tls)
        async with dial_backend(context, server, transcript) as wire:
            session = LdapSession(wire, context.permit.request)
            await _secure(wire, session, uri, settings, tls)
            found = await _bound(session, found, password)
            if found.bound is None or found.bound.good:
                found = await _searched(session, settings, found, users)
    except ProbeError as exc:
        found = dataclasses.replace(found, doubt=Doubt(exc.cause, exc.detail))
    return dataclasses.replace(found, transcript=transcript.freeze())


def _refuse(settings: LdapSettings, uri: DirectoryUri, tls: BackendTls) -> None:
    """
    Raises if the server is not to be told the password, or cannot be asked.
    """
    if settings.on("sasl_bind"):
        raise ProbeError(Cause.CLIENT_LIMIT, f"{settings.path}: sasl_bind is not tried")
    if not uri.local:
        require_verified(tls, uri, "not asked")


async def _secure(
    wire: Wire, session: LdapSession, uri: DirectoryUri, settings: LdapSettings, tls: BackendTls
) -> None:
    """
    Starts TLS with the server that was verified before; on the target itself only as Dovecot does.
    """
    if uri.local and uri.scheme != "ldaps" and not settings.on("tls"):
        return
    if uri.scheme == "ldap" and (refusal := await _start(session)):
        raise wire.error(Cause.BLOCKED, refusal)
    handshake = await wire.start_tls(TlsOffer(), uri.host)
    if not handshake.completed:
        raise wire.error(Cause.BLOCKED, str(handshake))
    leaf = hashlib.sha256(base64.b64decode(handshake.chain[0])).hexdigest()
    if not uri.local and leaf != tls.chain[0].sha256:
        raise wire.error(Cause.BLOCKED, "another certificate than the one that was verified")


async def _bound(
    session: LdapSession, found: DirectoryAnswers, password: Secret
) -> DirectoryAnswers:
    if not found.account:
        return found
    return dataclasses.replace(found, bound=await session.bind(found.account, password))


async def _searched(
    session: LdapSession, settings: LdapSettings, found: DirectoryAnswers, users: list[str]
) -> DirectoryAnswers:
    base = settings.get("base")
    if "%" not in base:
        _, result = await session.search(base, "base", PRESENT)
        found = dataclasses.replace(found, base=result)
        if not result.good:
            return found
    try:
        searches = [await _user(session, settings, user) for user in users]
    except ProbeError as exc:
        return dataclasses.replace(found, doubt=Doubt(exc.cause, exc.detail))
    return dataclasses.replace(found, users=tuple(searches))


async def _user(session: LdapSession, settings: LdapSettings, user: str) -> UserSearch:
    searched = settings.passwords and not settings.template
    name = "pass_filter" if searched else "user_filter"
    parsed = parse_filter(settings.get(name))
    base, scope = expanded(settings.get("base"), user), settings.get("scope")
    wanted = parsed.for_user(user) if parsed else None
    odd = wanted is None or wanted.depth > MAX_DEPTH or "%" in f"{wanted}{base}"
    if wanted is None or odd or scope not in SCOPES:
        detail = f"{settings.path}: not searched with {name} = {settings.get(name)}, scope {scope}"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    entries, _ = await session.search(base, scope, wanted, ("objectClass",))
    if not entries and scope != "subtree":
        hidden, _ = await session.search(base, "subtree", wanted)
        return UserSearch(user, (), tuple(each.name for each in hidden))
    shown = False
    for entry in entries[:1]:
        attribute = ("userPassword",)
        seen, _ = await session.search(entry.name, "base", PRESENT, attribute, names_only=True)
        shown = any(each.shows("userPassword") for each in seen)
    return UserSearch(user, entries, (), shown)


async def _in_clear(
    context: ProbeContext, settings: LdapSettings, uri: DirectoryUri, tls: BackendTlsFacts
) -> ClearAnswer:
    """
    What a server says to an invented name and password outside of TLS.
    """
    port = uri.port if uri.scheme == "ldap" else PORTS["ldap"]
    server = BackendServer(uri.host, port)
    met = any(each.server.name == uri.host and each.completed for each in tls.servers)
    transcript = Transcript()
    try:
        async with dial_backend(context, server, transcript) as wire:
            session = LdapSession(wire, context.permit.request)
            nobody = f"cn=nobody-{context.nonce},{settings.get('base')}"
            result = await session.bind(nobody, Secret(context.nonce), invented=True)
    except ProbeError as exc:
        closed = exc.cause is Cause.UNREACHABLE and "refused" in exc.detail.lower()
        doubt = None if met and closed else Doubt(exc.cause, exc.detail)
        return ClearAnswer(server, met, doubt=doubt, transcript=transcript.freeze())
    return ClearAnswer(server, met, result, transcript=transcript.freeze())


def _acts(requests: tuple[str, ...], reads: str, *, login: bool) -> Plan:
    def acts(scope: Scope) -> Acts:
        if "ldap" not in scope.target.roles:
            return ()
        # ssh tries a second time, to learn why a connection was refused; with a login, each
        # server is asked on its port without TLS as well.
        most = (4 if login else 2) * MOST_SERVERS
        return (BackendConnections("directory", most, requests, login), Commands(reads))

    return acts


FACTS = (
    FactSpec(
        "directory_tls",
        probe_directory_tls,
        BackendTlsFacts,
        acts=_acts(
            ("StartTLS",),
            "certificates of authorities that Dovecot verifies the directory with",
            login=False,
        ),
        needs=("directory",),
    ),
    FactSpec(
        "directory_answers",
        probe_directory_answers,
        DirectoryAnswersFacts,
        acts=_acts(
            ("StartTLS", "Bind", "Bind as nobody", "Search"),
            "the password with which Dovecot searches the directory",
            login=True,
        ),
        needs=("directory", "directory_tls", "dovecot"),
    ),
)
