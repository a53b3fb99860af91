"""
Asks the kernel how old the servers' processes are, and the file system how old their files.
"""

import contextlib

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.config_tree import ConfigTree
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.running import RunningFacts, parse_running
from mailvet.facts.settings_files import dovecot_loads, postfix_lists, postfix_main
from mailvet.probes.shell import quote, run

# Behind the name in parentheses, field 2 of stat is the parent and field 20 the start, in clock
# ticks since the boot. A Dovecot with many users has many processes, of which one matters.
_SCRIPT = r"""
family() {
    [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] || return
    echo "a $(tr '\0\n' '  ' <"/proc/$1/cmdline")"
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v "master=$1" -v "only=$3" '{
        name = $0; sub(/^[0-9]+ \(/, "", name); sub(/\) [A-Za-z] .*$/, "", name)
        rest = $0; sub(/^.*\) /, "", rest); split(rest, field, " ")
        if ($1 == master) print "m " $1 " " field[20] " " name
        if (field[2] == master && field[1] != "Z" && (only == "" || name == only))
            print "p " $1 " " field[20] " " name
    }'
}
echo @@clock
for try in 1 2 3 4 5; do
    read -r before _ </proc/uptime; now=$(date +%s.%N); read -r after _ </proc/uptime
    echo "$before $now $after"
done
getconf CLK_TCK
echo @@dovecot
base=$(doveconf -h base_dir 2>/dev/null)
read -r pid 2>/dev/null <"${base:-/run/dovecot}/master.pid" &&
    family "$pid" dovecot log
echo @@postfix
queue=$(postconf -hx queue_directory 2>/dev/null)
read -r pid 2>/dev/null <"${queue:-/var/spool/postfix}/pid/master.pid" &&
    family $pid master
echo @@files
stat --printf '%.Y %.Z %n\n' -- PATHS 2>/dev/null
stat -L --printf '%.Y %.Z %n\n' -- PATHS 2>/dev/null
exit 0
"""


async def probe_running(context: ProbeContext) -> RunningFacts:
    """
    The servers' processes, and the files that their configuration is read from.
    """
    tree: ConfigTree = await context.fact("config_tree")
    groups: dict[str, tuple[str, ...]] = {"dovecot": tree.read, "folders": tree.folders}
    # A configuration that doveconf refuses was not loaded, which its files show as well.
    with contextlib.suppress(ProbeError):
        dovecot: DovecotConfig = await context.fact("dovecot")
        groups["dovecot"] = dovecot_loads(dovecot, tree)
    with contextlib.suppress(ProbeError):
        postfix: PostfixConfig = await context.fact("postfix")
        groups |= {"postfix": postfix_main(postfix), "lists": postfix_lists(postfix)}
    paths = dict.fromkeys(path for group in groups.values() for path in group)
    wanted = " ".join(quote(each) for each in paths if each.isprintable())
    script = _SCRIPT.replace("PATHS", wanted or '""')
    title = "start of each process below /proc; stat of each file of the configuration"
    output = await run(context, script, title=title)
    return parse_running(output, groups, tree.main)


FACTS = (
    FactSpec(
        "running",
        probe_running,
        RunningFacts,
        acts=reads("when the servers read their configuration, and when its files were changed"),
        needs=("config_tree", "dovecot", "postfix"),
    ),
)
