"""
Asks openssl on the host whether the authorities in ``ssl_ca`` have issued Dovecot's certificates.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.issuer import IssuerFacts, parse_issued
from mailvet.facts.tls_settings import dovecot_pairs, file_settings
from mailvet.model import Cause
from mailvet.probes.shell import quote, run

_CLIENTS = ("auth_ssl_require_client_cert", "ssl_verify_client_cert", "ssl_request_client_cert")

# The system's authorities are left out, and so is the date, which is a question of its own.
# An intermediate authority may stand in the file alone.
_SCRIPT = r"""
command -v openssl >/dev/null || exit 69
n=0
for c in CERTIFICATES; do
    echo "@@$n"; n=$((n + 1))
    said=$(openssl verify -no_check_time -partial_chain -no-CApath -no-CAstore \
        -CAfile AUTHORITIES -untrusted "$c" "$c" 2>&1)
    echo $?; echo "$said" | head -n 5
done
exit 0
"""


async def probe_dovecot_issuer(context: ProbeContext) -> IssuerFacts:
    """
    Every certificate of Dovecot, checked against ``ssl_ca``.

    Raises:
        ProbeError: TOOL without openssl.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    settings = [each.path for each in file_settings(dovecot, "ssl_ca") if not each.where]
    clients = any(dovecot.enabled(each) for each in _CLIENTS)
    if not settings or not settings[0]:
        return IssuerFacts("", clients, ())
    found = (pair.certificate for pair in dovecot_pairs(dovecot))
    paths = tuple(dict.fromkeys(each for each in found if each))
    script = _SCRIPT.replace("CERTIFICATES", " ".join(map(quote, paths)) or '""')
    script = script.replace("AUTHORITIES", quote(settings[0]))
    title = f"openssl verify -CAfile {settings[0]} {' '.join(paths)}"
    output = await run(context, script, title=title)
    if output.status == 69:
        raise ProbeError(Cause.TOOL, f"openssl is not installed on {context.target.key}")
    issued = parse_issued(output, paths)
    return IssuerFacts(settings[0], clients, issued, (output.evidence(),))


FACTS = (
    FactSpec(
        "dovecot_issuer",
        probe_dovecot_issuer,
        IssuerFacts,
        acts=reads("whether ssl_ca has issued Dovecot's certificates"),
        needs=("dovecot",),
    ),
)
