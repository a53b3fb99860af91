"""
Accounts on the host that have nothing to do with mail, and that a socket may let in all the same.
"""

from collections.abc import Iterable

from mailvet.context import ProbeContext
from mailvet.facts.files import DirectoryStat, FileStat
from mailvet.probes.shell import quote, run

MAX_STRANGERS = 3
"""Accounts of people that are tried on each socket, besides nobody."""

FIRST_LOGIN_UID = 1000
"""Least user id of people; below are the accounts of services."""

NOBODY = "nobody"

_MEMBERS = r"""
members() {
    entry=$(getent group "$1") || return
    gid=$(echo "$entry" | cut -d: -f3)
    { echo "$entry" | cut -d: -f4 | tr , '\n'
      getent passwd | awk -F: -v g="$gid" '$4 == g { print $1 }'; } |
        while read -r name; do
            [ -n "$name" ] && uid=$(id -u -- "$name" 2>/dev/null) && echo "$name $uid"
        done
}
"""


async def strangers(
    context: ProbeContext, stats: Iterable[FileStat], servants: Iterable[str]
) -> tuple[str, ...]:
    """
    Nobody, and people whom a group or an access control list might let in; no *servants*.
    """
    places: list[FileStat | DirectoryStat] = []
    for stat in stats:
        places += [stat, *_doors(stat)]
    entries = [entry.split(":") for each in places for entry in each.acl if entry.count(":") == 2]
    groups = {each.group for each in places} | {each[1] for each in entries if each[0] == "group"}
    people = [each[1] for each in entries if each[0] == "user"]
    if groups:
        calls = "\n".join(f"members {quote(each)}" for each in sorted(groups))
        output = await run(context, f"{_MEMBERS}{calls}\ntrue", title="members of the groups")
        rows = [line.split() for line in output.stdout.splitlines()]
        people += [row[0] for row in rows if len(row) == 2 and int(row[1]) >= FIRST_LOGIN_UID]
    known = {"root", NOBODY, *servants}
    found = [name for name in dict.fromkeys(people) if name not in known]
    return (NOBODY, *found[:MAX_STRANGERS])


def _doors(stat: FileStat) -> tuple[DirectoryStat, ...]:
    """
    Directories on the way that are not open to all.
    """
    return tuple(each for each in stat.parents if not each.mode & 0o001)
