"""
Search filters (RFC 4515) as they stand in Dovecot's settings, with its variables in them.
"""

import re
from dataclasses import dataclass

_ITEM = re.compile(r"^([\w.;:-]+?)\s*(~=|>=|<=|:=|=)(.*)$", re.DOTALL)
_NAME = re.compile(r"%[LUET]*[un]|%\{[^}]*user[^}]*\}|%\{[un]\}")
"""
The login name as a whole, with or without its domain. Modifiers that change its letters or escape
it are let through; those that cut or hash it (``%2n``, ``%Hu``) are not.
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """
    A search filter.

    Attributes:
        operator: ``&``, ``|``, ``!``, or ``=``, ``~=``, ``>=``, ``<=``, ``:=`` of one assertion.
        parts: The filters that an operator joins.
        attribute: The attribute of an assertion.
        value: The value of an assertion.
    """

    operator: str
    parts: tuple["Filter", ...] = ()
    attribute: str = ""
    value: str = ""

    @property
    def depth(self) -> int:
        """
        How deep it is nested; 1 for a single assertion.
        """
        return 1 + max((each.depth for each in self.parts), default=0)

    def __str__(self) -> str:
        if self.parts:
            return f"({self.operator}{''.join(map(str, self.parts))})"
        return f"({self.attribute}{self.operator}{self.value})"

    def for_user(self, user: str) -> "Filter":
        """
        The filter with which *user* is searched, a login name as Dovecot looks it up.
        """
        parts = tuple(each.for_user(user) for each in self.parts)
        return Filter(self.operator, parts, self.attribute, expanded(self.value, user))

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


def expanded(text: str, user: str) -> str:
    """
    *text* with the variables for the login name replaced; others are left as they are.
    """
    local, _, domain = user.partition("@")
    values = {"u": user, "n": local, "d": domain}
    for long, short in (("user", "u"), ("username", "n"), ("domain", "d")):
        text = text.replace(f"%{{{long}}}", f"%{short}")

    def value(found: re.Match[str]) -> str:
        plain = values[found[2]]
        return {"L": plain.lower(), "U": plain.upper()}.get(found[1], plain)

    return re.sub(r"%([LUET]?)([und])", value, text)


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
    return Filter(matched[2], (), matched[1], matched[3].strip())
