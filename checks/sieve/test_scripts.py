"""
Sieve scripts in the hands of their owner, of the server, and of others (RFC 5804).
"""

from mailvet.facts.packages import PackageFacts
from mailvet.facts.sieve import SieveFacts
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("SIEVE-01")
def test_package(packages: PackageFacts) -> Judgement:
    """
    Pigeonhole is installed, whatever the distribution calls its packages.
    """
    if not packages.manager:
        return not_applicable("the host has neither rpm nor dpkg")
    wanted = packages.wanted_for_sieve
    missing = packages.missing(wanted)
    details = f"; not installed: {', '.join(missing)}" if missing else ""
    expected = f"installed: {', '.join(wanted)}"
    return judge(not missing, observed=f"{packages}{details}", expected=expected)


@control("SIEVE-02")
def test_scripts_can_be_managed(sieve: SieveFacts) -> Judgement:
    """
    Every step from PUTSCRIPT to DELETESCRIPT works.
    """
    failed = "; ".join(str(each) for each in sieve.failed)
    done = ", ".join(each.command for each in sieve.steps)
    return judge(
        not failed and sieve.active,
        observed=failed or f"{done or 'nothing'} as {sieve.account}",
        expected="a script can be stored, activated, read back, deactivated and deleted",
    )


@control("SIEVE-03")
def test_scripts_are_validated(sieve: SieveFacts) -> Judgement:
    """
    NO for a script with a syntax error, from a server that takes a right one.
    """
    expected = "NO to a script with a syntax error, OK to a right one"
    accepted = [str(each) for each in sieve.not_validated]
    observed = "; ".join(accepted or [str(each) for each in sieve.broken]) or "not tried"
    if accepted or sieve.broken_stored:
        return judge(satisfied=False, observed=observed, expected=expected)
    if not sieve.validated:
        failed = "; ".join(str(each) for each in sieve.failed)
        return unverified(Cause.BLOCKED, observed=f"{observed}; {failed}", expected=expected)
    return judge(satisfied=True, observed=observed, expected=expected)


@control("SIEVE-07")
def test_scripts_are_private(sieve: SieveFacts) -> Judgement:
    """
    Another user neither sees the script nor gets it by its name.
    """
    expected = "another user is neither shown the script nor given it"
    if not sieve.neighbour:
        observed = "the inventory names one account only"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    observed = f"{sieve.neighbour} is shown {sieve.neighbour_view}"
    if sieve.leaked:
        return judge(satisfied=False, observed=observed, expected=expected)
    if not sieve.hidden:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(satisfied=True, observed=observed, expected=expected)
