"""
Mail that goes to a Dovecot on another host by LMTP over TCP (guide 2.9, 1.6).
"""

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.lmtp_client import LmtpClientFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("LMTP-30")
def test_transport_leads_to_dovecot(lmtp_client: LmtpClientFacts, target: Target) -> Judgement:
    """
    The test accounts' mail goes by LMTP to the declared host and port.
    """
    home, port = target.mailboxes, target.expect.lmtp.port
    expected = f"lmtp:inet:{home.name if home else 'HOST'}:{port}, for every test account"
    observed = "; ".join(dict.fromkeys(map(str, lmtp_client.routes)))
    if not lmtp_client.uses(port):
        return judge(False, observed=observed, expected=expected)
    if home is None:
        observed = f"{observed} (add mailboxes to [hosts.{target.key}])"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    known = lmtp_client.leads_to(home.name, home.address)
    return judge(known, observed=observed, expected=expected)


@control("LMTP-31")
def test_tls_is_demanded(lmtp_client: LmtpClientFacts, target: Target) -> Judgement:
    """
    Postfix's LMTP client sends nothing in clear text.
    """
    if target.expect.lmtp.private_link:
        return not_applicable("the profile declares a private link (lmtp.private_link)")
    where = (
        f"lmtp_tls_policy_maps ({lmtp_client.policies})" if lmtp_client.hop_levels else "main.cf"
    )
    observed = f"{lmtp_client.service}: level {', '.join(lmtp_client.levels)} by {where}"
    if target.expect.lmtp.implicit_tls and not lmtp_client.wrapped:
        observed = f"{observed}, without lmtp_tls_wrappermode"
        return judge(False, observed=observed, expected="lmtp_tls_wrappermode = yes")
    expected = "encrypt, or a level that verifies as well: verify, secure, dane-only, fingerprint"
    return judge(lmtp_client.encrypted, observed=observed, expected=expected)


@control("LMTP-32")
def test_delivery_was_encrypted(delivery: DeliveryFacts, target: Target) -> Judgement:
    """
    The Received field that Dovecot wrote says so.
    """
    if target.expect.lmtp.private_link:
        return not_applicable("the profile declares a private link (lmtp.private_link)")
    expected = "Received: … with LMTPS, written by Dovecot"
    if not delivery.arrived:
        return unverified(Cause.BLOCKED, observed=str(delivery), expected=expected)
    newest = delivery.received[0] if delivery.received else "no Received field"
    return judge(delivery.by_lmtp == "LMTPS", observed=newest, expected=expected)


@control("LMTP-33")
def test_message_arrives_on_other_host(delivery: DeliveryFacts, target: Target) -> Judgement:
    """
    What SMTP took is in the mailbox there, and came by LMTP.
    """
    seconds = target.expect.mail.delivery_deadline
    there = target.mailboxes.name if target.mailboxes else "the other host"
    expected = f"in the mailbox on {there} within {seconds:g} s, received by LMTP"
    observed = f"{delivery}; {delivery.received[0] if delivery.received else 'no Received field'}"
    if delivery.personal or not delivery.accepted:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    right = delivery.arrived and bool(delivery.by_lmtp)
    return judge(right, observed=observed, expected=expected)
