"""
Reads firewalld's zones, as they are in force and as they are stored.
"""

import asyncio
import socket

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.firewall import FirewallFacts, parse_firewall
from mailvet.probes.shell import run

# Service definitions are read as files: each call of firewall-cmd costs a quarter of a second.
# On a host with much else to do it is many seconds.
_SCRIPT = r"""
command -v firewall-cmd >/dev/null || exit 0
echo @@state; firewall-cmd --state 2>&1 | sed 's/not running/stopped/'
echo @@default; firewall-cmd --get-default-zone
echo @@runtime; firewall-cmd --list-all-zones
echo @@permanent; firewall-cmd --permanent --list-all-zones
echo @@policies; firewall-cmd --list-all-policies 2>/dev/null
echo @@later-policies; firewall-cmd --permanent --list-all-policies 2>/dev/null
echo @@addresses; ip -o addr
echo @@route; ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p'
echo @@services
for f in /etc/firewalld/services/*.xml /usr/lib/firewalld/services/*.xml; do
    [ -f "$f" ] || continue
    n=${f##*/}; echo "%%${n%.xml}"; grep -hE '<(port|include) ' "$f"
done
exit 0
"""


async def probe_firewall(context: ProbeContext) -> FirewallFacts:
    """
    What firewalld admits on the way to the host's mail services.
    """
    title = "firewall-cmd --list-all-zones, --permanent …"
    output = await run(context, _SCRIPT, title=title, timeout=60)
    return parse_firewall(output, await _addresses(context.target.address))


async def _addresses(name: str) -> frozenset[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset({name})
    return frozenset(str(each[4][0]) for each in found)


FACTS = (FactSpec("firewall", probe_firewall, FirewallFacts, acts=reads("firewalld's zones")),)
