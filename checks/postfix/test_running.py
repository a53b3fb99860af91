"""
What runs is what stands in Postfix's files.
"""

from mailvet.facts.mail_log import MailLogFacts
from mailvet.facts.running import RunningFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("PFX-11")
def test_configuration_is_in_force(running: RunningFacts) -> Judgement:
    """
    No file was changed after the processes that read it began.
    """
    return running.postfix().judgement("Postfix reloaded after the last change of every file")


@control("PFX-12")
def test_log_is_clean(mail_log: MailLogFacts) -> Judgement:
    """
    No daemon died since Postfix was loaded, as a log tells that has all its lines.
    """
    expected = "a mail log without fatal, panic or throttling since Postfix was loaded"
    if mail_log.problems:
        observed = f"{len(mail_log.problems)} lines: {'; '.join(mail_log.problems[-3:])}"
        return judge(False, observed=observed, expected=expected)
    if mail_log.complete is None:
        return unverified(Cause.BLOCKED, observed=str(mail_log), expected=expected)
    return judge(True, observed=str(mail_log), expected=expected)
