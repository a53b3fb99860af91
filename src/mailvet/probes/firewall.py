"""
Reads firewalld's zones, as they are in force and as they are stored.
"""

import asyncio
import socket

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.firewall import FirewallFacts, parse_firewall
from mailvet.probes.shell import quote, run

# An interpreter takes a quarter of a second to load firewalld's library, and many seconds on a host
# with much else to do. So one of them runs firewall-cmd for all questions, one after the other, and
# service definitions are read as files.
_PROGRAM = r"""
import runpy, sys
tool, statuses = sys.argv[1], {}
for question in sys.argv[2:]:
    name, *sys.argv[1:] = question.split()
    sys.argv[0] = tool
    print("@@" + name, flush=True)
    try:
        runpy.run_path(tool, run_name="__main__")
    except SystemExit as ended:
        statuses[name] = ended.code
    except Exception as error:
        print(error, file=sys.stderr)
        statuses[name] = 1
    sys.stdout.flush()
print("@@state")
print("stopped" if statuses.get("default") else "running")
"""

_SCRIPT = rf"""
tool=$(command -v firewall-cmd) || exit 0
read -r interpreter < "$tool"
case $interpreter in
    '#!'*python*) ask() {{ ${{interpreter#??}} -c {quote(_PROGRAM)} "$tool" "$@"; }};;
    *) ask() {{
        for question; do echo "@@${{question%% *}}"; "$tool" ${{question#* }}; done
        echo @@state; "$tool" --state >/dev/null 2>&1 && echo running || echo stopped
    }};;
esac
ask 'default --get-default-zone' \
    'runtime --list-all-zones' 'permanent --permanent --list-all-zones' \
    'policies --list-all-policies' 'later-policies --permanent --list-all-policies'
echo @@addresses; ip -o addr
echo @@route; ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p'
echo @@services
for f in /etc/firewalld/services/*.xml /usr/lib/firewalld/services/*.xml; do
    [ -f "$f" ] || continue
    n=${{f##*/}}; echo "%%${{n%.xml}}"; grep -hE '<(port|include) ' "$f"
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
