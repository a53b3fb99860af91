"""
Octets that somebody in between wrote before TLS began.
"""

from mailvet.facts.starttls_injection import InjectionFacts
from mailvet.model import Judgement, judge
from mailvet.plugin import control


@control("ATK-01")
def test_commands_do_not_get_into_tls(starttls_injection: InjectionFacts) -> Judgement:
    """
    A command in one segment with STARTTLS is not carried out inside TLS.
    """
    harm, last = starttls_injection.harm, starttls_injection.trials[-1]
    observed = str(harm or f"{len(starttls_injection.trials)} trials; {last}")
    expected = "discarded, or the connection ends"
    return judge(harm is None, observed=observed, expected=expected)
