"""
Files with settings of MariaDB's client library, which ``option_file=`` in ``connect`` names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailvet.facts.files import FileStat

GROUP = "client"
"""The section that Dovecot has read unless ``option_group=`` names another one."""

_SECTION = re.compile(r"^\[\s*([^]]+?)\s*\]$")
_OPTION = re.compile(r"^([\w-]+)(?:\s*=\s*(.*))?$")
_NAMES = {"database": "dbname", "ssl_capath": "ssl_ca_path", "socket": "host"}
"""What ``connect`` calls an option that has another name in files."""


@dataclass(frozen=True, slots=True)
class OptionFile:
    """
    Such a file.

    Attributes:
        path: Its path.
        stat: Its owner and mode, and the directories above it; None if it does not exist, which
            the library takes without a word.
        options: What its section sets, under the names that ``connect`` has for it; passwords are
            ``***``.
        includes: Whether it has other files read, too.
    """

    path: str
    stat: FileStat | None
    options: tuple[tuple[str, str], ...]
    includes: bool = False


def parse_options(text: str, group: str = GROUP) -> tuple[tuple[str, str], ...]:
    """
    What the section *group* of an option file sets, under the names that ``connect`` has for it.

    An option without a value is switched on. Later ones win, as in the library.
    """
    return tuple(dict(_options(text, group)).items())


def includes(text: str) -> bool:
    """
    Whether an option file has other files read, too.
    """
    return any(line.lstrip().startswith("!include") for line in text.splitlines())


def _options(text: str, group: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, text.splitlines()):
        if found := _SECTION.match(line):
            section = found[1]
        elif section == group and (found := _OPTION.match(line)):
            name = found[1].replace("-", "_").lower()
            yield _NAMES.get(name, name), _value(found[2])


def _value(text: str | None) -> str:
    """
    A comment may follow after a blank, but not in quotes.
    """
    if text is None:
        return "yes"
    quoted = re.match(r"""^(["'])(.*)\1\s*(?:#.*)?$""", text)
    return quoted[2] if quoted else re.sub(r"\s+#.*$", "", text)
