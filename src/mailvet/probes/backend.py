"""
Reads how Dovecot asks its database or directory, and lets Dovecot look names up there.
"""

import dataclasses

from mailvet.acts import Acts, Commands, Scope, nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import (
    SAMPLES,
    BackendFacts,
    backend_files,
    central_driver,
    parse_backend,
    parse_option_files,
    settings_files,
)
from mailvet.facts.backend_tls import BackendTlsFacts
from mailvet.facts.backend_users import MOST_USERS, BackendUsers, parse_backend_users
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput
from mailvet.facts.ldap_settings import ldap_settings
from mailvet.facts.passdb import system_name
from mailvet.model import Cause
from mailvet.probes.files import stat_paths
from mailvet.probes.shell import quote, run

_TLS = {"sql": "database_tls", "ldap": "directory_tls"}

# Passwords are masked before anything leaves the host.
_SETTINGS = r"""
secret='(password|passwd|pass|dnpass)[[:space:]]*=[[:space:]]*'
whole='^([[:space:]]*dnpass[[:space:]]*=[[:space:]]*).+'
quoted='^([[:space:]]*connect[[:space:]]*=[[:space:]]*)(["'"'"'])(.*)\2[[:space:]]*$'
value="(\"[^\"]*\"[^[:space:]]*|'[^']*'[^[:space:]]*|[^[:space:]]+)"
settings() {
    [ -f "$2" ] || return 0
    echo "@@file $1"
    sed -E "s/$whole/\\1***/;s/$quoted/\\1\\3/;s/(\\b$secret)$value/\\1***/g" -- "$2"; echo
    if sed -E "/^[[:space:]]*#/d;s/$quoted/\\1\\3/" -- "$2" |
        grep -qE "\\b$secret(SAMPLES)([[:space:]]|\$)"; then
        echo "@@sample $1"; echo yes
    fi
}
FILES
exit 0
"""

# All names are looked up at once: a backend that is down answers none of them for many seconds.
# Of the list of users only the test accounts and the number of all leave the host: who else has
# mail is nobody's business.
_USERS = r"""
look() {
    timeout 15 doveadm user "$2" >/dev/null 2>&1; user=$?
    timeout 15 doveadm auth lookup "$2" >/dev/null 2>&1; password=$?
    getent passwd "$2" >/dev/null
    printf '@@name %s\n%s\n%s\n%s\n' "$1" $user $password $?
}
LOOKUPS
wait
list=$(timeout 20 doveadm user '*' 2>&1); status=$?
echo @@listing; echo "$status $([ $status -eq 0 ] || echo "$list" | tail -n 1)"
echo @@count; echo "$list" | head -n MOST | grep -c .
echo @@users; [ $status -ne 0 ] || echo "$list" | head -n MOST | grep -Fx WANTED
exit 0
"""


async def probe_backend(context: ProbeContext) -> BackendFacts:
    """
    How the declared backend is asked.

    Raises:
        ProbeError: No such backend is declared, or there is no root shell on the target.
    """
    driver = _driver(context)
    dovecot: DovecotConfig = await context.fact("dovecot")
    paths = backend_files(dovecot, driver)
    for_passwords = settings_files(dovecot, "passdb", driver)
    output = await _shown(context, dict(enumerate(paths)))
    found = await _with_option_files(context, parse_backend(driver, output, paths))
    wanted = (*paths, *found.named_authorities)
    stats = {each.path: each for each in await stat_paths(context, wanted)} if wanted else {}
    return dataclasses.replace(
        found,
        files=tuple(
            dataclasses.replace(
                each, stat=stats.get(each.path), for_passwords=each.path in for_passwords
            )
            for each in found.files
        ),
        authorities=tuple(stats[each] for each in found.named_authorities if each in stats),
    )


async def _shown(context: ProbeContext, paths: dict[int, str]) -> CommandOutput:
    script = _SETTINGS.replace("SAMPLES", "|".join(SAMPLES)).replace(
        "FILES", "\n".join(f"settings {number} {quote(path)}" for number, path in paths.items())
    )
    return await run(context, script, title=f"cat {' '.join(paths.values())} (passwords masked)")


