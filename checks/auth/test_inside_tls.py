"""
How clients can log in once TLS is on.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Endpoint, Judgement, Protocol, judge, not_applicable, unverified
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
