"""
What scripts do to mail, and what makes them run (RFC 5228).
"""

from mailvet.facts.sieve import SieveFacts
from mailvet.facts.sieve_setup import SieveSetup
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("SIEVE-04")
def test_plugin_is_loaded(sieve_setup: SieveSetup) -> Judgement:
    """
    Each way on which mail comes to Dovecot has the plug-in.
    """
    return judge(
        not sieve_setup.without_plugin,
        observed="; ".join(str(each) for each in sieve_setup.ways),
        expected="sieve among mail_plugins of every protocol that delivers",
    )


@control("SIEVE-05")
def test_matching_mail_is_filed(sieve: SieveFacts) -> Judgement:
    """
    The message that the script files is in its folder and nowhere else.
    """
    expected = "a message that matches is filed into the script's folder, and nowhere else"
    if sieve.unjudged:
        return unverified(Cause.BLOCKED, observed=sieve.unjudged, expected=expected)
    return judge(sieve.filed, observed=str(sieve.matching), expected=expected)


@control("SIEVE-06")
def test_other_mail_is_kept(sieve: SieveFacts) -> Judgement:
    """
    The message that the script leaves alone is in the INBOX, while the other one is filed.
    """
    expected = "a message that does not match stays in the INBOX"
    if sieve.unjudged:
        return unverified(Cause.BLOCKED, observed=sieve.unjudged, expected=expected)
    if sieve.kept and not sieve.filed:
        observed = f"the script does not run: what it files is {sieve.matching}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(sieve.kept, observed=str(sieve.other), expected=expected)


@control("SIEVE-08")
def test_global_scripts(sieve_setup: SieveSetup) -> Judgement:
    """
    What the configuration names exists, can be read, and is compiled or can be.
    """
    if not sieve_setup.locations:
        return not_applicable(f"no global script is configured{sieve_setup.elsewhere}")
    wrong = sieve_setup.problems
    expected = "global scripts exist, can be read by the mail account, and are compiled"
    if sieve_setup.unseen and not wrong:
        return unverified(Cause.TOOL, observed=sieve_setup.unseen, expected=expected)
    return judge(not wrong, observed="; ".join(wrong) or str(sieve_setup), expected=expected)
