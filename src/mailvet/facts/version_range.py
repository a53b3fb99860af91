"""
Protocol versions that a configuration allows, and how the wire compares with that.
"""

import re

from mailvet.facts.comparison import FLOOR, Sheet
from mailvet.facts.hello import NUMBERS
from mailvet.facts.offers import TLS13, VersionFacts
from mailvet.model import Agreement, Comparison, ExpectTls

ALL = frozenset(NUMBERS)
_OLDER = frozenset({"SSLV2"})
_NAMES = {name.upper(): name for name in NUMBERS} | {"TLSV1.0": "TLSv1"}


def of_postfix(value: str) -> frozenset[str] | None:
    """
    The versions that a value of ``smtpd_tls_protocols`` allows; None if it is not understood.
    """
    named: set[str] = set()
    excluded: set[str] = set()
    low, high = 0, max(NUMBERS.values())
    for token in (each for each in re.split(r"[\s,:]+", value.strip()) if each):
        operator, word = _split(token)
        name = _NAMES.get(word.upper())
        if word.upper() in _OLDER and operator in {"!", ">="}:
            continue
        if name is None:
            return None
        if operator == "!":
            excluded.add(name)
        elif operator == ">=":
            low = NUMBERS[name]
        elif operator == "<=":
            high = NUMBERS[name]
        else:
            named.add(name)
    allowed = {name for name, number in NUMBERS.items() if low <= number <= high}
    return frozenset((allowed & (named or allowed)) - excluded)


def of_dovecot(minimum: str) -> frozenset[str] | None:
    """
    The versions that a value of ``ssl_min_protocol`` allows; None if it is not understood.
    """
    if minimum.upper() == "ANY":
        return ALL
    if minimum.upper() == "LATEST":
        return frozenset({TLS13})
    name = _NAMES.get(minimum.upper())
    if name is None:
        return None
    return frozenset(each for each in NUMBERS if NUMBERS[each] >= NUMBERS[name])


def compared(
    sheet: Sheet, seen: VersionFacts, setting: str, allowed: frozenset[str] | None, tls: ExpectTls
) -> Comparison:
    """
    The versions on the wire beside those that *setting* allows.

    That OpenSSL's policy refuses old versions which the configuration leaves open is no fault;
    that it refuses one which the profile wants is.
    """
    wire, words = frozenset(seen.accepted), _words(frozenset(seen.accepted))
    if allowed is None:
        return sheet.left_out(FLOOR, words, setting, "the value is not understood")
    configured = f"{_words(allowed)} ({setting})"
    if not wire - allowed and not allowed - wire:
        return sheet.written(FLOOR, words, configured, Agreement.SAME)
    lost = sorted(
        each
        for each in allowed - wire
        if NUMBERS[each] >= NUMBERS.get(tls.minimum, 0) and (each != TLS13 or tls.tls13)
    )
    unsure = [refusal for each in lost if (refusal := seen.refusal_of(each)).cause]
    if wire - allowed or (lost and not unsure):
        return sheet.written(FLOOR, words, configured, Agreement.DIFFERENT)
    if unsure and unsure[0].cause:
        return sheet.unseen(FLOOR, configured, unsure[0].cause, unsure[0].detail)
    note = "OpenSSL, by its policy or its build, refuses more than the configuration does"
    return sheet.written(FLOOR, words, configured, Agreement.STRICTER, note=note)


def _split(token: str) -> tuple[str, str]:
    found = re.fullmatch(r"(!|>=|<=)?(.*)", token)
    assert found is not None  # noqa: S101
    return found[1] or "", found[2]


def _words(versions: frozenset[str]) -> str:
    return ", ".join(sorted(versions, key=lambda each: NUMBERS[each])) or "none"
