"""
Differences between recordings.
"""

import pytest

from tests.recorded.difference import Json, changed, difference


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3]}),
        ({"a": [1, 2, 3, 4]}, {"a": [1, 4]}),
        ({"a": [1, 4]}, {"a": [1, 2, 3, 4]}),
        ([1, 1, 1], [1, 1]),
        ([], [{"a": None}]),
        ([{"a": None}], []),
        ({"value": {"x": 1}, "error": None}, {"value": None, "error": {"cause": "timeout"}}),
        ({"a": 1}, {"b": 1}),
        ("same", "same"),
    ],
)
def test_change_made_to_the_old_gives_the_new(old: Json, new: Json) -> None:
    """
    Whatever shape the facts have, nothing is lost on the way.
    """
    assert changed(old, difference(old, new)) == new


def test_difference_of_one_setting_among_many_is_small() -> None:
    """
    An inserted element does not repeat its neighbours.
    """
    old = {"settings": [[str(number), "no"] for number in range(100)]}
    new = {"settings": [*old["settings"][:50], ["extra", "yes"], *old["settings"][50:]]}

    assert difference(old, new) == [(["settings", "50:50"], [["extra", "yes"]])]
