"""
Asks the package manager for the mail servers.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.packages import PackageFacts, parse_packages
from mailvet.probes.shell import run

# Either tool may lie around on a host that the other one manages: what it installed itself decides.
_SCRIPT = r"""
if dpkg-query -W dpkg >/dev/null 2>&1; then
    echo @@dpkg
    format='${Package}\t${Version}\t${db:Status-Status}\n'
    dpkg-query -W -f "$format" 'dovecot-*' postfix 2>/dev/null |
        sed -n 's/\tinstalled$/\tok/p'
elif rpm -q rpm >/dev/null 2>&1; then
    echo @@rpm
    rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\tok\n' 'dovecot*' postfix
fi
exit 0
"""


async def probe_packages(context: ProbeContext) -> PackageFacts:
    """
    The mail servers' packages and their versions.
    """
    return parse_packages(await run(context, _SCRIPT, title="dpkg-query -W; rpm -qa"))


FACTS = (
    FactSpec("packages", probe_packages, PackageFacts, acts=reads("versions of the packages")),
)
