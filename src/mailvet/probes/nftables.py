"""
Reads the rules of nftables, as they are in force and as the next start makes them.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.nftables import NftablesFacts, parse_nftables
from mailvet.probes.shell import run

# What the stored file makes of nothing shows in a network namespace of its own, which ends with the
# command. Rules that name an interface by its index need one of that name there.
_SCRIPT = r"""
command -v nft >/dev/null || exit 0
echo @@enabled; systemctl is-enabled nftables.service 2>/dev/null
file=$(systemctl show --no-pager -p ExecStart --value nftables.service |
    sed -n 's/.*argv\[\]=[^;]* -f \([^ ;]*\) *;.*/\1/p' | head -n 1)
echo @@file; echo "$file"
echo @@rules; nft -s list ruleset
[ -n "$file" ] || exit 0
if ! said=$(nft -c -f "$file" 2>&1); then
    echo @@wrong; echo "$said" | head -n 3 | tr '\n' ' '; echo
    exit 0
fi
stored() {
    unshare -n sh -c '
        for link in $2; do ip link add "$link" type veth peer name "v$link"; done
        nft -f "$1" && echo @@stored && nft -s list ruleset' - "$file" "$1" 2>&1
}
links=$(ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | grep -vx lo)
echo @@unread; stored "" || stored "$links"
exit 0
"""


async def probe_nftables(context: ProbeContext) -> NftablesFacts:
    """
    The rules in force, and those that the unit nftables.service loads.
    """
    title = "nft -s list ruleset; the same in an empty network namespace, after nft -f FILE"
    return parse_nftables(await run(context, _SCRIPT, title=title))


FACTS = (FactSpec("nftables", probe_nftables, NftablesFacts, acts=reads("the rules of nftables")),)
