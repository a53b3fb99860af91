"""
Who may send through the server without a password, as it is configured.
"""

from mailvet.facts.networks import NetworkFacts
from mailvet.facts.smtpd import SmtpdFacts
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("RELAY-04")
def test_mynetworks_narrow(networks: NetworkFacts, target: Target) -> Judgement:
    """
    Every trusted network lies within a declared one.
    """
    declared = target.expect.relay.trusted_networks
    expected = f"nothing beyond {', '.join(declared) or 'the networks that the profile declares'}"
    observed = networks.shown()
    if networks.beyond(declared):
        surplus = ", ".join(networks.beyond(declared))
        return judge(False, observed=f"{observed}: {surplus} is too much", expected=expected)
    if networks.opaque:
        observed = f"{observed}: {', '.join(networks.opaque)} cannot be listed"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    if not declared:
        observed = f"{observed}; expect.relay.trusted_networks is not declared"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=observed, expected=expected)


@control("RELAY-05")
def test_mynetworks_syntax(networks: NetworkFacts) -> Judgement:
    """
    Every trusted network is a network address without bits to the right of its mask.
    """
    expected = "network addresses, IPv6 in brackets, no bits to the right of the mask"
    observed = "; ".join(networks.problems) or networks.shown()
    return judge(not networks.problems, observed=observed, expected=expected)


@control("RELAY-06")
def test_mynetworks_explicit(networks: NetworkFacts) -> Judgement:
    """
    main.cf names the trusted networks, or trusts the host itself only.
    """
    guessed = f"follows from mynetworks_style = {networks.style or 'the default'}"
    where = "is set in main.cf" if networks.explicit else guessed
    observed = f"mynetworks {where}: {networks.shown()}"
    expected = "mynetworks, or mynetworks_style = host, set in main.cf"
    return judge(networks.chosen, observed=observed, expected=expected)


@control("RELAY-07")
def test_relay_control_configured(smtpd: SmtpdFacts) -> Judgement:
    """
    Every service refuses strangers' foreign recipients before anything lets them pass.
    """
    expected = "reject_unauth_destination or defer_unauth_destination before any permission"
    observed = "; ".join(map(str, smtpd.gates()))
    if smtpd.destinations:
        found = ", ".join(f"{name} contains {table}" for name, table in smtpd.destinations)
        return judge(False, observed=f"foreign domains are own ones: {found}", expected=expected)
    verdicts = {each.closed for each in smtpd.gates()}
    if None in verdicts and False not in verdicts:
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(verdicts == {True}, observed=observed or "no smtpd service", expected=expected)


@control("RELAY-10")
def test_login_permits_relaying(smtpd: SmtpdFacts) -> Judgement:
    """
    Services that offer AUTH let authenticated clients pass before they refuse the rest.
    """
    expected = "permit_sasl_authenticated before the refusal, in every list that refuses"
    gates = [each for each in smtpd.gates() if each.sasl]
    if not gates:
        return judge(False, observed="no service offers AUTH", expected=expected)
    closed = [
        f"{each.service}: {', '.join(each.before_login)}" for each in gates if each.before_login
    ]
    observed = "; ".join(closed) or ", ".join(f"{each.service}: in order" for each in gates)
    return judge(not closed, observed=observed, expected=expected)
