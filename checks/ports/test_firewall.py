"""
What the firewall lets through, now and after the next start.
"""

from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.nftables import NftablesFacts
from mailvet.facts.ports import undeclared
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control

WHEN = ((False, "at run time"), (True, "permanently"))


@control("FW-01")
def test_declared_services_admitted(firewall: FirewallFacts, target: Target) -> Judgement:
    """
    firewalld runs, and admits every declared service now and permanently.
    """
    ports = sorted({each.port for each in target.endpoints})
    expected = f"ports {', '.join(map(str, ports))} admitted at run time and permanently"
    if not firewall.running:
        state = "does not run" if firewall.installed else "is not installed"
        return judge(False, observed=f"firewalld {state}", expected=expected)
    found = [
        f"{port} is not admitted {when}"
        for stored, when in WHEN
        for port in firewall.missing(ports, permanent=stored)
    ]
    observed = "; ".join(found) or f"zone {', '.join(firewall.mail_zones)} admits all of them"
    return judge(not found, observed=observed, expected=expected)


@control("FW-02")
def test_undeclared_services_shut_out(firewall: FirewallFacts, target: Target) -> Judgement:
    """
    No zone in use admits an undeclared mail port, now or permanently.
    """
    ports = undeclared(target)
    expected = f"no rule for the ports {', '.join(map(str, ports))}"
    if not firewall.running:
        return judge(False, observed="firewalld does not run", expected=expected)
    found = [
        f"{rule} admitted {when}"
        for stored, when in WHEN
        for rule in firewall.mentioned(ports, permanent=stored)
    ]
    return judge(not found, observed="; ".join(found) or "no such rule", expected=expected)


@control("FW-03")
def test_runtime_is_permanent(firewall: FirewallFacts) -> Judgement:
    """
    The rules in force are those that the next reload brings.
    """
    expected = "the same services, ports and rich rules at run time and permanently"
    if not firewall.running:
        return judge(False, observed="firewalld does not run", expected=expected)
    found = firewall.differences()
    same = f"zone {', '.join(firewall.mail_zones)} is the same at run time and permanently"
    return judge(not found, observed="; ".join(found) or same, expected=expected)


@control("FW-04")
def test_rules_of_nftables_last(nftables: NftablesFacts) -> Judgement:
    """
    Rules filter what arrives, and the next start brings the same.
    """
    expected = "a filter for what arrives, and the same rules after the next start"
    if nftables.unread and nftables.filters and nftables.starts:
        observed = f"{nftables.file} could not be listed: {nftables.unread}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    problems = nftables.problems()
    fine = f"{nftables.file} makes the rules that are in force"
    return judge(not problems, observed="; ".join(problems) or fine, expected=expected)
