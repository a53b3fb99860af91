"""
Asks the database of a target's accounts itself: from the target, with Dovecot's own account.

The password is read from Dovecot's settings into memory. It goes to nobody but a server that is
verified as Dovecot is told to verify it, or that is the target itself, and is never shown there.
"""

import asyncio
import dataclasses
import socket
import ssl
from dataclasses import dataclass

from mailvet.acts import Acts, BackendConnections, Commands, Plan, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFacts, BackendFile
from mailvet.facts.backend_tls import BackendServer, BackendTls, BackendTlsFacts
from mailvet.facts.certificate import Doubt
from mailvet.facts.database import DatabaseAnswers, DatabaseFacts, UserRows
from mailvet.facts.mysql import parse_greeting, ssl_request
from mailvet.facts.pass_schemes import StoredScheme, label_of, parse_schemes
from mailvet.facts.sql import (
    UserTable,
    named_databases,
    parse_grant,
    required_transport,
    user_table,
)
from mailvet.model import Cause
from mailvet.probes.backend_pipe import backend_socket
from mailvet.probes.backend_tls import look_at_tls, read_authorities, require_verified
from mailvet.probes.connection import Wire
from mailvet.probes.database_account import DatabaseAccount, database_accounts
from mailvet.probes.mysql_client import (
    REQUESTS,
    NoAnswerError,
    RefusedError,
    Session,
    UnknownLoginError,
    verifying,
)
from mailvet.probes.threads import in_daemon_thread
from mailvet.transcript import Transcript

MOST_SERVERS = 6
"""Servers that are asked; Dovecot shares its questions among no more in practice."""

PATIENCE = 40.0
"""Seconds for one session; counting millions of rows takes some."""


async def probe_database_tls(context: ProbeContext) -> BackendTlsFacts:
    """
    TLS of every database server that Dovecot's settings name; none is tried on the target itself.

    Raises:
        ProbeError: CLIENT_LIMIT if the settings do not say where the database is.
    """
    files = await _files(context)
    servers = tuple(dict.fromkeys(each for file in files for each in file.databases))
    authorities = await read_authorities(context, (each.authorities for each in servers))
    looks = (_look(context, each, authorities.get(each.authorities, "")) for each in servers)
    return BackendTlsFacts(tuple(await asyncio.gather(*looks)))


async def _look(context: ProbeContext, server: BackendServer, authorities: str) -> BackendTls:
    if server.on_this_machine:
        return BackendTls(server)

    async def prelude(wire: Wire) -> str:
        header = await wire.exactly(4)
        greeting = parse_greeting(await wire.exactly(int.from_bytes(header[:3], "little")))
        if greeting is None or greeting.error:
            detail = greeting.error if greeting else "the server does not talk MySQL"
            raise wire.error(Cause.BLOCKED, f"{server}: {detail}")
        if not greeting.offers_tls:
            return f"the server ({greeting.version}) offers no TLS"
        context.permit.request("TLS")
        await wire.send(ssl_request())
        return ""

    return await look_at_tls(context, server, authorities, prelude)


async def probe_database(context: ProbeContext) -> DatabaseFacts:
    """
    What every database server says to Dovecot's own account.

    Raises:
        ProbeError: CLIENT_LIMIT if the settings do not say where the database is.
    """
    files = await _files(context)
    tls: BackendTlsFacts = await context.fact("database_tls")
    seen = {each.server: each for each in tls.servers}
    authorities = await read_authorities(context, (each.authorities for each in seen))
    accounts, schemes = await database_accounts(context, files)
    known = parse_schemes(schemes.stdout)
    if not known:
        raise ProbeError(Cause.BLOCKED, "doveadm pw -l lists no scheme")
    asked = [
        _answers(context, file, seen[server], _Way(accounts[file.path], known, authorities))
        for file in files
        for server in file.databases
    ]
    return DatabaseFacts(
        tuple(await asyncio.gather(*asked)),
        tuple(dict.fromkeys(name for each in files for name in _databases(each, accounts))),
        tuple((each.path, _scheme(each.get("default_pass_scheme"))) for each in files),
        known,
        (schemes.evidence(),),
    )


