"""
TLS between Dovecot and its database or directory, as the mail host sees it (guide 1.2.4, 1.3.4).
"""

from mailvet.facts.backend_tls import BackendTls, BackendTlsFacts
from mailvet.model import Cause, Judgement, judge, not_applicable, together, unverified
from mailvet.plugin import control

LOCAL = "the backend is on the host itself"


@control("BACK-50")
def test_authority_has_issued_the_certificate(backend_tls: BackendTlsFacts) -> Judgement:
    """
    The chain that each server shows ends at a certificate in the file that Dovecot verifies with.
    """
    expected = "a certificate of an authority that Dovecot verifies with"
    return together((_issued(each, expected) for each in backend_tls.servers), expected=expected)


@control("BACK-51")
def test_certificate_is_for_the_name(backend_tls: BackendTlsFacts) -> Judgement:
    """
    The name with which Dovecot connects is one of the certificate.
    """
    expected = "a certificate for the name with which Dovecot connects"
    return together((_named(each, expected) for each in backend_tls.servers), expected=expected)


@control("BACK-52")
def test_backend_offers_tls(backend_tls: BackendTlsFacts) -> Judgement:
    """
    A handshake from the mail host is completed.
    """
    expected = "a TLS session, of version 1.2 at least"
    return together((_offered(each, expected) for each in backend_tls.servers), expected=expected)


@control("BACK-53")
def test_session_is_bound(backend_tls: BackendTlsFacts) -> Judgement:
    """
    TLS 1.3, or TLS 1.2 with Extended Master Secret.
    """
    expected = "TLS 1.3, or TLS 1.2 with Extended Master Secret"
    return together((_bound(each, expected) for each in backend_tls.servers), expected=expected)


def _unseen(tls: BackendTls, expected: str) -> Judgement | None:
    if tls.server.on_this_machine:
        return not_applicable(LOCAL)
    if tls.doubt is not None:
        return unverified(tls.doubt.cause, observed=tls.doubt.detail, expected=expected)
    return None


def _no_session(tls: BackendTls, expected: str) -> Judgement | None:
    unseen = _unseen(tls, expected)
    if unseen is None and not tls.completed:
        return unverified(Cause.BLOCKED, observed=str(tls), expected=expected)
    return unseen


def _issued(tls: BackendTls, expected: str) -> Judgement:
    unseen = _no_session(tls, expected)
    if unseen is None and tls.trusted is None:
        observed = f"{tls.server}: {tls.trust_detail}"
        unseen = unverified(Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"{tls.server}, {tls.server.authorities}: {tls.trust_detail or 'issued by it'}"
    return unseen or judge(bool(tls.trusted), observed=observed, expected=expected)


def _named(tls: BackendTls, expected: str) -> Judgement:
    shown = tls.leaf.names if tls.leaf else "no certificate that can be read"
    observed = f"{tls.server}: the certificate is for {shown}"
    unseen = _no_session(tls, expected)
    return unseen or judge(tls.named, observed=observed, expected=expected)


def _offered(tls: BackendTls, expected: str) -> Judgement:
    unseen = _unseen(tls, expected)
    return unseen or judge(tls.completed, observed=str(tls), expected=expected)


def _bound(tls: BackendTls, expected: str) -> Judgement:
    unseen = _no_session(tls, expected)
    return unseen or judge(bool(tls.binds_session), observed=str(tls), expected=expected)
