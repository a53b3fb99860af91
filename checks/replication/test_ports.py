"""
The replication port is the partner's and nobody else's (guide 1.4).
"""

from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.guarded_ports import (
    GuardedPort,
    admitted_only,
    closed_to_others,
    open_to_guests,
)
from mailvet.facts.selinux_port import BOOLEAN, SelinuxPort
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("REPL-17")
def test_firewall_admits_partner_only(
    firewall: FirewallFacts, replication_port: GuardedPort
) -> Judgement:
    """
    firewalld admits the partner's own addresses to the port, now and permanently, and no others.
    """
    return admitted_only(firewall, replication_port)


@control("REPL-18")
def test_partner_gets_through(replication_port: GuardedPort) -> Judgement:
    """
    A connection from the partner's host is taken.
    """
    return open_to_guests(replication_port, "the partner")


@control("REPL-19")
def test_nobody_else_gets_through(replication_port: GuardedPort) -> Judgement:
    """
    No connection is taken from any other place.
    """
    return closed_to_others(replication_port, "the partner")


@control("REPL-20")
def test_selinux_lets_dovecot_listen(selinux_port: SelinuxPort) -> Judgement:
    """
    The boolean is on, now and for good, or the port has a label of its own; nothing was denied.
    """
    expected = f"{BOOLEAN} on and stored so, or a label for the port, and no denial"
    if selinux_port.mode in {"", "Disabled"}:
        return not_applicable(f"SELinux is {selinux_port.mode.lower() or 'not installed'}")
    if not selinux_port.label and not (selinux_port.running and selinux_port.stored):
        return unverified(Cause.TOOL, observed=f"{selinux_port}", expected=expected)
    switched = selinux_port.running == selinux_port.stored == "on"
    allowed = switched or bool(selinux_port.label)
    satisfied = allowed and not selinux_port.denials
    return judge(satisfied, observed=f"{selinux_port}", expected=expected)