def _databases(file: BackendFile, accounts: dict[str, "DatabaseAccount"]) -> list[str]:
    """
    Names of the databases that Dovecot reads, in small letters.
    """
    queries = (file.get(f"{kind}_query") for kind in ("password", "user", "iterate"))
    named = [name for query in queries for name in named_databases(query)]
    return [each.lower() for each in (accounts[file.path].database, *named) if each]


def _scheme(name: str) -> str:
    """
    A scheme without its encoding.
    """
    return name.partition(".")[0].upper()


async def _files(context: ProbeContext) -> tuple[BackendFile, ...]:
    settings: BackendFacts = await context.fact("backend_settings")
    files = tuple(each for each in settings.files if each.databases)
    kinds = sorted({each.get("driver") for each in files} - {"mysql"})
    unread = [*settings.unread, *(f"driver = {each} is not asked" for each in kinds)]
    if unread or not files:
        detail = "; ".join(unread) or "the settings name no database server"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    if sum(len(each.databases) for each in files) > MOST_SERVERS:
        raise ProbeError(Cause.CLIENT_LIMIT, f"the settings name over {MOST_SERVERS} servers")
    return files


@dataclass(frozen=True, slots=True)
class _Way:
    """
    With what a file's database is asked.
    """

    account: DatabaseAccount
    known_schemes: tuple[str, ...]
    authorities: dict[str, str]


