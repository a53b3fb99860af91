"""
Whether Postfix hands the domain's mail to Dovecot's LMTP socket.
"""

from mailvet.facts.lmtp import LmtpFacts
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("LMTP-05")
def test_postfix_uses_socket(lmtp: LmtpFacts) -> Judgement:
    """
    The transport of the domain's mail is LMTP, and what its client opens is Dovecot's socket.
    """
    expected = f"a transport lmtp:unix:PATH that leads to {lmtp.used or 'the LMTP socket'}"
    route = lmtp.route
    if route is None or route.errors or (route.uses_socket and not lmtp.present):
        observed = "; ".join(route.errors) if route and route.errors else lmtp.no_route
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    satisfied = route.uses_socket and lmtp.hits_socket
    return judge(satisfied, observed=lmtp.route_words, expected=expected)


@control("LMTP-06")
def test_parameter_fits_domain_class(lmtp: LmtpFacts) -> Judgement:
    """
    The domain is in one class only, and the setting that names LMTP is the one of that class.
    """
    expected = "the domain in one list only, and the transport of that list handing mail to LMTP"
    route = lmtp.route
    if route is None or route.errors:
        observed = "; ".join(route.errors) if route else lmtp.no_route
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    if len(route.lists) == 1 and route.by_table:
        return not_applicable(f"{route.parameter} decides, whatever class the domain is in")
    if len(route.lists) == 1 and not route.lmtp_settings and route.client != "lmtp":
        return not_applicable(f"no setting names LMTP; {route}")
    satisfied = len(route.lists) == 1 and route.client == "lmtp"
    return judge(satisfied, observed=route.class_words, expected=expected)
