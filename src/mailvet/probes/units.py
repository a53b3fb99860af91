"""
Asks systemd, and the servers' own tools, what runs and what starts at boot.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.units import UnitFacts, parse_units
from mailvet.probes.shell import run

UNITS = ("dovecot.service", "dovecot.socket", "postfix.service", "postfix@-.service")

# "postfix status" would say no for a running Postfix whose configuration is wrong by now.
_SCRIPT = f"""
echo @@init; [ -d /run/systemd/system ] && echo systemd
echo @@units
systemctl show --no-pager -p Id,LoadState,ActiveState,UnitFileState,Type {" ".join(UNITS)}
echo @@dovecot; doveadm service status master >/dev/null 2>&1; echo $?
echo @@postfix
queue=$(postconf -hx queue_directory 2>/dev/null)
read -r pid <"${{queue:-/var/spool/postfix}}/pid/master.pid" &&
    [ "$(cat "/proc/$pid/comm")" = master ]
echo $?
"""


async def probe_units(context: ProbeContext) -> UnitFacts:
    """
    State of the mail services.
    """
    title = "systemctl show; doveadm service status; pid file of Postfix's master"
    return parse_units(await run(context, _SCRIPT, title=title))


FACTS = (FactSpec("units", probe_units, UnitFacts, acts=reads("what runs and starts at boot")),)
