"""
Whether the ports say what the configuration says.
"""

from mailvet.facts.comparison import ComparisonFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("CONS-01")
def test_wire_is_as_configured(comparison: ComparisonFacts) -> Judgement:
    """
    Every question that both answer gets the same answer.
    """
    expected = "the port says what postconf and doveconf say"
    if comparison.different:
        observed = "; ".join(map(str, comparison.different))
        return judge(False, observed=observed, expected=expected)
    if comparison.unseen:
        observed = "; ".join(f"{each.subject}: {each.note}" for each in comparison.unseen)
        cause = comparison.unseen[0].cause or Cause.BLOCKED
        return unverified(cause, observed=observed, expected=expected)
    return judge(True, observed=comparison.agreement, expected=expected)