async def _answers(
    context: ProbeContext, file: BackendFile, tls: BackendTls, way: _Way
) -> DatabaseAnswers:
    transcript = Transcript()
    found = DatabaseAnswers(
        file.path,
        tls.server,
        for_passwords=file.for_passwords,
        table=user_table(file.get("password_query")),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            found = await _logged_in(context, file, tls, way, _Asker(context, transcript), found)
    except RefusedError as exc:
        found = dataclasses.replace(found, refusal=exc.refusal)
        transcript.add("<", str(exc))
    except UnknownLoginError as exc:
        found = _doubtful(found, Cause.CLIENT_LIMIT, f"{tls.server}: {exc}")
    except NoAnswerError as exc:
        found = _doubtful(found, Cause.BLOCKED, f"{tls.server}: {exc}")
    except TimeoutError:
        found = _doubtful(found, Cause.TIMEOUT, f"{tls.server}: not done within {PATIENCE:g} s")
    except ProbeError as exc:
        found = _doubtful(found, exc.cause, exc.detail)
    return dataclasses.replace(found, transcript=transcript.freeze())


async def _logged_in(
    context: ProbeContext,
    file: BackendFile,
    tls: BackendTls,
    way: _Way,
    asker: "_Asker",
    found: DatabaseAnswers,
) -> DatabaseAnswers:
    secured = _secured(file, tls, way.authorities.get(tls.server.authorities, ""))
    async with backend_socket(context, tls.server) as connected:

        def talk() -> DatabaseAnswers:
            asker.log_in(connected, tls.server.name, way.account, secured)
            answers = _interview(asker, found, way.known_schemes)
            asker.session.end()
            return answers

        return await in_daemon_thread(talk)


def _doubtful(found: DatabaseAnswers, cause: Cause, detail: str) -> DatabaseAnswers:
    return dataclasses.replace(found, doubt=Doubt(cause, detail))


def _secured(file: BackendFile, tls: BackendTls, authorities: str) -> ssl.SSLContext | None:
    """
    How the password is kept from others on the way.

    Raises:
        ProbeError: It cannot be, so there is no login.
    """
    server = tls.server
    if file.connection.get("ssl_cert"):
        detail = f"{file.path}: Dovecot shows a certificate of its own, which is not read"
        raise ProbeError(Cause.CLIENT_LIMIT, detail)
    if server.on_this_machine:
        return verifying(authorities, name=False) if server.authorities else None
    require_verified(tls, server, "not logged in")
    return verifying(authorities, name=True)


class _Asker:
    """
    Writes down what is asked; of the answers only what holds no secret is shown elsewhere.
    """

    def __init__(self, context: ProbeContext, transcript: Transcript) -> None:
        self.session = Session(context.permit.request)
        self._timeout = context.reply_timeout
        self._transcript = transcript

    def log_in(
        self,
        connected: socket.socket,
        name: str,
        account: DatabaseAccount,
        tls: ssl.SSLContext | None,
    ) -> None:
        """Logs in as *account* at the server called *name*."""
        self._transcript.add(">", f"log in as {account.user} to {account.database}")
        self.session.log_in(
            connected,
            name=name,
            user=account.user,
            password=account.password,
            database=account.database,
            tls=tls,
            timeout=self._timeout,
        )

    def rows(self, question: str) -> list[tuple[str, ...]]:
        """All rows of an answer."""
        self._transcript.add(">", question)
        try:
            found = self.session.ask(question)
        except RefusedError as exc:
            self._transcript.add("<", str(exc))
            raise
        self._transcript.add("<", f"{len(found)} rows")
        return found

    def one(self, question: str, column: int = 0) -> str | None:
        """A value of the first row; None if there is none, or the server does not tell."""
        try:
            found = self.rows(question)
        except RefusedError:
            return None
        return found[0][column] if found and len(found[0]) > column else None


def _interview(asker: _Asker, found: DatabaseAnswers, known: tuple[str, ...]) -> DatabaseAnswers:
    user = asker.one("SHOW CREATE USER CURRENT_USER()")
    forced = asker.one("SELECT @@require_secure_transport")
    found = dataclasses.replace(
        found,
        account=asker.one("SELECT CURRENT_USER()") or "",
        version=asker.one("SELECT VERSION()") or "",
        cipher=asker.one("SHOW STATUS LIKE 'Ssl_cipher'", 1) or "",
        requires="" if user is None else required_transport(user),
        secure_transport=None if forced is None else forced in {"1", "ON"},
    )
    try:
        grants = [parse_grant(row[0]) for row in asker.rows("SHOW GRANTS") if row]
        found = dataclasses.replace(found, grants=tuple(each for each in grants if each))
    except RefusedError:
        pass
    if found.table is None:
        return found
    try:
        asker.rows(found.table.select(f"{found.table.key}, {found.table.password}", "LIMIT 0"))
    except RefusedError as exc:
        return dataclasses.replace(found, refusal=exc.refusal)
    return dataclasses.replace(found, rows=_counted(asker, found.table, known))


def _counted(asker: _Asker, table: UserTable, known: tuple[str, ...]) -> UserRows | None:
    label = label_of(table.password, known)
    try:
        (numbers,) = asker.rows(table.select(f"COUNT(*), COUNT(DISTINCT {table.key})"))
        kinds = asker.rows(
            table.select(f"{label} AS mailvet_label, COUNT(*)", "GROUP BY mailvet_label")
        )
    except RefusedError:
        return None
    rows, names = map(int, numbers)
    schemes = tuple(StoredScheme(label, int(count)) for label, count in kinds)
    return UserRows(names, rows - names, schemes)


def _acts(*, login: bool) -> Plan:
    requests = REQUESTS if login else ("TLS",)
    reads = "certificates of authorities that Dovecot verifies the database with"

    def acts(scope: Scope) -> Acts:
        if "sql" not in scope.target.roles:
            return ()
        # ssh tries a second time, to learn why a connection was refused.
        connections = BackendConnections("database", 2 * MOST_SERVERS, requests, login)
        password = (Commands("Dovecot's own password for the database, schemes that it knows"),)
        return (connections, Commands(reads), *(password if login else ()))

    return acts


FACTS = (
    FactSpec(
        "database_tls",
        probe_database_tls,
        BackendTlsFacts,
        acts=_acts(login=False),
        needs=("backend_settings",),
    ),
    FactSpec(
        "database",
        probe_database,
        DatabaseFacts,
        acts=_acts(login=True),
        needs=("backend_settings", "database_tls"),
    ),
)
