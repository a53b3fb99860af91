"""
Asks SELinux about the replication port.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.selinux_port import BOOLEAN, SelinuxPort, parse_selinux_port
from mailvet.probes.shell import run

_SCRIPT = rf"""
command -v getenforce >/dev/null || exit 0
echo @@mode; getenforce
echo @@running; getsebool {BOOLEAN}
echo @@stored; semanage boolean -l 2>/dev/null | grep '^{BOOLEAN} '
echo @@labels; semanage port -l 2>/dev/null | grep -w PORT
echo @@denials; ausearch -m avc -ts boot 2>/dev/null | grep -F 'comm="dovecot' | tail -n 20
exit 0
"""


async def probe_selinux_port(context: ProbeContext) -> SelinuxPort:
    """
    Boolean, label and denials.

    Raises:
        ProbeError: There is no root shell on the target.
    """
    port = context.target.expect.replication.port
    title = f"getsebool {BOOLEAN}; semanage boolean -l; semanage port -l; ausearch -m avc"
    output = await run(context, _SCRIPT.replace("PORT", str(port)), title=title)
    return parse_selinux_port(output, port)


FACTS = (
    FactSpec(
        "selinux_port",
        probe_selinux_port,
        SelinuxPort,
        acts=reads("what SELinux says about the replication port"),
    ),
)
