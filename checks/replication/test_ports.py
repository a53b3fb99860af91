"""
The replication port is the partner's and nobody else's (guide 1.4).
"""

from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.guarded_ports import GuardedPort, admission_faults
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("REPL-17")
def test_firewall_admits_partner_only(
    firewall: FirewallFacts, replication_port: GuardedPort
) -> Judgement:
    """
    firewalld admits the partner's own addresses to the port, now and permanently, and no others.
    """
    wanted = ", ".join(replication_port.addresses)
    expected = f"port {replication_port.port} admitted for {wanted} and nobody else"
    if not firewall.running:
        return judge(False, observed="firewalld does not run", expected=expected)
    found = admission_faults(firewall, replication_port)
    sources = ", ".join(firewall.sources(replication_port.port, permanent=True))
    return judge(not found, observed="; ".join(found) or sources, expected=expected)


@control("REPL-18")
def test_partner_gets_through(replication_port: GuardedPort) -> Judgement:
    """
    A connection from the partner's host is taken.
    """
    expected = f"port {replication_port.port} takes connections from the partner"
    seen = "; ".join(f"{each}" for each in replication_port.guests)
    if not replication_port.guests:
        observed = replication_port.useless or "no place to probe from is the partner's"
        return unverified(Cause.VANTAGE, observed=observed, expected=expected)
    taken = all(each.state and each.state.open for each in replication_port.guests)
    return judge(taken, observed=seen, expected=expected)


@control("REPL-19")
def test_nobody_else_gets_through(replication_port: GuardedPort) -> Judgement:
    """
    No connection is taken from any other place.
    """
    expected = f"port {replication_port.port} takes no connection from anybody but the partner"
    if replication_port.intruders:
        observed = "; ".join(f"{each}" for each in replication_port.intruders)
        return judge(False, observed=observed, expected=expected)
    if not replication_port.shut_out:
        observed = replication_port.useless or "every place to probe from is the partner's"
        return unverified(Cause.VANTAGE, observed=observed, expected=expected)
    observed = "; ".join(f"{each}" for each in replication_port.shut_out)
    return judge(True, observed=observed, expected=expected)
