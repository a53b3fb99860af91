"""
Looks for what runs Sieve scripts, and at the scripts that run for all users.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.sieve_setup import GlobalScript, SieveSetup, locations, parse_scripts, ways
from mailvet.probes.shell import quote, run

MAX_SCRIPTS = 20
"""Scripts that are looked at."""

# With -d, sievec compiles without writing a binary.
_SCRIPT = r"""
uid=$(id -u NAME 2>/dev/null); gid=$(id -g NAME 2>/dev/null)
as() { setpriv --reuid="$uid" --regid="$gid" --init-groups "$@" 2>/dev/null; }
list() { for p; do
    if [ -d "$p" ]; then find -L "$p" -maxdepth 1 -name '*.sieve'; else echo "$p"; fi
done; }
list PATHS | sort -u | head -n MOST | while read -r p; do
    readable=missing; compiled=no; status=unknown; error=
    if [ -e "$p" ]; then
        readable=unknown
        if [ -n "$uid" ]; then as test -r "$p" && readable=yes || readable=no; fi
        binary=${p%.sieve}.svbin
        if [ -e "$binary" ] && [ ! "$p" -nt "$binary" ]; then compiled=yes
        elif [ -n "$uid" ] && as test -w "$(dirname -- "$p")"; then compiled=yes; fi
        if command -v sievec >/dev/null; then
            error=$(sievec -d "$p" /dev/null 2>&1); status=$?
        fi
    fi
    printf '@@script\t%s\t%s\t%s\t%s\n%s\n' "$p" "$readable" "$compiled" "$status" "$error"
done
exit 0
"""


async def probe_sieve_setup(context: ProbeContext) -> SieveSetup:
    """
    The plug-ins of the protocols that deliver, and the scripts that the configuration names.

    Raises:
        ProbeError: There is no root shell on the target, or no Dovecot.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    places, others = locations(dovecot)
    commands: tuple[CommandOutput, ...] = ()
    scripts: tuple[GlobalScript, ...] = ()
    if places:
        paths = " ".join(quote(each.path) for each in places)
        script = _SCRIPT.replace("NAME", quote(context.target.expect.dovecot.mail_user))
        script = script.replace("PATHS", paths).replace("MOST", str(MAX_SCRIPTS))
        output = await run(context, script, title=f"stat; sievec -d {paths}")
        scripts = parse_scripts(output)
        commands = (output.evidence(),)
    return SieveSetup(
        ways=ways(dovecot, await _postfix(context)),
        locations=places,
        per_user=others,
        scripts=scripts,
        commands=commands,
    )


async def _postfix(context: ProbeContext) -> PostfixConfig | None:
    """
    Postfix may well be on another host.
    """
    try:
        facts: PostfixConfig = await context.fact("postfix")
    except ProbeError:
        return None
    return facts


FACTS = (
    FactSpec(
        "sieve_setup",
        probe_sieve_setup,
        SieveSetup,
        acts=reads("the Sieve scripts that run for all users"),
        needs=("dovecot", "postfix"),
    ),
)
