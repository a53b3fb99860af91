"""
TLS on endpoints that start in clear text (RFC 3207, RFC 9051, RFC 2595, RFC 5804).
"""

from mailvet.facts.session import SessionFacts
from mailvet.model import Judgement, judge
from mailvet.plugin import control


@control("TLS-01")
def test_starttls_completes(session: SessionFacts) -> Judgement:
    """
    STARTTLS is announced, accepted, followed by a complete handshake, and the server speaks inside.
    """
    expected = "STARTTLS announced, accepted, handshake complete"
    if session.starttls is None:
        return judge(False, observed="STARTTLS is not announced", expected=expected)
    if session.handshake is None:
        return judge(False, observed=f"STARTTLS is refused: {session.starttls}", expected=expected)
    seen = session.handshake.failure or session.handshake.version
    return judge(session.secured, observed=f"STARTTLS accepted; handshake: {seen}", expected=expected)
