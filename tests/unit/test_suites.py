"""
The registry of cipher suites and how suites are grouped.
"""

import ssl

import pytest
from tlslite.constants import CipherSuite

from mailvet.facts.suites import (
    SUITES,
    TLS13_SUITES,
    offers_with_dh,
    offers_without_dh,
    static_rsa_offer,
    suite_name,
    weak_offers,
)


def test_names_are_those_of_the_registry() -> None:
    """
    Wherever another library knows a number, it has the same name for it.
    """
    for number, suite in SUITES.items():
        other = CipherSuite.ietfNames.get(number)
        assert other is None or other.lower() == suite.name.lower()


@pytest.mark.parametrize(
    ("number", "weakness"),
    [
        (0x0002, "no encryption"),
        (0x0005, "RC4"),
        (0x000A, "3DES"),
        (0x0009, "DES"),
        (0x0008, "export"),
        (0x0018, "anonymous"),
        (0xC019, "anonymous"),
        (0x009D, ""),
        (0xC02F, ""),
    ],
)
def test_weakness(number: int, weakness: str) -> None:
    """
    Each family of broken suites is recognised, sound ones are not.
    """
    assert SUITES[number].weakness == weakness


def test_offers_are_complete_and_apart() -> None:
    """
    Every suite is offered with or without Diffie-Hellman parameters, and none in both ways.
    """
    assert set(offers_with_dh()) | set(offers_without_dh()) == set(SUITES)
    assert not set(offers_with_dh()) & set(offers_without_dh())


def test_weak_offers_hold_every_weak_suite_once() -> None:
    """
    The offers to be refused contain all broken suites, and nothing else.
    """
    offered = [number for numbers in weak_offers().values() for number in numbers]
    assert sorted(offered) == sorted(n for n, suite in SUITES.items() if suite.weakness)


def test_static_rsa_is_offered_with_sound_ciphers() -> None:
    """
    The offer about forward secrecy has RSA key exchange and no broken cipher.
    """
    assert 0x009D in static_rsa_offer()
    assert all(SUITES[each].static_rsa and not SUITES[each].weakness for each in static_rsa_offer())


def test_unknown_suites_have_a_number_for_a_name() -> None:
    """
    A server may choose what nobody knows.
    """
    assert suite_name(0xFFFE) == "0xFFFE"


def test_no_suite_of_the_local_library_is_missing() -> None:
    """
    What is never offered could never be found; PSK and SRP need a secret that mail has not.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    known = {each["id"] & 0xFFFF: each["name"] for each in context.get_ciphers()}
    missing = [
        name
        for number, name in known.items()
        if number not in {*SUITES, *TLS13_SUITES} and not {"PSK", "SRP"} & set(name.split("-"))
    ]
    assert len(known) > 60
    assert missing == []
