"""
Search filters (RFC 4515) as they stand in Dovecot's settings, with its variables in them.
"""

import re
from dataclasses import dataclass

_ITEM = re.compile(r"^([\w.;:-]+?)\s*(~=|>=|<=|:=|=)(.*)$", re.DOTALL)
_NAME = re.compile(r"%[LUET]*[un]|%\{[^}]*user[^}]*\}|%\{[un]\}")
"""
The login name as a whole, with or without its domain. Modifiers that change its letters or escape it
are let through; those that cut or hash it (``%2n``, ``%Hu``) are not.
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """
    A search filter.

    Attributes:
        operator: ``&``, ``|``, ``!``, or ``=``, ``~=``, ``>=``, ``<=``, ``:=`` of a single assertion.
        parts: The filters that an operator joins.
        value: The value of an assertion.
    """

    operator: str
    parts: tuple["Filter", ...] = ()
    value: str = ""

    @property
    def selects_by_name(self) -> bool:
        """
        Whether every entry that it finds has the login name, and not only something like it.
        """
        if self.operator == "&":
            return any(each.selects_by_name for each in self.parts)
        if self.operator == "|":
            return bool(self.parts) and all(each.selects_by_name for each in self.parts)
        exact = self.operator in {"=", ":="} and "*" not in self.value
        return exact and holds_name(self.value)


def holds_name(text: str) -> bool:
    """
    Whether a variable in *text* stands for the whole login name.
    """
    return bool(_NAME.search(text))


def parse_filter(text: str) -> Filter | None:
    """
    The filter that *text* is; None if it is none.

    A single assertion may stand without parentheses, as the client library takes it.
    """
    plain = text.strip()
    if not plain.startswith("("):
        return _item(plain)
    found, rest = _filter(plain)
    return found if found and not rest.strip() else None


def _filter(text: str) -> tuple[Filter | None, str]:
    """
    The filter at the beginning of *text*, and what follows it.
    """
    text = text.lstrip()
    if not text.startswith("("):
        return None, text
    text = text[1:].lstrip()
    if text[:1] in {"&", "|", "!"}:
        return _joined(text[0], text[1:])
    body, closed, rest = text.partition(")")
    return (_item(body) if closed else None), rest


def _joined(operator: str, text: str) -> tuple[Filter | None, str]:
    parts = []
    while text.lstrip().startswith("("):
        part, text = _filter(text)
        if part is None:
            return None, text
        parts.append(part)
    rest = text.lstrip()
    if not rest.startswith(")") or (operator == "!" and len(parts) != 1):
        return None, rest
    return Filter(operator, tuple(parts)), rest[1:]


def _item(text: str) -> Filter | None:
    matched = _ITEM.match(text.strip())
    if not matched or "(" in matched[3] or ")" in matched[3]:
        return None
    return Filter(matched[2], value=matched[3].strip())
