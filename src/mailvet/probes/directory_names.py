"""
Has Dovecot look up names that should lead to nobody.

Unlike ``doveadm user``, ``doveadm auth lookup`` takes an asterisk for what it is.
"""

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend_users import MOST_USERS
from mailvet.facts.directory_names import DirectoryNames, parse_directory_names
from mailvet.facts.passdb import system_name
from mailvet.model import Cause
from mailvet.probes.shell import quote, run

# Accounts of the host are looked up only if they could log in there; test accounts are none.
# Of names that are listed twice only the answers leave the host.
_SCRIPT = r"""
ask() { timeout 8 doveadm auth lookup "$1" >/dev/null 2>&1; echo $?; }
try() { answer=$(ask "$2"); printf '@@name %s\n%s\n' "$1" "$answer"; }
NAMES
wait
echo @@local
locals=$(awk -F: '$2 ~ /^[$]/ && $1 != "root" { print $1 }' /etc/shadow |
    grep -Fxv USERS | head -n 4)
for name in root $locals; do echo "$name $(ask "$name")"; done
echo @@doubles
timeout 8 doveadm user '*' 2>/dev/null | head -n MOST | sort | uniq -d | head -n 3 |
    while read -r name; do ask "$name" </dev/null; done
exit 0
"""


async def probe_directory_names(context: ProbeContext) -> DirectoryNames:
    """
    What Dovecot says about patterns, accounts of the host, and names that are listed twice.

    Raises:
        ProbeError: BLOCKED if no directory is declared; there is no root shell on the target.
    """
    if "ldap" not in context.target.roles:
        raise ProbeError(Cause.BLOCKED, "the profile does not declare a directory")
    dovecot = await context.fact("dovecot")
    users = [system_name(dovecot, each.user) for each in context.target.accounts.values()]
    patterns = _patterns(users[0] if users else f"nobody-{context.nonce}")
    tries = "\n".join(f"try {number} {quote(each)} &" for number, each in enumerate(patterns))
    script = _SCRIPT.replace("MOST", str(MOST_USERS)).replace("NAMES", tries)
    script = script.replace("USERS", " ".join(f"-e {quote(each)}" for each in users) or "-e ''")
    title = f"doveadm auth lookup {' '.join(map(quote, patterns))}, root, accounts with a password"
    return parse_directory_names(await run(context, script, title=title, timeout=70), patterns)


def _patterns(user: str) -> tuple[str, ...]:
    """
    What finds *user*, or anybody, where a name goes into a filter as it is.
    """
    local, at, domain = user.partition("@")
    end = f"{at}{domain}"
    return ("*", f"{local[:1]}*{end}", f"{local}*", f"{local})(objectClass=*", f"x)(|(uid=*{end}")


def _acts(scope: Scope) -> Acts:
    if "ldap" not in scope.target.roles:
        return ()
    return (Commands("what Dovecot says about patterns and about accounts of the host"),)


FACTS = (
    FactSpec(
        "directory_names",
        probe_directory_names,
        DirectoryNames,
        acts=_acts,
        needs=("dovecot",),
    ),
)
