"""
Postfix is the host's only mail program of its kind, and the host gets updates.
"""

from mailvet.facts.postfix_host import PostfixHostFacts
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("PFX-03")
def test_sendmail_is_gone(postfix_host: PostfixHostFacts) -> Judgement:
    """
    Sendmail is not installed, and the command of its name is Postfix's.
    """
    expected = "no package of Sendmail, and the command sendmail is Postfix's"
    installed = ", ".join(postfix_host.sendmail_packages) or "no package of Sendmail"
    command = postfix_host.sendmail or "no such command"
    observed = f"{installed}; sendmail is {command} of {postfix_host.owner or 'no package'}"
    if postfix_host.sendmail_is_postfix is None:
        return unverified(Cause.TOOL, observed=f"{observed}; no rpm, no dpkg", expected=expected)
    gone = not postfix_host.sendmail_packages and postfix_host.sendmail_is_postfix
    return judge(gone, observed=observed, expected=expected)


@control("PFX-04")
def test_registered_for_updates(postfix_host: PostfixHostFacts) -> Judgement:
    """
    A host with subscription-manager is registered.
    """
    if postfix_host.registration == "none":
        return not_applicable("there is no subscription-manager: updates come without one")
    observed, expected = postfix_host.registration_said or "no answer", "the system is registered"
    if postfix_host.registration == "unknown":
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(postfix_host.registration == "yes", observed=observed, expected=expected)
