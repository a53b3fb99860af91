"""
How clients can log in once TLS is on.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mechanisms import undeclared, withheld
from mailvet.facts.session import SessionFacts
from mailvet.model import (
    Cause,
    Endpoint,
    Judgement,
    Protocol,
    Target,
    judge,
    not_applicable,
    unverified,
)
from mailvet.plugin import control


@control("AUTH-10")
def test_plain_offered(session: SessionFacts, endpoint: Endpoint) -> Judgement:
    """
    Inside TLS the server offers PLAIN, and never ANONYMOUS.
    """
    expected = "PLAIN offered inside TLS, ANONYMOUS not"
    if session.after is None:
        observed = "nothing is announced inside TLS"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    mechanisms = session.after.sasl_mechanisms
    if endpoint.protocol is Protocol.SMTP and not mechanisms:
        return not_applicable("this service offers no AUTH")
    if endpoint.protocol is Protocol.POP3 and not mechanisms and "USER" in session.after:
        return judge(True, observed="USER and PASS, and no mechanism", expected=expected)
    observed = f"offered inside TLS: {' '.join(mechanisms) or 'no mechanism'}"
    satisfied = "PLAIN" in mechanisms and "ANONYMOUS" not in mechanisms
    return judge(satisfied, observed=observed, expected=expected)


@control("AUTH-12")
def test_mechanisms_are_declared(
    session: SessionFacts, endpoint: Endpoint, target: Target
) -> Judgement:
    """
    Inside TLS no undeclared mechanism is offered, and on submission no declared one is missing.
    """
    login = target.expect.login
    expected = f"nothing but {' '.join((*login.mechanisms, *login.other_mechanisms))}"
    if session.after is None:
        observed = "nothing is announced inside TLS"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    offered = session.after.sasl_mechanisms
    if not offered:
        return not_applicable("this service offers no mechanism")
    foreign = undeclared(offered, login)
    missing = withheld(offered, login) if endpoint.protocol is Protocol.SUBMISSION else ()
    observed = f"offered inside TLS: {' '.join(offered)}; missing: {' '.join(missing) or 'none'}"
    return judge(not foreign and not missing, observed=observed, expected=expected)


@control("AUTH-11")
def test_mechanisms_configured(dovecot: DovecotConfig) -> Judgement:
    """
    Dovecot has the PLAIN mechanism switched on, and no anonymous one.
    """
    value = dovecot.setting("auth_mechanisms")
    mechanisms = value.lower().split()
    satisfied = "plain" in mechanisms and "anonymous" not in mechanisms
    return judge(
        satisfied, observed=f"auth_mechanisms = {value}", expected="plain, and not anonymous"
    )
