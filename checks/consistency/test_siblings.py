"""
Whether ports that serve the same purpose answer the same questions alike.
"""

from mailvet.facts.siblings import SiblingFacts
from mailvet.model import Cause, Judgement, Protocol, judge, not_applicable, unverified
from mailvet.plugin import control


@control("CONS-02")
def test_submission_ports_agree(siblings: SiblingFacts) -> Judgement:
    """
    Ports 587 and 465, and 25 where it takes logins, treat users alike.
    """
    return _alike(siblings, Protocol.SUBMISSION)


@control("CONS-03")
def test_imap_ports_agree(siblings: SiblingFacts) -> Judgement:
    """
    Ports 143 and 993 treat users alike.
    """
    return _alike(siblings, Protocol.IMAP)


@control("CONS-04")
def test_pop3_ports_agree(siblings: SiblingFacts) -> Judgement:
    """
    Ports 110 and 995 treat users alike.
    """
    return _alike(siblings, Protocol.POP3)


def _alike(siblings: SiblingFacts, group: Protocol) -> Judgement:
    expected = "the same answer on every port of this purpose"
    questions = siblings.of(group)
    different = [each for each in questions if each.differs]
    if different:
        return judge(False, observed="; ".join(map(str, different)), expected=expected)
    unseen = [answer for each in questions for answer in each.unseen]
    if unseen:
        observed = "; ".join(dict.fromkeys(each.detail for each in unseen))
        return unverified(unseen[0].cause or Cause.BLOCKED, observed=observed, expected=expected)
    if not questions:
        return not_applicable(f"fewer than two ports with TLS serve {group}")
    return judge(True, observed="; ".join(map(str, questions)), expected=expected)
