"""
Waivers must not outlive their reason.
"""

import pytest

from mailvet.model import Verdict, Waiver
from mailvet.plugin.keys import JUDGEMENT
from mailvet.plugin.subject import Subject, subject_of
from mailvet.plugin.verdict import waiver_for


def no_longer_needed(item: pytest.Item, subject: Subject, waiver: Waiver) -> bool:
    """
    Whether *item* is the last one that *waiver* covers, and all of them passed.

    An unverified endpoint keeps the waiver alive: nobody knows what it would have been.
    """
    siblings = [
        each
        for each in item.session.items
        if (other := subject_of(each)) is not None
        and other.target.key == subject.target.key
        and waiver_for(other) == waiver
    ]
    if siblings[-1] is not item:
        return False
    judgements = [each.stash.get(JUDGEMENT, None) for each in siblings]
    return all(each is not None and each.verdict is Verdict.PASS for each in judgements)
