"""
The one thing that a check says about itself.
"""

from collections.abc import Callable

import pytest

from mailvet.model import Judgement

Check = Callable[..., Judgement]


def control(control_id: str) -> Callable[[Check], Check]:
    """
    Marks a check as the one that decides the control with this id.
    """

    def mark(check: Check) -> Check:
        marked: Check = pytest.mark.control(control_id)(check)
        return marked

    return mark
