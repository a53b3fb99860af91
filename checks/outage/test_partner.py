"""
A partner that is away for a moment must cost nobody a message, and nobody patience (guide 1.4).
"""

from mailvet.facts.partner_outage import PartnerOutageFacts
from mailvet.model import Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("OUT-04")
def test_serves_alone(partner_outage: PartnerOutageFacts, target: Target) -> Judgement:
    """
    Mail is stored, read and delivered meanwhile.
    """
    limit = target.expect.replication.limit
    expected = f"each is done within {limit:g} s"
    observed = f"{partner_outage.cut} cut off; {'; '.join(map(str, partner_outage.served))}"
    if partner_outage.doubt:
        cause, why = partner_outage.doubt
        return unverified(cause, observed=f"{observed} ({why})", expected=expected)
    right = all(each.within(limit) for each in partner_outage.served)
    return judge(right, observed=observed, expected=expected)


@control("OUT-05")
def test_nothing_is_lost(partner_outage: PartnerOutageFacts, target: Target) -> Judgement:
    """
    What was changed meanwhile is on both servers afterwards.
    """
    made = ", ".join(partner_outage.made)
    most = target.expect.replication.recovery
    expected = f"on both servers within {most:g} s, each once: {made}"
    if partner_outage.doubt:
        cause, why = partner_outage.doubt
        return unverified(cause, observed=why, expected=expected)
    missing, repeated = partner_outage.missing, partner_outage.repeated
    seconds = partner_outage.recovery
    found = [f"all there {seconds:.1f} s after the return"] if seconds is not None else []
    found += [f"missing after {most:g} s: {', '.join(missing)}"] if missing else []
    found += [f"more than once: {', '.join(repeated)}"] if repeated else []
    right = seconds is not None and not repeated
    return judge(right, observed="; ".join(found), expected=expected)
