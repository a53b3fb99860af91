"""
Settings of main.cf, and what master.cf makes of them for single services.
"""

from mailvet.facts.outbound import log_levels, outbound_tls
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.service_overrides import overridden, unclear, weakened
from mailvet.facts.smtpd import SmtpdFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("PFX-10")
def test_overrides_are_as_strict(postfix: PostfixConfig, smtpd: SmtpdFacts) -> Judgement:
    """
    No service that strangers reach is laxer than main.cf.
    """
    expected = "no override in master.cf is laxer than main.cf"
    wrong, hidden = weakened(postfix, smtpd), unclear(postfix, smtpd)
    if hidden and not wrong:
        return unverified(Cause.BLOCKED, observed="; ".join(hidden), expected=expected)
    seen = "; ".join(wrong or overridden(postfix, smtpd)) or "no service has overrides"
    return judge(not wrong, observed=seen, expected=expected)


@control("PFX-13")
def test_outgoing_mail_is_encrypted(postfix: PostfixConfig) -> Judgement:
    """
    The clients that send mail to other hosts use TLS wherever it is offered.
    """
    levels = outbound_tls(postfix)
    seen = "; ".join(f"{where}: {level or 'no TLS'}" for where, level in levels)
    expected = "smtp_tls_security_level = may, dane or stricter"
    return judge(all(level for _, level in levels), observed=seen, expected=expected)


@control("PFX-14")
def test_tls_log_level(postfix: PostfixConfig) -> Judgement:
    """
    TLS is logged at level 0 or 1 everywhere.
    """
    levels = log_levels(postfix)
    chatty = [f"{where} = {level}" for where, level in levels if level not in {"0", "1"}]
    seen = "; ".join(chatty or [f"{where} = {level}" for where, level in levels])
    return judge(not chatty, observed=seen, expected="0, or 1")
