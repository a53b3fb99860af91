"""
Which recipients exist: for Dovecot, and for strangers who ask port 25.
"""

from mailvet.facts.lmtp import LmtpFacts
from mailvet.facts.recipients import RecipientFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("LMTP-07")
def test_address_resolves(lmtp: LmtpFacts) -> Judgement:
    """
    Dovecot accepts every test account's address in the form in which Postfix passes it on.
    """
    expected = "RCPT answered 250 for the address of every test account"
    observed = lmtp.unasked or "; ".join(f"{each}" for each in lmtp.recipients)
    if lmtp.unasked or not lmtp.recipients:
        cause = lmtp.silence_cause if lmtp.unasked else Cause.CREDENTIALS
        return unverified(cause, observed=observed or "no test account", expected=expected)
    all_accepted = len(lmtp.accepted_recipients) == len(lmtp.recipients)
    if not all_accepted and not lmtp.refused_recipients:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(all_accepted, observed=observed, expected=expected)


@control("LMTP-08")
def test_unknown_user_refused(lmtp: LmtpFacts) -> Judgement:
    """
    Dovecot refuses an address that does not exist, in a session in which it accepted others.
    """
    expected = "550 5.1.1 for an address that does not exist, 250 for a test account"
    observed = lmtp.unasked or f"{lmtp.stranger}"
    if lmtp.unasked or lmtp.stranger is None:
        return unverified(lmtp.silence_cause, observed=observed, expected=expected)
    if lmtp.stranger.accepted:
        return judge(False, observed=observed, expected=expected)
    if not lmtp.stranger.unknown or not lmtp.accepted_recipients:
        observed += "; no test account was accepted" if not lmtp.accepted_recipients else ""
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=observed, expected=expected)


@control("LMTP-10")
def test_recipients_known_at_rcpt(recipients: RecipientFacts) -> Judgement:
    """
    From outside, RCPT is accepted for the test accounts and refused for good for anybody else.
    """
    expected = "250 for every test account, 550 5.1.1 for an address that does not exist"
    observed = f"{recipients} (from {recipients.place})"
    wrong = recipients.lost or recipients.takes_anybody
    if not wrong and not recipients.settled:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not wrong, observed=observed, expected=expected)
