"""
Whether users who are held to their own address have one.
"""

from mailvet.facts.sender_maps import SenderMapsFacts
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("RELAY-13")
def test_addresses_have_owners(sender_maps: SenderMapsFacts) -> Judgement:
    """
    Every service that enforces ownership knows the owner of each test account's address.
    """
    services = sender_maps.services
    if not services:
        return not_applicable("no service holds authenticated senders to their addresses")
    expected = "smtpd_sender_login_maps gives each test account's address to its login"
    broken = [each for each in services if each.broken]
    unknown = [each for each in services if each.unknown]
    observed = "; ".join(map(str, broken or unknown or services))
    if unknown and not broken:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not broken, observed=observed, expected=expected)