async def _with_option_files(context: ProbeContext, found: BackendFacts) -> BackendFacts:
    """
    What the settings leave to files of MariaDB's client library.
    """
    paths = {n: each.option_file for n, each in enumerate(found.files) if each.option_file}
    if not paths:
        return found
    output = await _shown(context, paths)
    return parse_option_files(found, output, await stat_paths(context, paths.values()))


async def probe_backend_settings(context: ProbeContext) -> BackendFacts:
    """
    The same, if there are settings at all.

    Raises:
        ProbeError: BLOCKED if no database names a file with settings, or none of them exists.
    """
    found: BackendFacts = await context.fact("backend")
    if not found.stats:
        raise ProbeError(Cause.BLOCKED, f"there is no file with settings of {found.driver}")
    return found


async def probe_backend_tls(context: ProbeContext) -> BackendTlsFacts:
    """
    TLS of the declared backend, whichever it is.

    Raises:
        ProbeError: As the probe of that kind of backend says; BLOCKED if none is declared.
    """
    driver = _driver(context)
    found: BackendTlsFacts = await context.fact(_TLS[driver])
    return found


async def probe_backend_users(context: ProbeContext) -> BackendUsers:
    """
    What Dovecot says about test accounts and other names.

    Raises:
        ProbeError: There is no root shell on the target, or no Dovecot.
    """
    dovecot = await context.fact("dovecot")
    settings = ldap_settings(dovecot, await context.fact("backend"))
    names = _names(context, dovecot)
    wanted = [name for name, wanted in names if wanted] or [names[0][0]]
    script = _USERS.replace("MOST", str(MOST_USERS))
    script = script.replace(
        "LOOKUPS", "\n".join(f"look {n} {quote(name)} &" for n, (name, _) in enumerate(names))
    )
    script = script.replace("WANTED", " ".join(f"-e {quote(each)}" for each in wanted))
    title = "doveadm user, doveadm auth lookup, getent passwd for each name; doveadm user '*'"
    output = await run(context, script, title=title, timeout=70)
    return parse_backend_users(output, names, bound=any(each.template for each in settings))


def _driver(context: ProbeContext) -> str:
    """
    The driver of the declared backend.

    Raises:
        ProbeError: BLOCKED if none is declared.
    """
    driver = central_driver(context.target.roles)
    if not driver:
        raise ProbeError(Cause.BLOCKED, "the profile declares neither a database nor a directory")
    return driver


def _names(context: ProbeContext, dovecot: DovecotConfig) -> tuple[tuple[str, bool], ...]:
    """
    Names of the test accounts, and others that nobody may have.

    With ``LIKE`` in a query an underscore stands for any letter, and a quotation mark ends the
    value that it stands in. An asterisk cannot be tried: doveadm makes a list of it by itself.
    """
    users = [system_name(dovecot, each.user) for each in context.target.accounts.values()]
    found = [(each, True) for each in users]
    found.append((f"nobody-{context.nonce}", False))
    for user in users[:1]:
        local, at, domain = user.partition("@")
        found += [
            (f"{local[:-1]}_{at}{domain}", False),
            ("x' OR '1'='1", False),
            (f"{local}' -- ", False),
        ]
    return tuple(found)


def _acts(scope: Scope) -> Acts:
    if not central_driver(scope.target.roles):
        return ()
    return (
        Commands("settings of the database or directory, without the passwords in them", 2),
        Commands("owners and modes of these files", 2),
    )


def _acts_of_users(scope: Scope) -> Acts:
    if not central_driver(scope.target.roles):
        return ()
    return (Commands("what Dovecot says about test accounts and invented names"),)


FACTS = (
    FactSpec("backend", probe_backend, BackendFacts, acts=_acts, needs=("dovecot",)),
    FactSpec(
        "backend_settings",
        probe_backend_settings,
        BackendFacts,
        acts=nothing,
        needs=("backend",),
    ),
    FactSpec(
        "backend_tls",
        probe_backend_tls,
        BackendTlsFacts,
        acts=nothing,
        needs=tuple(_TLS.values()),
    ),
    FactSpec(
        "backend_users",
        probe_backend_users,
        BackendUsers,
        acts=_acts_of_users,
        needs=("backend", "dovecot"),
    ),
)
