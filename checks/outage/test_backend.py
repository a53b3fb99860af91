"""
A database or directory that is away for a moment must cost nobody a password or a message.
"""

from mailvet.facts.backend_outage import BackendOutageFacts, every, harmless_login
from mailvet.facts.login import Answer
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("OUT-01")
def test_passwords(backend_outage: BackendOutageFacts) -> Judgement:
    """
    A wrong password gets nobody in, and a right one is not called wrong.
    """
    right, wrong = backend_outage.login, backend_outage.wrong
    refused = None if wrong.reply is None else wrong.answer is not Answer.ACCEPTED
    return _judged(
        backend_outage,
        every(harmless_login(right), refused),
        observed=f"{backend_outage.gone}; right password: {right}; wrong one: {wrong}",
        expected="a temporary failure, such as NO [UNAVAILABLE] or 454; the wrong one is not taken",
    )


@control("OUT-02")
def test_mail(backend_outage: BackendOutageFacts) -> Judgement:
    """
    Mail for a known user is not refused for good, and mail for nobody is not taken.
    """
    known, unknown = backend_outage.known, backend_outage.unknown
    if known is None or unknown is None:
        return not_applicable("there is no LMTP service, or no test account")
    return _judged(
        backend_outage,
        every(known.kept, None if unknown.accepted is None else not unknown.accepted),
        observed=f"{backend_outage.gone}; RCPT: {known}; {unknown}",
        expected="replies that begin with 4 or none yet; the known one may be taken from memory",
    )


@control("OUT-03")
def test_recovery(backend_outage: BackendOutageFacts, target: Target) -> Judgement:
    """
    Logins work again soon after the backend is back, and so does delivery.
    """
    most = target.expect.dovecot.backend_recovery
    seconds, known = backend_outage.recovery, backend_outage.later_known
    after = "no login" if seconds is None else f"a login {seconds:.1f} s after its return"
    return _judged(
        backend_outage,
        seconds is not None and (known is None or known.accepted is True),
        observed=f"{after} ({backend_outage.later}); RCPT: {known or 'there is no LMTP'}",
        expected=f"the login within {most:g} s, and RCPT accepted",
    )


@control("OUT-06")
def test_waiting_mail(backend_outage: BackendOutageFacts) -> Judgement:
    """
    A message that is handed in meanwhile is in the mailbox afterwards.
    """
    mail, expected = backend_outage.waiting, "it waits in the queue, and arrives afterwards"
    if mail is None:
        return not_applicable("Postfix does not deliver to Dovecot on this host")
    observed = f"{backend_outage.gone}; {mail}"
    arrived = mail.seconds is not None
    if not mail.said and backend_outage.recovery is None:
        observed = f"{backend_outage.gone}; Dovecot did not recover, so nobody could look for it"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return _judged(backend_outage, arrived, observed=observed, expected=expected)


def _judged(
    outage: BackendOutageFacts, right: bool | None, *, observed: str, expected: str
) -> Judgement:
    doubt = outage.doubt or (Cause.BLOCKED, "no answer")
    if right is None or outage.doubt:
        return unverified(doubt[0], observed=f"{observed} ({doubt[1]})", expected=expected)
    return judge(right, observed=observed, expected=expected)
