"""
How TLS begins: by STARTTLS, or together with the connection (RFC 8314).
"""

from mailvet.facts.offers import VersionFacts
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Judgement, judge, unverified
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
    return judge(
        session.secured, observed=f"STARTTLS accepted; handshake: {seen}", expected=expected
    )


@control("TLS-02")
def test_implicit_tls(session: SessionFacts) -> Judgement:
    """
    The handshake starts with the connection, and the greeting comes inside.
    """
    expected = "a TLS handshake at once, and the greeting inside"
    if session.handshake is None or not session.handshake.completed:
        clear = session.handshake.clear_text if session.handshake else ""
        failure = session.handshake.failure if session.handshake else "was not tried"
        seen = f"the server speaks clear text: {clear}" if clear else f"the handshake: {failure}"
        return judge(False, observed=seen, expected=expected)
    seen = f"{session.handshake.version}, then: {session.greeting}"
    return judge(session.secured, observed=seen, expected=expected)


@control("TLS-07")
def test_nothing_in_clear_text_before_the_handshake(session: SessionFacts) -> Judgement:
    """
    Behind the reply to STARTTLS comes nothing but TLS.
    """
    expected = "nothing between the reply to STARTTLS and the handshake"
    stray = session.injected or (session.handshake.clear_text if session.handshake else "")
    if stray:
        return judge(False, observed=f"the server sends in clear text: {stray}", expected=expected)
    if session.handshake is None or not session.handshake.completed:
        seen = "no handshake came about, so there was no place for anything before it"
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    return judge(True, observed="the handshake follows the reply at once", expected=expected)


@control("TLS-09")
def test_no_client_certificate_is_asked_for(
    session: SessionFacts, versions: VersionFacts
) -> Judgement:
    """
    A client without a certificate gets in, and is not asked for one.
    """
    expected = "a client without a certificate gets in and is not asked for one"
    if versions.asks_certificate:
        return judge(False, observed="the server asks for a client certificate", expected=expected)
    if not session.secured:
        seen = session.handshake.failure if session.handshake else "no handshake came about"
        return unverified(Cause.BLOCKED, observed=f"no session: {seen}", expected=expected)
    return judge(True, observed="a client without a certificate gets in", expected=expected)


@control("TLS-12")
def test_nothing_leads_clients_out_of_tls(session: SessionFacts) -> Judgement:
    """
    No login is given away before TLS, and STARTTLS is not offered inside it.
    """
    expected = "no PREAUTH before TLS, no STARTTLS inside"
    if session.skips_login:
        observed = f"the greeting before TLS is {session.greeting}"
        return judge(False, observed=observed, expected=expected)
    if session.after is None or not session.after.items:
        observed = "nothing is announced inside TLS"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"announced inside TLS: {' '.join(name for name, _ in session.after.items)}"
    return judge(not session.offers_tls_again, observed=observed, expected=expected)
