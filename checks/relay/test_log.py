"""
Whether attempts to relay leave a trace.
"""

from mailvet.facts.relay_log import RelayLogFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("RELAY-12")
def test_refusal_logged(relay_log: RelayLogFacts) -> Judgement:
    """
    The log has the refusals of this run; a log that is kept elsewhere cannot be searched.
    """
    facts = relay_log
    expected = "a line for each refused attempt that names client, sender and recipient"
    if not facts.refused:
        observed = "no attempt to relay was refused as such, so none can be in the log"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    if not facts.lines and (facts.elsewhere or not facts.sources):
        return unverified(Cause.BLOCKED, observed=str(facts), expected=expected)
    return judge(bool(facts.lines), observed=str(facts), expected=expected)
