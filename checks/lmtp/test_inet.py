"""
LMTP over TCP, for SMTP servers on other hosts (guide 1.6, 2.9).
"""

from mailvet.facts.certificate import ShownFacts
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.guarded_ports import (
    GuardedPort,
    admitted_only,
    closed_to_others,
    open_to_guests,
)
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.lmtp_session import LmtpSession
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("LMTP-20")
def test_listens_on_port(
    dovecot: DovecotConfig, listeners: ListenerFacts, target: Target
) -> Judgement:
    """
    The lmtp protocol is enabled, its service has the port, and Dovecot holds it for the network.
    """
    port = target.expect.lmtp.port
    configured = [each.port for each in dovecot.listeners("lmtp")]
    held = [each for each in listeners.on(port) if not each.loopback]
    expected = f"lmtp enabled, and Dovecot on port {port} of an address that others reach"
    numbers = ", ".join(map(str, configured)) or "none"
    seen = "; ".join(f"{each}" for each in listeners.on(port)) or "nobody listens there"
    observed = f"protocols = {dovecot.setting('protocols')}; its ports: {numbers}; {seen}"
    if held and all(each.holder == "unknown" for each in held):
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    ready = "lmtp" in dovecot.protocols and port in configured
    by_dovecot = any(each.holder == "dovecot" for each in held)
    return judge(ready and by_dovecot, observed=observed, expected=expected)


@control("LMTP-21")
def test_firewall_admits_clients_only(firewall: FirewallFacts, lmtp_port: GuardedPort) -> Judgement:
    """
    firewalld admits the SMTP servers' own addresses to the port, and no others.
    """
    return admitted_only(firewall, lmtp_port)


@control("LMTP-22")
def test_closed_to_others(lmtp_port: GuardedPort) -> Judgement:
    """
    No connection is taken from a place that is no SMTP server's.
    """
    return closed_to_others(lmtp_port, "the SMTP servers")


@control("LMTP-23")
def test_open_to_clients(lmtp_port: GuardedPort) -> Judgement:
    """
    Connections from the SMTP servers are taken.
    """
    return open_to_guests(lmtp_port, "the SMTP servers")


@control("LMTP-24")
def test_starttls_with_own_certificate(
    lmtp_session: LmtpSession, shown_certificates: ShownFacts, target: Target
) -> Judgement:
    """
    STARTTLS is offered, completed with a certificate that can be verified, and LHLO works inside.
    """
    if target.expect.lmtp.implicit_tls:
        return not_applicable("the profile declares that TLS starts with the connection")
    expected = f"STARTTLS, a verified certificate for {target.name}, the one of the other services"
    faults = lmtp_session.tls_faults(target.name, shown_certificates)
    offered = "" if "STARTTLS" in lmtp_session.offered else "; STARTTLS is not announced"
    if not lmtp_session.greeted:
        return unverified(Cause.BLOCKED, observed=f"{lmtp_session}", expected=expected)
    observed = f"{lmtp_session}{offered}{'; ' if faults else ''}{'; '.join(faults)}"
    satisfied = lmtp_session.encrypted and not offered and not faults
    return judge(satisfied, observed=observed, expected=expected)


@control("LMTP-25")
def test_implicit_tls(
    lmtp_session: LmtpSession, shown_certificates: ShownFacts, target: Target
) -> Judgement:
    """
    TLS starts with the connection, and the server greets and answers LHLO inside.
    """
    if not target.expect.lmtp.implicit_tls:
        return not_applicable("the profile declares LMTP with STARTTLS")
    expected = f"TLS at once, a verified certificate for {target.name}, greeting and LHLO inside"
    faults = lmtp_session.tls_faults(target.name, shown_certificates)
    observed = f"{lmtp_session}{'; ' if faults else ''}{'; '.join(faults)}"
    satisfied = lmtp_session.encrypted and lmtp_session.greeted and not faults
    return judge(satisfied, observed=observed, expected=expected)


@control("LMTP-26")
def test_recipients_answered_one_by_one(lmtp_session: LmtpSession) -> Judgement:
    """
    Every test account is accepted and an unknown recipient refused, in one session inside TLS.
    """
    expected = "250 for every test account, 550 5.1.1 for an address that does not exist"
    unknown = lmtp_session.unknown
    observed = "; ".join(f"{each}" for each in (*lmtp_session.known, unknown) if each)
    if unknown is None or not lmtp_session.known:
        observed = observed or f"{lmtp_session}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    wrong = unknown.accepted or any(each.unknown for each in lmtp_session.known)
    settled = unknown.unknown and all(each.accepted for each in lmtp_session.known)
    if not wrong and not settled:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not wrong, observed=observed, expected=expected)
