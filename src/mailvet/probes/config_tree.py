"""
Follows the include lines of Dovecot's configuration on the host.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.config_tree import ConfigTree, parse_config_tree
from mailvet.probes.shell import run

_SCRIPT = r"""
tab=$(printf '\t')
n=0
seen=
walk() {
    local file="$1" depth="$2" folder="${1%/*}" line pattern each
    n=$((n + 1))
    if [ "$n" -gt 300 ] || [ "$depth" -gt 12 ]; then echo "cut$tab$file"; return; fi
    case $seen in *"|$file|"*) ;; *) seen="$seen|$file|";; esac
    echo "open$tab$file"
    while IFS= read -r line; do
        case $line in *!include*) ;; *) echo "line$tab$line"; continue;; esac
        pattern=$(echo "$line" |
            sed -n 's/^[[:space:]]*!include\(_try\)\{0,1\}[[:space:]]\{1,\}//p' |
            sed 's/[[:space:]]*$//; s/^"\(.*\)"$/\1/')
        if [ -z "$pattern" ]; then echo "line$tab$line"; continue; fi
        echo "include$tab$file: $pattern"
        case $pattern in /*) ;; *) pattern=$folder/$pattern;; esac
        case $pattern in *[*?[]*) echo "glob$tab$pattern";; esac
        for each in $pattern; do
            [ -f "$each" ] && walk "$each" $((depth + 1))
        done
    done <<EOF
$(head -c 200000 -- "$file" | grep -v '^[[:space:]]*\(#\|$\)')
EOF
    echo "close$tab$file"
}
main=$(doveconf -n 2>/dev/null | sed -n '1s/^#[^/]*: \(\/.*\)/\1/p')
[ -n "$main" ] || main=/etc/dovecot/dovecot.conf
echo @@main; echo "$main"
echo @@default; [ -f /etc/dovecot/dovecot.conf ] && echo yes
echo @@tree; [ -f "$main" ] && walk "$main" 0
echo @@others
read=$seen
for each in "${main%/*}"/conf.d/*.conf; do
    case $read in *"|$each|"*) ;; *) [ -f "$each" ] && walk "$each" 0;; esac
done
echo @@unexplained
set -f
IFS='|'
if dpkg-query -W dpkg >/dev/null 2>&1; then
    owned=$(dpkg -S $read 2>/dev/null | sed 's/^[^:]*: //')
    kept=$(sed 's/^[^ ]* //' /var/lib/ucf/registry 2>/dev/null)
    for each in $read; do [ -z "$each" ] || echo "$each"; done | grep -vxF -e "$owned
$kept"
elif rpm -q rpm >/dev/null 2>&1; then
    set -- $(for each in $read; do [ -z "$each" ] || printf '%s|' "$each"; done)
    rpm -qf -- "$@" 2>&1 | sed -n 's/^file \(.*\) is not owned by any package$/\1/p'
fi
unset IFS
set +f
echo @@documentation
for each in /usr/share/doc/dovecot /usr/share/doc/dovecot-*; do
    [ -n "$(ls -A "$each" 2>/dev/null)" ] && echo "$each"
done
echo @@excluded
grep -hs '^path-exclude.*/usr/share/doc' /etc/dpkg/dpkg.cfg /etc/dpkg/dpkg.cfg.d/*
grep -hsi '^[[:space:]]*tsflags[[:space:]]*=.*nodocs' /etc/dnf/dnf.conf /etc/yum.conf | sort -u
[ "$(rpm --eval '%{?_excludedocs}' 2>/dev/null)" = 1 ] && echo '%_excludedocs 1'
exit 0
"""


async def probe_config_tree(context: ProbeContext) -> ConfigTree:
    """
    Which files Dovecot reads, what stands in them, and where they came from.
    """
    title = "the files that Dovecot's configuration includes; dpkg -S or rpm -qf of them"
    return parse_config_tree(await run(context, _SCRIPT, title=title))


FACTS = (
    FactSpec(
        "config_tree",
        probe_config_tree,
        ConfigTree,
        acts=reads("the files of Dovecot's configuration, and which package brought them"),
    ),
)
