"""
What the mail servers listen on, seen on the host itself.
"""

from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.ports import of_dovecot, of_postfix
from mailvet.model import Cause, Judgement, Protocol, Target, judge, unverified
from mailvet.plugin import control


@control("PORT-04")
def test_dovecot_listeners_exact(listeners: ListenerFacts, target: Target) -> Judgement:
    """
    Dovecot listens on the ports of its declared services and on no others.
    """
    # Dovecot may serve submission as well; then the port is declared, but not as Dovecot's.
    shared = {each.port for each in target.endpoints if each.protocol is Protocol.SUBMISSION}
    wanted = of_dovecot(target)
    return _exact(listeners, "dovecot", wanted, wanted | shared, loopback=True)


@control("PORT-05")
def test_postfix_listeners_exact(listeners: ListenerFacts, target: Target) -> Judgement:
    """
    Postfix serves the network on its declared ports and on no others.
    """
    wanted = of_postfix(target) - listeners.ports("dovecot", loopback=False)
    return _exact(listeners, "postfix", wanted, of_postfix(target), loopback=False)


@control("PORT-06")
def test_postfix_is_sole_mta(listeners: ListenerFacts, target: Target) -> Judgement:
    """
    Whoever listens on port 25 is Postfix; hosts that are not declared to take mail there may do
    without.
    """
    expected = "port 25 is held by Postfix alone"
    sockets = listeners.on(25)
    observed = "; ".join(map(str, sockets)) or "nobody listens on port 25"
    if any(each.holder == "unknown" for each in sockets):
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    only_postfix = all(each.holder == "postfix" for each in sockets)
    needed = any(each.port == 25 for each in target.endpoints)
    return judge(
        only_postfix and (bool(sockets) or not needed), observed=observed, expected=expected
    )


@control("PORT-07")
def test_inet_interfaces_valid(interfaces: InterfaceFacts) -> Judgement:
    """
    inet_interfaces names addresses of this host, or the words that stand for them.
    """
    observed = "; ".join(interfaces.problems) or f"inet_interfaces = {interfaces.value}"
    expected = "addresses of this host without a mask, its names, all, or loopback-only"
    return judge(not interfaces.problems, observed=observed, expected=expected)


@control("PORT-08")
def test_listens_on_inet_interfaces(
    interfaces: InterfaceFacts, listeners: ListenerFacts
) -> Judgement:
    """
    Postfix listens exactly where inet_interfaces and master.cf say.
    """
    expected = f"sockets as inet_interfaces = {interfaces.value} and master.cf demand"
    if not listeners.held_by("postfix") and listeners.nameless:
        observed = "the host does not tell who holds its sockets"
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    found = interfaces.mismatches(listeners)
    seen = "; ".join(map(str, listeners.held_by("postfix")))
    return judge(not found, observed="; ".join(found) or seen, expected=expected)


def _exact(
    listeners: ListenerFacts,
    server: str,
    wanted: frozenset[int],
    allowed: frozenset[int],
    *,
    loopback: bool,
) -> Judgement:
    held = listeners.ports(server, loopback=loopback)
    expected = f"{server} on {_ports(wanted)} and no other port"
    if not held and listeners.nameless:
        observed = "the host does not tell who holds its sockets"
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    observed = f"{server} on {_ports(held)}{_deviation(held - allowed, wanted - held)}"
    return judge(wanted <= held <= allowed, observed=observed, expected=expected)


def _deviation(surplus: frozenset[int], lacking: frozenset[int]) -> str:
    undeclared = f"; {_ports(surplus)} undeclared" if surplus else ""
    return f"{undeclared}; {_ports(lacking)} missing" if lacking else undeclared


def _ports(ports: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ports))) or "no port"
