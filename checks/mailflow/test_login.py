"""
Logins that must work (RFC 4954, 5034, 5804, 9051).
"""

from mailvet.facts.certificate import CertificateFacts
from mailvet.facts.login import Answer, LoginFacts, distrust
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("LOGIN-01")
def test_login_opens_the_mailbox(
    login: LoginFacts, certificate: CertificateFacts, target: Target
) -> Judgement:
    """
    The password is taken, the mailbox opens, and a verifying client would have come so far.
    """
    expected = "login accepted, mailbox opened, certificate verified"
    refused = distrust(certificate, target.name)
    why = f"; but clients refuse the certificate: {refused}" if refused else ""
    observed = login.opened + why
    if login.open and certificate.trusted is None:
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(login.open and not refused, observed=observed, expected=expected)


@control("LOGIN-02")
def test_auth_plain(login: LoginFacts) -> Judgement:
    """
    PLAIN is offered inside TLS and takes the right password.
    """
    offered = " ".join(login.announced) or "no AUTH"
    works = "PLAIN" in login.announced and login.plain.answer is Answer.ACCEPTED
    observed = f"offers {offered}; AUTH PLAIN: {login.plain}"
    return judge(works, observed=observed, expected="AUTH PLAIN offered and accepted")


@control("LOGIN-03")
def test_auth_login(login: LoginFacts, target: Target) -> Judgement:
    """
    LOGIN is offered inside TLS and takes the right password, if the profile wants it.
    """
    expected = "AUTH LOGIN offered and accepted"
    if login.login is None and "LOGIN" not in target.expect.login.mechanisms:
        return not_applicable("the profile does not list LOGIN, and it is not offered")
    if login.login is None:
        offered = " ".join(login.announced) or "no AUTH"
        return judge(False, observed=f"offers {offered}", expected=expected)
    works = login.login.answer is Answer.ACCEPTED
    return judge(works, observed=f"AUTH LOGIN: {login.login}", expected=expected)
