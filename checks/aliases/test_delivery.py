"""
Mail to virtual aliases, followed to where they lead (guide 2.5, 2.6).
"""

from collections.abc import Iterable

from mailvet.facts.alias_mail import AliasDeliveries
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("ALIAS-07")
def test_mail_to_aliases_arrives(alias_deliveries: AliasDeliveries, target: Target) -> Judgement:
    """
    A message to each alias is in the mailbox that it leads to, once.
    """
    return _arrived(alias_deliveries, target, target.expect.aliases.known)


@control("ALIAS-28")
def test_mail_to_aliases_of_the_directory_arrives(
    alias_deliveries: AliasDeliveries, target: Target
) -> Judgement:
    """
    A message to each alias of the directory is in the mailbox that it leads to, once.
    """
    return _arrived(alias_deliveries, target, target.expect.aliases.directory)


def _arrived(found: AliasDeliveries, target: Target, aliases: Iterable[str]) -> Judgement:
    seconds = target.expect.mail.delivery_deadline
    expected = f"each in its mailbox within {seconds:g} s, once"
    deliveries, failures = found.of(aliases), found.failed(aliases)
    told = (*(f"{each.recipient}: {each}" for each in deliveries), *failures)
    shown = "; ".join(filter(None, (*told, found.left_out(aliases))))
    if any(each.lost or each.copies > 1 for each in deliveries):
        return judge(False, observed=shown, expected=expected)
    if failures or not deliveries or any(each.personal for each in deliveries):
        observed = shown or "the profile names no such alias (add it to [expect.aliases])"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=shown, expected=expected)
