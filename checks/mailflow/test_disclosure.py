"""
What the server tells strangers about accounts without a login (RFC 5321 §7.3).
"""

from mailvet.facts.disclosure import DisclosureFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("LOGIN-07")
def test_verification_tells_nothing(disclosure: DisclosureFacts) -> Judgement:
    """
    VRFY and EXPN say the same of an account that exists and of one that does not.
    """
    expected = "the same reply for an account that exists and for one that does not"
    if not disclosure.telling and not disclosure.settled:
        return unverified(Cause.BLOCKED, observed=str(disclosure), expected=expected)
    return judge(not disclosure.telling, observed=str(disclosure), expected=expected)
