"""
Whether recipients in odd forms open the relay.
"""

from mailvet.facts.relay_variants import RelayVariantsFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("RELAY-11")
def test_recipient_forms_denied(relay_variants: RelayVariantsFacts) -> Judgement:
    """
    Every form is refused, or stays on the host; what is accepted and unexplained is no pass.
    """
    facts = relay_variants
    expected = "every form refused or kept on the host, local recipients accepted beside it"
    if facts.relayed:
        observed = f"accepted from {facts.standpoint}: {'; '.join(map(str, facts.relayed))}"
        return judge(False, observed=observed, expected=expected)
    if facts.suspect:
        cause = facts.cause or Cause.BLOCKED
        return unverified(cause, observed=facts.doubt, expected=expected)
    if facts.unclear or not facts.attempts:
        observed = "; ".join(map(str, facts.unclear)) or "no form was tried"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=str(facts), expected=expected)
