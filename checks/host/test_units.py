"""
The mail services run, and come back after a reboot.
"""

from mailvet.facts.units import UnitFacts
from mailvet.model import Judgement
from mailvet.plugin import control


@control("HOST-01")
def test_dovecot_enabled(units: UnitFacts) -> Judgement:
    """
    systemd starts Dovecot at boot.
    """
    return units.starts_at_boot("dovecot")


@control("HOST-02")
def test_dovecot_running(units: UnitFacts) -> Judgement:
    """
    Dovecot runs, according to systemd, and its master process lives.
    """
    return units.is_running("dovecot")


@control("HOST-03")
def test_postfix_enabled(units: UnitFacts) -> Judgement:
    """
    systemd starts Postfix at boot.
    """
    return units.starts_at_boot("postfix")


@control("HOST-04")
def test_postfix_running(units: UnitFacts) -> Judgement:
    """
    Postfix runs, according to systemd, and its master process lives.
    """
    return units.is_running("postfix")
