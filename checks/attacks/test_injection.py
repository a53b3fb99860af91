"""
Octets that somebody in between wrote before TLS began.
"""

from mailvet.facts.starttls_injection import InjectionFacts
from mailvet.model import Judgement, Target, judge, not_applicable
from mailvet.plugin import control


@control("ATK-01")
def test_commands_do_not_get_into_tls(starttls_injection: InjectionFacts) -> Judgement:
    """
    A command in one segment with STARTTLS is not carried out inside TLS.
    """
    return _judged(starttls_injection)


@control("ATK-13")
def test_commands_do_not_get_into_tls_of_lmtp(
    lmtp_injection: InjectionFacts, target: Target
) -> Judgement:
    """
    The same with LMTP over TCP.
    """
    if target.expect.lmtp.implicit_tls:
        return not_applicable("LMTP starts with TLS (expect.lmtp.implicit_tls)")
    return _judged(lmtp_injection)


def _judged(injection: InjectionFacts) -> Judgement:
    harm, last = injection.harm, injection.trials[-1]
    observed = str(harm or f"{len(injection.trials)} trials; {last}")
    expected = "discarded, or the connection ends"
    return judge(harm is None, observed=observed, expected=expected)
