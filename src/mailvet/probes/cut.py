"""
Closes a way over the network on the audited host, for as long as a probe looks at what it does.

Packets are refused at once, as if the service were stopped, or lost, as if its host were off;
nobody else who uses the service notices. The kernel forgets about it after a time that is set with
the rule itself, and a timer of systemd removes the rest, also if the audit is killed.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from mailvet.acts import Commands
from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.cut import MOST_SECONDS, Cut, parse_refused, parse_ways
from mailvet.facts.host import CommandOutput, sections
from mailvet.model import Cause
from mailvet.probes.shell import quote, run

_CUT = r"""
table=TABLE
command -v nft >/dev/null && command -v systemd-run >/dev/null || { echo @@missing; exit 0; }
systemd-run --quiet --collect --on-active=SECONDS --unit=$table nft delete table inet $table || exit
nft -f - <<END || exit
table inet $table {
    counter refused { }
    set to4 { type ipv4_addr . inet_service; flags timeout; }
    set to6 { type ipv6_addr . inet_service; flags timeout; }
    set from4 { type ipv4_addr . inet_service; flags timeout; }
    set from6 { type ipv6_addr . inet_service; flags timeout; }
    chain out {
        type filter hook output priority -200; policy accept;
        ip daddr . tcp dport @to4 counter name refused VERDICT
        ip6 daddr . tcp dport @to6 counter name refused VERDICT
    }
    chain in {
        type filter hook input priority -200; policy accept;
        ip saddr . tcp dport @from4 counter name refused VERDICT
        ip6 saddr . tcp dport @from6 counter name refused VERDICT
    }
}
END
echo @@cut
cut_off() {
    for address in $(getent ahosts "$2" | awk '{ print $1 }' | sort -u); do
        case $address in *:*) set=${1}6;; *) set=${1}4;; esac
        nft add element inet $table $set "{ $address . $3 timeout SECONDSs }" &&
            echo "$address $3"
    done
}
WAYS
exit 0
"""

# Ends when somebody has missed what is cut off, or after some seconds.
_MISSED = r"""
table=TABLE
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    echo @@counter; nft list counter inet $table refused
    nft list counter inet $table refused | grep -q 'packets [1-9]' && break
    sleep 0.5
done
exit 0
"""

_RESTORE = r"""
table=TABLE
echo @@counter; nft list counter inet $table refused
nft delete table inet $table
systemctl stop $table.timer
exit 0
"""


@dataclass(frozen=True, slots=True)
class Way:
    """
    A TCP port of another host, or one here that another host comes to.

    Attributes:
        host: Name or address of the other host.
        port: The port.
        incoming: Whether it is a port of the audited host.
    """

    host: str
    port: int
    incoming: bool = False

    def __str__(self) -> str:
        return (
            f"from {self.host} to port {self.port}"
            if self.incoming
            else f"to {self.host} port {self.port}"
        )


@dataclass(slots=True)
class OpenCut:
    """
    What is cut off now.

    Attributes:
        ways: Addresses and ports.
        commands: What was run.
        refused: Packets that did not pass; counted at the end.
    """

    context: ProbeContext
    table: str
    ways: tuple[str, ...] = ()
    commands: list[CommandOutput] = field(default_factory=list)
    refused: int = 0

    async def missed(self) -> bool:
        """
        Waits some seconds until somebody has tried one of the ways in vain.
        """
        script = _MISSED.replace("TABLE", self.table)
        return bool(parse_refused(await run(self.context, script, title="nft: what was refused")))

    def freeze(self) -> Cut:
        """
        What a fact keeps of it.
        """
        return Cut(self.ways, self.refused)


@contextlib.asynccontextmanager
async def cut_off(
    context: ProbeContext, name: str, ways: Sequence[Way], *, silent: bool = False
) -> AsyncIterator[OpenCut]:
    """
    Closes the *ways*, and opens them again whatever happens.

    Args:
        context: The probe's context.
        name: Tells the rule from that of another probe.
        ways: What is closed.
        silent: Whether packets are lost instead of refused.

    Raises:
        ProbeError: TOOL if the host cannot do that; PRIVILEGE without a root shell on it.
    """
    table = f"mailvet_{name}_{''.join(each for each in context.nonce if each.isalnum())}"
    cut = OpenCut(context, table)
    try:
        await _close(cut, ways, "drop" if silent else "reject with tcp reset")
        yield cut
    finally:
        title = "nft: refuse nothing any more"
        done = await run(context, _RESTORE.replace("TABLE", table), title=title)
    cut.refused = parse_refused(done)
    cut.commands.append(done.evidence())


async def _close(cut: OpenCut, ways: Sequence[Way], verdict: str) -> None:
    rows = [
        f"cut_off {'from' if each.incoming else 'to'} {quote(each.host)} {each.port}"
        for each in ways
    ]
    script = _CUT.replace("WAYS", "\n".join(rows)).replace("SECONDS", str(MOST_SECONDS))
    script = script.replace("VERDICT", verdict)
    named = ", ".join(map(str, ways))
    title = f"nft: {verdict.partition(' ')[0]} packets {named}"
    done = await run(cut.context, script.replace("TABLE", cut.table), title=title)
    if "missing" in sections(done.stdout):
        detail = "nft or systemd-run is not installed on the host (packages nftables, systemd)"
        raise ProbeError(Cause.TOOL, detail)
    cut.commands.append(done.evidence())
    cut.ways = parse_ways(done)
    if not cut.ways:
        said = done.stderr.strip().splitlines()
        detail = f"the way {named} could not be cut: {said[-1] if said else 'no address'}"
        raise ProbeError(Cause.TOOL, detail)


def cuts_off(what: str, *, looks: int = 0) -> Commands:
    """
    The act of closing and opening a way, and of as many *looks* at who missed it.
    """
    rule = f"a rule that lets no packets pass on the way to {what}, for {MOST_SECONDS} s at most"
    return Commands(f"the way to {what}", 2 + looks, changes=rule)
