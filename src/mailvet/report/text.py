"""
Text from servers, made safe to look at.
"""

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that show nothing, or that change how their neighbours are shown."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_DOUBTFUL = re.compile(r"[^\t\n\x20-\x7e]")
"""What has to be looked up; a report is a megabyte of characters that need not be."""


def visible(text: str) -> str:
    r"""
    The text with every invisible or reordering character spelled out, for example ``\u202e``.

    Line feeds and tabs stay. A server must not be able to move the cursor, to reverse the
    reading direction, or to hide words in a report.
    """
    return _DOUBTFUL.sub(_spelled_out, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """
    The visible text with every run of white space as one blank.
    """
    return " ".join(visible(text).split())


def encodable(text: str) -> str:
    """
    The text without lone surrogates, which no encoding can carry.
    """
    return _SURROGATE.sub("\ufffd", text)


def _spelled_out(found: re.Match[str]) -> str:
    character = found.group()
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
