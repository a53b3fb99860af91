"""
Reads Postfix's log on the host, in whichever place it is, as far back as the server was loaded.

Only so many octets and lines are looked through, and the host's own grep does it.
"""

import contextlib

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.mail_log import MailLogFacts, parse_mail_log, window
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.running import RunningFacts
from mailvet.model import Cause, Protocol
from mailvet.probes.shell import quote, run

# journald has the time of each line in microseconds; files are as the syslog daemon writes them.
# Where Postfix writes its own file it does not write elsewhere.
_SCRIPT = r"""
deaths='\[[0-9]+\]: (fatal|panic): |bad command startup -- throttling'
deaths="$deaths|/master\[[0-9]+\]: warning: process .* killed by signal "
octets=100000000
tell() { sed "s/^/$1 /" | cut -c 1-600; }
content() { case $1 in *.gz) zcat -- "$1";; *) cat -- "$1";; esac 2>/dev/null; }
file() {
    [ -f "$1" ] && [ -r "$1" ] || return
    echo "@@source $1"
    for each in $(ls -t -- "$1"[.-]* 2>/dev/null | head -n 1) "$1"; do
        if [ "$(wc -c <"$each")" -lt "$octets" ]; then content "$each" | head -n 1 | tell first; fi
        content "$each" | tail -c "$octets" | grep -aE -- "$deaths" | tail -n 100 | tell problem
        content "$each" | tail -c "$octets" | grep -aE -- "$names" | tail -n 50 | tell line
    done
}
journal() {
    command -v journalctl >/dev/null || return
    echo "@@source journal"
    set -- journalctl -q --no-pager -o short-unix
    "$@" 2>/dev/null | head -n 1 | tell first
    timeout 10 "$@" SYSLOG_FACILITY=2 --since "@$since" -p warning |
        grep -aE -- "$deaths" | tail -n 100 | tell problem
    "$@" SYSLOG_FACILITY=2 --since "@$since" -n 500 | grep -aE -- "$names" | tail -n 50 | tell line
    "$@" -t systemd-journald --since "@$since" -n 200 |
        grep -aE 'Suppressed [0-9]+ messages from .*postfix' | tail -n 5 | tell dropped
}
echo @@zone; date +%z
log=$(postconf -hx maillog_file 2>/dev/null)
case $log in
    /dev/*) ;;
    /*) file "$log";;
    *) journal; file /var/log/maillog; file /var/log/mail.log; file /var/log/mail;;
esac
exit 0
"""


async def probe_mail_log(context: ProbeContext) -> MailLogFacts:
    """
    The deaths of Postfix's daemons, after each of its services had a visitor.
    """
    running: RunningFacts = await context.fact("running")
    daemon = running.daemon("postfix")
    if daemon is None:
        raise ProbeError(Cause.BLOCKED, "Postfix does not run, so there is no log since it began")
    postfix: PostfixConfig = await context.fact("postfix")
    for endpoint in context.target.endpoints:
        if endpoint.protocol in {Protocol.SMTP, Protocol.SUBMISSION}:
            # A daemon that cannot begin says so when it is needed.
            with contextlib.suppress(ProbeError):
                await context.fact("session", endpoint)
    since = window(daemon.loaded, running.now)
    overridden = (dict(each.overrides).get("syslog_name", "") for each in postfix.services)
    names = [each for each in (postfix.setting("syslog_name"), *overridden) if each]
    heads = "|".join(dict.fromkeys(each.replace(".", r"\.") for each in names))
    script = f"since={int(since)}\nnames={quote(rf'({heads})/[a-z-]+[[]')}\n{_SCRIPT}"
    title = "journalctl of the mail facility, or the mail log: deaths of Postfix's daemons"
    output = await run(context, script, title=title, timeout=60)
    return parse_mail_log(output, since, running.now, names)


# It comes late to see what all other visitors have set off.
FACTS = (
    FactSpec(
        "mail_log",
        probe_mail_log,
        MailLogFacts,
        acts=reads("the mail log since Postfix was loaded, a day at most"),
        needs=("running", "postfix", "session"),
        stage=Stage.FAILING_LOGINS,
    ),
)
