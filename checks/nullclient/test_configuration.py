"""
What Postfix is told to do on a host that receives no mail.
"""

from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.networks import NetworkFacts
from mailvet.facts.null_client import (
    LOOPBACK,
    beyond_loopback,
    local_transports,
    next_hops,
    other_ways,
    own_domains,
    relay_problems,
)
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.postfix_host import PostfixHostFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("NULL-01")
def test_destination_for_nothing(postfix: PostfixConfig) -> Judgement:
    """
    No domain is the host's own.
    """
    found = own_domains(postfix)
    observed = "; ".join(found) or "mydestination and the lists of virtual domains are empty"
    return judge(not found, observed=observed, expected="no domain of its own")


@control("NULL-02")
def test_relay_is_named(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    Everything goes to the declared relay, whose name needs no MX record.
    """
    relays = target.expect.null_client.relays
    hops, ways = next_hops(postfix), other_ways(postfix)
    expected = f"relayhost = [host] or [host]:port, {' or '.join(relays) or 'whichever'}"
    found = relay_problems(hops, relays)
    shown = f"relayhost = {postfix.setting('relayhost') or '(empty)'}"
    observed = "; ".join((shown, *found, *ways))
    if ways and hops and not found:
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(bool(hops) and not found, observed=observed, expected=expected)


@control("NULL-04")
def test_listens_on_loopback(interfaces: InterfaceFacts, listeners: ListenerFacts) -> Judgement:
    """
    Neither the configuration nor a socket goes beyond the loopback interface.
    """
    expected = "addresses of the loopback interface only"
    told, held = beyond_loopback(interfaces, listeners)
    found = [f"told to serve {each}" for each in told] + [f"listens on {each}" for each in held]
    own = "; ".join(map(str, listeners.held_by("postfix"))) or "no socket of Postfix"
    if not found and listeners.nameless and not listeners.held_by("postfix"):
        observed = "the host does not tell who holds its sockets"
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    return judge(not found, observed="; ".join(found) or own, expected=expected)


@control("NULL-06")
def test_origin(
    postfix: PostfixConfig, postfix_host: PostfixHostFacts, target: Target
) -> Judgement:
    """
    What myorigin comes to, be it in a file, is the declared domain.
    """
    wanted = target.expect.null_client.origin
    if not wanted:
        return not_applicable("the profile wants no other domain (expect.null_client.origin)")
    found = postfix_host.origin
    return judge(
        found.lower() == wanted.lower(),
        observed=f"myorigin = {postfix.setting('myorigin')}, which is {found or 'nothing'}",
        expected=f"myorigin = {wanted}",
    )


@control("NULL-07")
def test_no_local_delivery(postfix: PostfixConfig) -> Judgement:
    """
    The local transport is the one that refuses everything.
    """
    found = local_transports(postfix)
    return judge(
        all(each.startswith("error:") or each == "error" for each in found),
        observed="; ".join(f"local_transport = {each}" for each in found),
        expected="local_transport = error: and a reason",
    )


@control("NULL-09")
def test_trusts_itself_only(networks: NetworkFacts) -> Judgement:
    """
    No network beyond the loopback interface is trusted, by any service.
    """
    expected = f"nothing beyond {' and '.join(LOOPBACK)}"
    found = [net for each in networks.lists for net in each.beyond(LOOPBACK)]
    if found:
        return judge(False, observed=f"trusted: {', '.join(found)}", expected=expected)
    if networks.opaque:
        observed = f"cannot be looked into: {', '.join(networks.opaque)}"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(True, observed=networks.shown(), expected=expected)
