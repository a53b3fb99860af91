"""
The servers come from the distribution's packages.
"""

from mailvet.facts.packages import PackageFacts
from mailvet.model import Judgement, Target, judge, not_applicable
from mailvet.plugin import control


@control("HOST-16")
def test_dovecot_package(packages: PackageFacts, target: Target) -> Judgement:
    """
    Dovecot is installed, with what its protocols need.
    """
    return _installed(packages, packages.wanted_for_dovecot(target.expect.dovecot.protocols))


@control("HOST-17")
def test_postfix_package(packages: PackageFacts) -> Judgement:
    """
    Postfix is installed.
    """
    return _installed(packages, ("postfix",))


def _installed(packages: PackageFacts, wanted: tuple[str, ...]) -> Judgement:
    if not packages.manager:
        return not_applicable("the host has neither rpm nor dpkg")
    missing = packages.missing(wanted)
    details = f"; not installed: {', '.join(missing)}" if missing else ""
    return judge(
        not missing, observed=f"{packages}{details}", expected=f"installed: {', '.join(wanted)}"
    )
