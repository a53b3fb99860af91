"""
SASL mechanisms that a profile declares, and what a server offers instead.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from mailvet.model import ExpectLogin

_TRIED = frozenset({"PLAIN", "LOGIN"})
"""Of these it is known by logging in whether they are offered."""


def undeclared(offered: Iterable[str], expect: ExpectLogin) -> tuple[str, ...]:
    """
    The mechanisms among *offered* for which the profile has no word.
    """
    meant = (*expect.mechanisms, *expect.other_mechanisms)
    return tuple(
        each for each in offered if not any(fnmatchcase(each, pattern) for pattern in meant)
    )


def withheld(offered: Iterable[str], expect: ExpectLogin) -> tuple[str, ...]:
    """
    The mechanisms that submission must offer and that are not among *offered*.

    Clients take a weaker one where theirs is missing.
    """
    missing = set(expect.mechanisms) - set(offered) - _TRIED
    return tuple(each for each in expect.mechanisms if each in missing)
