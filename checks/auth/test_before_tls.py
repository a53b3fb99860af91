"""
What a stranger's clear-text connection can do: send mail to local users, and never log in.
"""

from mailvet.facts.plaintext import ClearMailFacts, PlaintextFacts
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Endpoint, Judgement, Protocol, judge, not_applicable, unverified
from mailvet.plugin import control


@control("AUTH-01")
def test_smtp_auth_needs_tls(
    plaintext: PlaintextFacts, session: SessionFacts, endpoint: Endpoint
) -> Judgement:
    """
    SMTP neither announces AUTH before STARTTLS nor looks at the password of those who try.
    """
    expected = "no AUTH announced; AUTH refused with 502, 503, 504, 523, 530 or 538"
    mechanisms = session.after.sasl_mechanisms if session.after else ()
    if endpoint.protocol is Protocol.SUBMISSION and not mechanisms and not plaintext.open:
        observed = f"{plaintext.seen()}; but there is no AUTH inside TLS either"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return plaintext.judged(expected=expected)


@control("AUTH-02")
def test_imap_logindisabled(plaintext: PlaintextFacts) -> Judgement:
    """
    IMAP announces STARTTLS and LOGINDISABLED, and no mechanism that sends the password as it is.
    """
    announced = [name for name, _ in plaintext.announced.items]
    expected = "LOGINDISABLED and STARTTLS, no AUTH=PLAIN or AUTH=LOGIN"
    satisfied = {"LOGINDISABLED", "STARTTLS"} <= set(announced) and not plaintext.offered
    observed = f"announced before TLS: {' '.join(announced)} (from {plaintext.standpoint})"
    return judge(satisfied, observed=observed, expected=expected)


@control("AUTH-03")
def test_imap_login_refused(plaintext: PlaintextFacts) -> Judgement:
    """
    IMAP refuses LOGIN and AUTHENTICATE PLAIN before TLS without looking at the password.
    """
    return plaintext.judged_logins(
        expected="NO [PRIVACYREQUIRED], or another refusal of clear text"
    )


@control("AUTH-04")
def test_pop3_login_refused(plaintext: PlaintextFacts) -> Judgement:
    """
    POP3 offers no mechanism before TLS and refuses USER or PASS, and AUTH PLAIN, without looking.
    """
    return plaintext.judged(expected="no SASL mechanism announced; -ERR because of clear text")


@control("AUTH-05")
def test_sieve_login_refused(plaintext: PlaintextFacts) -> Judgement:
    """
    ManageSieve offers no mechanism before TLS and refuses AUTHENTICATE PLAIN without looking.
    """
    return plaintext.judged(expected="no SASL mechanism announced; NO because of clear text")


@control("AUTH-09")
def test_clear_text_mail_taken(clear_mail: ClearMailFacts) -> Judgement:
    """
    A stranger's server without TLS gets as far as a local recipient.
    """
    expected = "EHLO, MAIL and a local RCPT answered with 250"
    if clear_mail.hung_up:
        return judge(False, observed=str(clear_mail), expected=expected)
    if clear_mail.last is None or clear_mail.failure:
        return unverified(Cause.TIMEOUT, observed=str(clear_mail), expected=expected)
    if clear_mail.demands_tls:
        return not_applicable(f"the server takes no mail without TLS: {clear_mail.last}")
    if not clear_mail.last.positive:
        return unverified(Cause.BLOCKED, observed=str(clear_mail), expected=expected)
    return judge(True, observed=str(clear_mail), expected=expected)
