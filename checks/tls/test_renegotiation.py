"""
Handshakes that clients ask for, one after the other.
"""

from mailvet.facts.renegotiation import Renegotiation, RenegotiationFacts
from mailvet.model import Judgement, judge, not_applicable
from mailvet.plugin import control


@control("TLS-11")
def test_clients_do_not_renegotiate(renegotiation: RenegotiationFacts) -> Judgement:
    """
    Another handshake inside the session is not performed.
    """
    if renegotiation.outcome is Renegotiation.IMPOSSIBLE:
        return not_applicable(str(renegotiation))
    right = renegotiation.outcome is not Renegotiation.PERFORMED
    return judge(right, observed=str(renegotiation), expected="refused, or not answered")
