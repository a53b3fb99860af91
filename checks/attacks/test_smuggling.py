"""
What the server takes for the end of a message.
"""

from mailvet.facts.smuggling import SmugglingFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("ATK-02")
def test_only_the_legal_end_ends_a_message(smuggling: SmugglingFacts) -> Judgement:
    """
    The server waits for more, refuses the message, or hangs up.
    """
    expected = "no reply, a refusal for its lines, or the end of the connection"
    shown = "; ".join(map(str, smuggling.taken or smuggling.unclear or smuggling.trials))
    observed = f"from {smuggling.place}: {shown}"
    if smuggling.unclear and not smuggling.taken:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not smuggling.taken, observed=observed, expected=expected)
