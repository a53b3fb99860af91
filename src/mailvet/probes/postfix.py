"""
Reads Postfix's configuration with its own tools.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixCheck, PostfixConfig, parse_postfix, parse_postfix_check
from mailvet.model import Cause
from mailvet.probes.shell import run

_CONFIG = """
echo @@all; postconf -x 2>/dev/null || { postconf >/dev/null; exit 1; }
echo @@explicit; postconf -n || exit
echo @@master; postconf -M || exit
echo @@overrides; postconf -Px 2>/dev/null || exit
"""

# "postfix check" warns on a terminal only, and otherwise in the log; with maillog_file set, there
# in any case. So it is given a terminal, and what it adds to such a log is read as well.
_CHECK = r"""
log=$(postconf -hx maillog_file 2>/dev/null)
before=0; [ -f "$log" ] && before=$(wc -c <"$log")
echo @@check
if command -v script >/dev/null; then terminal=yes; script -qec 'postfix check' /dev/null 2>&1
else terminal=no; postfix check 2>&1; fi
checked=$?
echo @@log
[ -f "$log" ] && tail -c +$((before + 1)) "$log" |
    grep -E 'postfix[^ ]*/(postfix-script|postfix|postsuper)\['
echo @@warnings
{ postconf -n >/dev/null && postconf -M >/dev/null && postconf -P >/dev/null; } 2>&1
configured=$?
echo @@status; echo $checked $configured $terminal
echo @@version; postconf -dh mail_version
"""


async def probe_postfix(context: ProbeContext) -> PostfixConfig:
    """
    The effective configuration.

    Raises:
        ProbeError: BLOCKED if postconf is missing or cannot read the configuration.
    """
    output = await run(context, _CONFIG, title="postconf -x; postconf -n; postconf -M; postconf -P")
    if output.status != 0:
        raise ProbeError(Cause.BLOCKED, f"postconf shows no configuration: {_reason(output)}")
    return parse_postfix(output.stdout, output.complaints)


async def probe_postfix_check(context: ProbeContext) -> PostfixCheck:
    """
    What ``postfix check`` and postconf complain about.
    """
    title = "postfix check; postconf -n, -M and -P"
    return parse_postfix_check(await run(context, _CHECK, title=title, timeout=60))


def _reason(output: CommandOutput) -> str:
    return output.complaints[-1] if output.complaints else f"exit status {output.status}"


FACTS = (
    FactSpec("postfix", probe_postfix, PostfixConfig, acts=reads("Postfix's configuration")),
    FactSpec(
        "postfix_check",
        probe_postfix_check,
        PostfixCheck,
        acts=reads("what postfix check says", changes="creates queue directories that are missing"),
    ),
)
