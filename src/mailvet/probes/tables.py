"""
Looks at the files behind Postfix's tables, and follows the postmaster through the aliases.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.settings_files import list_files, tables
from mailvet.facts.tables import AS_LIST, COMPILED, PLAIN, TableFacts, parse_tables
from mailvet.probes.shell import quote, run

_VARIABLES = {
    "virtual": ("virtual_alias_maps",),
    "boxes": ("virtual_mailbox_maps",),
    "destinations": ("mydestination",),
    "virtual_domains": ("virtual_mailbox_domains", "virtual_alias_domains"),
    "aliases": ("alias_maps",),
    "grammar": ("alias_maps", "alias_database"),
}
"""Variables of the script, and the parameters whose elements they hold."""

# texthash reads the source of a table as postmap would, so both sides can be listed and compared;
# postalias has another grammar, and no such way.
_TABLE = r"""
table() {
    echo "@@table $1"; kind=$2; path=$3; shift 3
    [ -f "$path" ] && echo "source 1"
    for c; do
        [ -f "$path$c" ] || continue
        echo "compiled 1"
        [ "$path" -nt "$path$c" ] && echo "older 1"
    done
    if [ $# -gt 0 ] && [ -f "$path" ] && [ -f "$path$1" ]; then
        case " $grammar " in *" $kind:$path "*) ;; *) same "$kind" "$path";; esac
    fi
    [ "$kind" = file ] || asked "$kind:$path"
}
same() {
    a=$(timeout 5 postmap -s "texthash:$2" 2>/dev/null) || return
    b=$(timeout 5 postmap -s "$1:$2" 2>/dev/null) || return
    a=$(echo "$a" | sort | cksum); b=$(echo "$b" | sort | cksum)
    if [ "$a" = "$b" ]; then echo "same yes"; else echo "same no"; fi
}
asked() {
    said=$(timeout 5 postmap -q mailvet-no-such-key "$1" 2>&1 >/dev/null |
        grep -v 'is older than source file' | head -n 1)
    [ -z "$said" ] || echo "complaint $said"
}
"""

# Virtual aliases come before all delivery, local aliases at local delivery only; both may hand on.
_POSTMASTER = r"""
look() {
    key=$1; shift
    for map; do
        case $map in
            *:*) value=$(timeout 5 postmap -q "$key" "$map" 2>/dev/null) &&
                 [ -n "$value" ] && { echo "$value" | tr ',\n' '\n\n'; return 0; };;
        esac
    done
    return 1
}
follow() {
    local name="$1" depth="$2" step local each next
    case $name in
        \|*|'"|'*) echo "ends program $name"; return;;
        /dev/null) echo "ends discarded $name"; return;;
        /*|:include:*) echo "ends program $name"; return;;
    esac
    case $name in \\*) name=${name#\\}; echo "ends account $name"; return;; esac
    [ "$depth" -lt 10 ] || return
    case $name in *@*) local=${name%@*};; *) local=$name; name=$name@$domain;; esac
    next=
    if [ "$3" != aliased ]; then
        next=$(look "$name" $virtual) || { mine "$name" && next=$(look "$local" $virtual); } ||
            next=$(look "@${name#*@}" $virtual) || next=
        [ "$next" = "$name" ] && next=
    fi
    step=plain
    if [ -z "$next" ] && mine "$name"; then
        next=$(look "$local" $aliases) && step=aliased || next=
        [ "$next" = "$local" ] && next=
    fi
    if [ -n "$next" ]; then
        echo "chain $name -> $(echo "$next" | tr '\n' ' ')"
        echo "$next" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//' | while read -r each; do
            [ -z "$each" ] || follow "$each" $((depth + 1)) plain
        done
    elif ! mine "$name"; then
        if own "${name#*@}"; then virtual_user "$name"; else echo "ends elsewhere $name"; fi
    elif getent passwd "$local" >/dev/null ||
        timeout 5 doveadm user "$local" >/dev/null 2>&1 ||
        timeout 5 doveadm user "$name" >/dev/null 2>&1; then echo "ends account $name"
    else echo "ends nobody $name"; fi
}
virtual_user() {
    if look "$1" $boxes >/dev/null || look "@${1#*@}" $boxes >/dev/null ||
        { [ -z "$boxes" ] && timeout 5 doveadm user "$1" >/dev/null 2>&1; }
    then echo "ends account $1"; else echo "ends nobody $1"; fi
}
listed() {
    domain_=$1; shift
    for each_; do
        case $each_ in
            "$domain_") return 0;;
            *:*) timeout 5 postmap -q "$domain_" "$each_" 2>/dev/null | grep -q . && return 0;;
            /*) grep -qixF -- "$domain_" "$each_" 2>/dev/null && return 0;;
        esac
    done
    return 1
}
mine() { listed "${1#*@}" $destinations; }
own() { listed "$1" $virtual_domains; }
set -f
echo @@way; follow postmaster 0 plain | head -n 100
set +f
echo @@domain; echo "$domain"
echo @@maps; echo "$aliases"
"""


async def probe_tables(context: ProbeContext) -> TableFacts:
    """
    The files behind the tables, and where mail for the postmaster goes.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    files = tuple((AS_LIST, path) for path in list_files(postfix))
    found = (*tables(postfix), *files)
    names = tuple(each for each in found if each[0] in {*COMPILED, *PLAIN, AS_LIST})
    calls = "\n".join(
        " ".join(("table", str(n), quote(kind), quote(path), *COMPILED.get(kind, ())))
        for n, (kind, path) in enumerate(names)
    )
    domain = context.target.expect.mail.domain or postfix.setting("mydomain")
    given = {"domain": domain} | {
        variable: " ".join(" ".join(map(postfix.setting, parameters)).replace(",", " ").split())
        for variable, parameters in _VARIABLES.items()
    }
    variables = "\n".join(f"{name}={quote(value)}" for name, value in given.items())
    script = f"{variables}\n{_POSTMASTER}\n{_TABLE}\n{calls}\nexit 0\n"
    title = "stat, postmap -s and -q of each table; postmap -q for postmaster and whom it leads to"
    output: CommandOutput = await run(context, script, title=title, timeout=60)
    return parse_tables(output, names)


FACTS = (
    FactSpec(
        "tables",
        probe_tables,
        TableFacts,
        acts=reads("the files behind Postfix's tables, and where the postmaster's mail goes"),
        needs=("postfix",),
    ),
)
