"""
Reads Dovecot's configuration with its own tools.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotCheck, DovecotConfig, parse_dovecot, parse_dovecot_check
from mailvet.model import Cause
from mailvet.probes.shell import run

# -P shows which files the keys are read from; the shell removes what is no file name.
_CONFIG = r"""
echo @@explicit; doveconf -n || exit
echo @@all; doveconf -aP 2>/dev/null || exit
echo @@files
main=$(doveconf -n 2>/dev/null | sed -n '1s/^#[^/]*: \(\/.*\)/\1/p')
find -L "$(dirname -- "$main")" -xdev -maxdepth 3 -type f 2>/dev/null | head -n 300
exit 0
"""

_CHECK = r"""
echo @@version; dovecot --version
echo @@doveadm; doveadm help 2>&1 | grep -m 1 '^usage: doveadm'
echo @@status; doveconf -n >/dev/null; echo $?
"""


async def probe_dovecot(context: ProbeContext) -> DovecotConfig:
    """
    The effective configuration.

    Raises:
        ProbeError: BLOCKED if doveconf is missing or refuses the configuration.
    """
    output = await run(context, _CONFIG, title="doveconf -n; doveconf -a")
    if output.status != 0:
        reason = output.complaints[-1] if output.complaints else f"exit status {output.status}"
        raise ProbeError(Cause.BLOCKED, f"doveconf shows no configuration: {reason}")
    return parse_dovecot(output.stdout, output.complaints)


async def probe_dovecot_check(context: ProbeContext) -> DovecotCheck:
    """
    Whether the tools run, and what they say about the configuration.
    """
    title = "dovecot --version; doveadm help; doveconf -n"
    return parse_dovecot_check(await run(context, _CHECK, title=title))


FACTS = (
    FactSpec("dovecot", probe_dovecot, DovecotConfig, acts=reads("Dovecot's configuration")),
    FactSpec(
        "dovecot_check",
        probe_dovecot_check,
        DovecotCheck,
        acts=reads("version and state of Dovecot's tools"),
    ),
)
