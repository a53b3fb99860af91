"""
Logins that must be refused (RFC 5530, RFC 3206, RFC 4954).
"""

from mailvet.facts.login import Answer, FailingLoginsFacts, RefusedLoginFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("LOGIN-04")
def test_wrong_password(refused_login: RefusedLoginFacts) -> Judgement:
    """
    A wrong password is refused, and nothing can be relayed after it.
    """
    expected = "authentication failure, and no relaying after it; the right password works"
    observed = refused_login.described(refused_login.wrong)
    if refused_login.wrong_gets_in:
        return judge(False, observed=observed, expected=expected)
    if refused_login.proves(refused_login.wrong) and not refused_login.relaying_unknown:
        return judge(True, observed=observed, expected=expected)
    cause = Cause.VANTAGE if refused_login.relay_not_tried else Cause.BLOCKED
    return unverified(cause, observed=observed, expected=expected)


@control("LOGIN-05")
def test_unknown_account(refused_login: RefusedLoginFacts) -> Judgement:
    """
    An unknown account is refused in the same words as a wrong password.
    """
    expected = "refused with the same code and text as a wrong password"
    unknown, wrong = refused_login.unknown, refused_login.wrong
    times = f"answered after {unknown.seconds:.1f} s and {wrong.seconds:.1f} s"
    observed = f"unknown account: {unknown}; wrong password: {wrong}; {times}"
    proven = refused_login.proves(unknown) and refused_login.proves(wrong)
    if unknown.answer is Answer.ACCEPTED or proven:
        alike = proven and unknown.impersonal == wrong.impersonal
        return judge(alike, observed=observed, expected=expected)
    return unverified(Cause.BLOCKED, observed=observed, expected=expected)


@control("LOGIN-06")
def test_empty_password(failing_logins: FailingLoginsFacts) -> Judgement:
    """
    An empty password is refused, at the one endpoint where it is tried.
    """
    expected = "authentication failure; the right password works"
    if failing_logins.empty is None:
        reasons = "; ".join(f"{name}: {why}" for name, _, why in failing_logins.failures)
        observed = f"not tried: {reasons or 'no service takes logins inside TLS'}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    place, found, empty = failing_logins.empty
    observed = f"{place}: {found.described(empty)}"
    if empty.answer is Answer.ACCEPTED or found.proves(empty):
        return judge(found.proves(empty), observed=observed, expected=expected)
    return unverified(Cause.BLOCKED, observed=observed, expected=expected)
