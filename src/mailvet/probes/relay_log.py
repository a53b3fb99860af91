"""
Looks for the refused attempts to relay in the host's mail log.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.relay import Outcome, RelayFacts, those
from mailvet.facts.relay_log import RelayLogFacts, parse_relay_log
from mailvet.probes.relay import foreign_addresses
from mailvet.probes.session import client_name
from mailvet.probes.shell import quote, run

# A log may be a moment behind. Each place is read from its end, and only so far.
_SEARCH = r"""
facility=$(postconf -hx syslog_facility)
case $facility in
    local[0-7]) number=$((16 + ${facility#local}));;
    user) number=1;; daemon) number=3;; *) number=2;;
esac
rules=$(cat /etc/rsyslog.conf /etc/rsyslog.d/*.conf 2>/dev/null | grep -v '^[[:space:]]*#')
files=$({
    postconf -hx maillog_file
    printf '%s\n' /var/log/maillog /var/log/mail.log /var/log/mail /var/log/mail.info
    echo "$rules" | sed -nE 's/^[^/]*[[:space:]]-?(\/var\/[^[:space:];]+).*/\1/p' | head -n 20
} | sort -u)
journal() { journalctl -q --no-pager -o short "$@" 2>/dev/null; }
log() {
    journal --since=-30min SYSLOG_FACILITY=$number | tail -n 50000
    for f in $files; do [ -f "$f" ] && tail -n 50000 -- "$f"; done
}
for try in 1 2 3 4 5 6; do
    lines=$(log | grep -F "helo=<HELO>" | grep -F "reject: RCPT" |
        grep -F "to=<RECIPIENT>" | head -n 20)
    [ -n "$lines" ] && break
    sleep 0.5
done
echo @@lines; echo "$lines"
echo @@sources
[ -n "$(journal -n 1)" ] && echo journal
for f in $files; do [ -f "$f" ] && echo "$f"; done
echo @@elsewhere
echo "$rules" | grep -E '@[[:alnum:][(]|omfwd|omrelp|omkafka|omelasticsearch'
systemctl is-active --quiet systemd-journal-upload && echo systemd-journal-upload
[ -d /etc/syslog-ng ] && grep -rhE '(network|tcp|udp|syslog) *\(' /etc/syslog-ng | head -n 5
exit 0
"""


async def probe_relay_log(context: ProbeContext) -> RelayLogFacts:
    """
    The lines about what the relay probe was refused at this endpoint.

    Raises:
        ProbeError: Nothing was tried, or there is no root shell on the target.
    """
    relay: RelayFacts = await context.fact("relay", context.endpoint)
    denied = tuple(each for each in relay.plain if each.outcome is Outcome.DENIED)
    helo, recipient = client_name(context), foreign_addresses(context)[1]
    script = _SEARCH.replace("helo=<HELO>", f"helo=<{helo}>")
    script = script.replace("to=<RECIPIENT>", f"to=<{recipient}>")
    title = f"the mail log about {quote(helo)}"
    output = await run(context, script, title=title, timeout=60)
    refused = those(denied, Outcome.DENIED) if denied else ""
    return parse_relay_log(refused, output)


FACTS = (
    FactSpec(
        "relay_log",
        probe_relay_log,
        RelayLogFacts,
        acts=reads("log lines about the attempts to relay"),
        needs=("relay",),
        per_endpoint=True,
    ),
)
