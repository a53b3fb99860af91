"""
A database or directory that is away for a moment must cost nobody a password or a message.
"""

from mailvet.facts.backend_outage import BackendOutageFacts, harmless
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("OUT-01")
def test_logins_fail_for_a_while_only(backend_outage: BackendOutageFacts) -> Judgement:
    """
    A right password is not called wrong.
    """
    login = backend_outage.login
    return _judged(
        backend_outage,
        harmless(login),
        observed=f"{backend_outage.gone}; login of {login.user}: {login}",
        expected="a temporary failure, for example NO [UNAVAILABLE] or 454",
    )


@control("OUT-02")
def test_known_users_get_their_mail_later(backend_outage: BackendOutageFacts) -> Judgement:
    """
    Mail for a known user is not refused for good.
    """
    known = backend_outage.known
    return _judged(
        backend_outage,
        known.kept if known else None,
        observed=f"{backend_outage.gone}; RCPT: {known or 'there is no LMTP'}",
        expected="a reply that begins with 4, no reply yet, or acceptance from memory",
    )


@control("OUT-03")
def test_unknown_users_get_no_mail(backend_outage: BackendOutageFacts) -> Judgement:
    """
    Mail for a user who does not exist is not accepted either.
    """
    unknown = backend_outage.unknown
    accepted = unknown.accepted if unknown else None
    return _judged(
        backend_outage,
        None if accepted is None else not accepted,
        observed=f"{backend_outage.gone}; RCPT: {unknown or 'there is no LMTP'}",
        expected="a refusal, or no reply yet",
    )


@control("OUT-04")
def test_dovecot_recovers(backend_outage: BackendOutageFacts, target: Target) -> Judgement:
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


def _judged(
    outage: BackendOutageFacts, right: bool | None, *, observed: str, expected: str
) -> Judgement:
    doubt = outage.doubt or (Cause.BLOCKED, "no answer")
    if right is None or outage.doubt:
        return unverified(doubt[0], observed=f"{observed} ({doubt[1]})", expected=expected)
    return judge(right, observed=observed, expected=expected)
