"""
Asks Postfix's tables of virtual aliases, as Postfix would.
"""

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.alias_maps import AliasMap, AliasMapFacts, parse_alias_maps
from mailvet.facts.host import sections
from mailvet.facts.ldap_table import LdapTable, parse_ldap_table
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.routing import split_list
from mailvet.facts.tables import COMPILED
from mailvet.probes.files import stat_paths
from mailvet.probes.recipients import nobody_at
from mailvet.probes.shell import quote, run

ROLES = frozenset({"virtual-aliases", "ldap-aliases"})
"""Roles of a profile that say that there are such tables."""

_OTHERS = ("alias_maps", "local_recipient_maps", "virtual_mailbox_maps", "relay_recipient_maps")
_WRITTEN = frozenset({*COMPILED, "texthash"})

# The path of a definition is the file's; the password in it does not leave the host.
_SCRIPT = r"""
echo @@types; postconf -m
lines() {
    echo "@@map $1"; [ -f "$2" ] || return
    echo source
    awk 'function done() {
        sub(/[ \t]+$/, "", line)
        if (line != "") {
            many = split(line, word, /[ \t]+/); bad = many < 2 || line ~ /[<>]/
            for (i = 1; i <= many; i++)
                if (split(word[i], part, ",") == 1 && gsub(/@/, "@", word[i]) > 1) bad = 1
            if (bad) print "bad " line
        }
        line = ""
    }
    /^[ \t]*(#|$)/ { next }
    /^[ \t]/ { line = line " " $0; next }
    { done(); line = $0 }
    END { done() }' "$2" | head -n 5 | cut -c 1-200
}
ask() {
    echo "@@answer $1 $2"
    timeout 15 postmap -q "$3" "$4" 2>/dev/null | sed 's/^/=/'
    timeout 15 postmap -q "$3" "$4" 2>&1 >/dev/null | sed 's/^/!/' | head -n 3
}
shown() {
    echo "@@file $1"; [ -f "$2" ] || return 0
    sed -E 's/^([[:space:]]*bind_pw[[:space:]]*=[[:space:]]*).+/\1***/' -- "$2"; echo
}
CALLS
exit 0
"""


async def probe_alias_maps(context: ProbeContext) -> AliasMapFacts:
    """
    The tables, and what they say to the aliases that the profile names.

    Raises:
        ProbeError: There is no root shell on the target, or no Postfix.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    names = split_list(postfix.setting("virtual_alias_maps"))
    stranger = nobody_at(context)
    keys = (*context.target.expect.aliases.every, stranger)
    paths = {n: _path(each) for n, each in enumerate(names) if AliasMap(each).kind == "ldap"}
    calls = [
        f"lines {n} {quote(each.partition(':')[2])}"
        for n, each in enumerate(names)
        if AliasMap(each).kind in _WRITTEN
    ]
    calls += [
        f"ask {row} {n} {quote(key)} {quote(name)}"
        for row, key in enumerate(keys)
        for n, name in enumerate(names)
    ]
    calls += [f"shown {n} {quote(path)}" for n, path in paths.items() if path]
    title = "postmap -q for each alias of the profile in each of virtual_alias_maps; postconf -m"
    output = await run(context, _SCRIPT.replace("CALLS", "\n".join(calls)), title=title, timeout=90)
    maps, answers, types = parse_alias_maps(output, names, keys)
    parts = sections(output.stdout)
    wanted = [path for path in paths.values() if path]
    stats = {each.path: each for each in await stat_paths(context, wanted)} if wanted else {}
    return AliasMapFacts(
        maps=maps,
        others=tuple(each for each in _OTHERS if "ldap:" in postfix.setting(each)),
        answers=answers,
        stranger=stranger,
        directories=tuple(
            LdapTable(names[n], path, stats.get(path), parse_ldap_table(parts.get(f"file {n}", "")))
            for n, path in paths.items()
        ),
        types=types,
        commands=(output.evidence(),),
    )


def _path(name: str) -> str:
    """
    The file with the definition; empty where the settings stand in main.cf.
    """
    path = name.removeprefix("proxy:").partition(":")[2]
    return path if path.startswith("/") else ""


def _acts(scope: Scope) -> Acts:
    if not ROLES & scope.target.roles:
        return ()
    return (
        Commands("tables of virtual aliases, without the passwords in them"),
        Commands("owners and modes of these files"),
    )


FACTS = (FactSpec("alias_maps", probe_alias_maps, AliasMapFacts, acts=_acts, needs=("postfix",)),)
