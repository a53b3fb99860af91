"""
Asks the host for other mail programs, for what myorigin comes to, and for its registration.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.postfix_host import PostfixHostFacts, parse_postfix_host
from mailvet.probes.shell import run

# The identity lies on the host; where the command wants to ask its server, it is not waited for.
_SCRIPT = r"""
command=$(postconf -hx sendmail_path 2>/dev/null)
file=$(readlink -e -- "${command:-/usr/sbin/sendmail}")
if dpkg-query -W dpkg >/dev/null 2>&1; then
    manager=dpkg
    packages=$(dpkg-query -W -f '${Package}\t${db:Status-Status}\n' sendmail sendmail-bin \
        2>/dev/null | sed -n 's/\tinstalled$//p')
    owner=$(dpkg -S "$file" "${file#/usr}" 2>/dev/null | sed -n '1s/[:,].*//p')
elif rpm -q rpm >/dev/null 2>&1; then
    manager=rpm
    packages=$(rpm -q --qf '%{NAME}\n' sendmail 2>/dev/null | grep -x sendmail)
    owner=$(rpm -qf --qf '%{NAME}\n' "$file" 2>/dev/null | head -n 1)
fi
echo @@manager; echo "$manager"
echo @@packages; echo "$packages"
echo @@sendmail; echo "$file"; echo "$owner"
echo @@origin
origin=$(postconf -hx myorigin 2>/dev/null)
case $origin in /*) grep -v '^[[:space:]]*#' -- "$origin" | head -n 1;; *) echo "$origin";; esac
echo @@registration
if command -v subscription-manager >/dev/null; then
    said=$(timeout 15 subscription-manager identity 2>&1); echo $?; echo "$said" | head -c 1000
else echo none; fi
exit 0
"""


async def probe_postfix_host(context: ProbeContext) -> PostfixHostFacts:
    """
    What surrounds Postfix on the host.
    """
    title = "dpkg -S or rpm -qf of sendmail; postconf -hx myorigin; subscription-manager identity"
    return parse_postfix_host(await run(context, _SCRIPT, title=title))


FACTS = (
    FactSpec(
        "postfix_host",
        probe_postfix_host,
        PostfixHostFacts,
        acts=reads("which program is sendmail, what myorigin is, whether updates are subscribed"),
    ),
)
