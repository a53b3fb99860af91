"""
Text from servers.
"""

import pytest

from mailvet.report.text import encodable, one_line, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain", "plain"),
        ("Größe 10 МБ 日本", "Größe 10 МБ 日本"),
        ("a\x00b\x1b[31m", "a\\x00b\\x1b[31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\x85\u2028", "\\x85\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("one\r\ntwo\rthree\tfour\n", "one\ntwo\\x0dthree\tfour\n"),
    ],
)
def test_visible_spells_out_what_cannot_be_seen(hostile: str, shown: str) -> None:
    """
    Text of all languages stays; what hides, moves or reorders does not.
    """
    assert visible(hostile) == shown


def test_one_line_joins_lines() -> None:
    """
    A server cannot begin a line of its own.
    """
    assert one_line("550 no\r\nmailvet: READY\t\u2029") == "550 no mailvet: READY \\u2029"


def test_encodable_replaces_lone_surrogates_only() -> None:
    """
    Characters beyond the BMP stay.
    """
    assert encodable("\udfff\U0001f4e7") == "\ufffd\U0001f4e7"
