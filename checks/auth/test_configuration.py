"""
Which clients may log in without TLS, as it is configured.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.login_policy import clear_text_scopes, scopes, trusted_networks
from mailvet.facts.networks import outside_of
from mailvet.facts.smtpd import SmtpdFacts
from mailvet.model import Judgement, Target, judge, not_applicable
from mailvet.plugin import control


@control("AUTH-06")
def test_plaintext_disabled(dovecot: DovecotConfig) -> Judgement:
    """
    No part of Dovecot's configuration takes passwords of other hosts without TLS.
    """
    expected = "ssl = required or disable_plaintext_auth = yes, for every protocol and network"
    exempt = clear_text_scopes(dovecot)
    observed = "; ".join(map(str, exempt or scopes(dovecot)[:1]))
    return judge(not exempt, observed=observed, expected=expected)


@control("AUTH-07")
def test_no_network_exempted(dovecot: DovecotConfig, target: Target) -> Judgement:
    """
    login_trusted_networks is empty, or names declared proxies only.
    """
    declared = target.expect.dovecot.trusted_proxies
    networks = trusted_networks(dovecot)
    return judge(
        not outside_of(networks, declared),
        observed=f"login_trusted_networks = {' '.join(networks) or '(empty)'}",
        expected=f"empty, or within {', '.join(declared)}" if declared else "empty",
    )


@control("AUTH-08")
def test_smtpd_auth_needs_tls(smtpd: SmtpdFacts) -> Judgement:
    """
    Every SMTP service that offers AUTH does so inside TLS only.
    """
    expected = "smtpd_tls_auth_only = yes, level encrypt or wrappermode, on every such service"
    services = [each for each in smtpd.services if each.sasl]
    if not services:
        return not_applicable("no SMTP service offers AUTH")
    open_ones = [each for each in services if not each.auth_needs_tls]
    observed = "; ".join(map(str, open_ones or services))
    return judge(not open_ones, observed=observed, expected=expected)
