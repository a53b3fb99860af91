"""
Which mechanisms Postfix permits, before TLS and inside it.
"""

from mailvet.facts.anonymous import AnonymousFacts
from mailvet.facts.sasl_service import SaslFacts
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


@control("SASL-06")
def test_options_before_tls(sasl: SaslFacts) -> Judgement:
    """
    Before TLS neither anonymous nor plain-text mechanisms are permitted, on any service.
    """
    services = [each for each in sasl.services if each.clear_text]
    if not services:
        return not_applicable("no SMTP service that offers AUTH begins without TLS")
    expected = "noanonymous, and noplaintext or AUTH inside TLS only"
    wrong = [each.shown_plain() for each in services if each.open_in_clear]
    observed = "; ".join(wrong or [each.shown_plain() for each in services])
    return judge(not wrong, observed=observed, expected=expected)


@control("SASL-07")
def test_options_inside_tls(sasl: SaslFacts) -> Judgement:
    """
    Inside TLS anonymous mechanisms are excluded, and those that send the password are not.
    """
    services = [each for each in sasl.services if each.has_tls]
    if not services:
        return not_applicable("no SMTP service that offers AUTH has TLS")
    expected = "noanonymous, and nothing that excludes PLAIN where there is no other mechanism"
    found = [(each, each.tls_problem(sasl.mechanisms)) for each in services]
    wrong = [f"{each.shown_tls()} ({why})" for each, why in found if why]
    observed = "; ".join(wrong or [each.shown_tls() for each in services])
    return judge(not wrong, observed=observed, expected=expected)


@control("SASL-08")
def test_anonymous_refused(anonymous: AnonymousFacts, endpoint: Endpoint) -> Judgement:
    """
    Nobody logs in without an account, where the server takes other commands and other logins.
    """
    expected = "AUTH ANONYMOUS refused in every layer, other commands accepted beside it"
    if anonymous.taken:
        return judge(False, observed=str(anonymous), expected=expected)
    if anonymous.unclear or not anonymous.logins:
        observed = "; ".join(map(str, anonymous.unclear)) or "nothing was tried"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    if endpoint.protocol is Protocol.SUBMISSION and not anonymous.offers_login:
        observed = f"{anonymous}; but there is no way to log in at all"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=str(anonymous), expected=expected)


@control("SASL-09")
def test_broken_clients_served(session: SessionFacts, target: Target) -> Judgement:
    """
    Inside TLS AUTH is announced in the old form as well, where the profile has such clients.
    """
    if not target.expect.login.broken_clients:
        return not_applicable("the profile has no such clients (login.broken_clients)")
    expected = "AUTH=PLAIN or the like announced inside TLS, beside AUTH PLAIN"
    if session.after is None:
        observed = "nothing is announced inside TLS"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    lines = [" ".join((name, *words)) for name, words in session.after.items]
    found = [each for each in lines if each.startswith("AUTH")]
    old = any(each.startswith("AUTH=") for each in found)
    return judge(old, observed=f"announced: {'; '.join(found) or 'no AUTH'}", expected=expected)
