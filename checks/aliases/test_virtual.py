"""
Several domains whose addresses are redirected (guide 2.5).
"""

from mailvet.facts.alias_mail import AliasRecipients
from mailvet.facts.alias_maps import AliasMapFacts
from mailvet.facts.tables import TableFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("ALIAS-01")
def test_table_is_referenced(alias_maps: AliasMapFacts) -> Judgement:
    """
    virtual_alias_maps names a table, and not only one in a directory.
    """
    named = [each.name for each in alias_maps.maps]
    own = [each for each in alias_maps.maps if each.kind != "ldap"]
    observed = f"virtual_alias_maps = {', '.join(named)}"
    return judge(bool(own), observed=observed, expected="a table on the host or in a database")


@control("ALIAS-02")
def test_table_is_well_formed(alias_maps: AliasMapFacts) -> Judgement:
    """
    Every line has an address and where it leads, without angle brackets.
    """
    written = [each for each in alias_maps.maps if each.source]
    if not written:
        return not_applicable("no table of virtual aliases is a file to be edited")
    bad = [f"{each.name}: {line!r}" for each in written for line in each.malformed]
    fine = f"all lines of {', '.join(each.name for each in written)}"
    expected = "an address, a blank, and addresses, on every line"
    return judge(not bad, observed="; ".join(bad) or fine, expected=expected)


@control("ALIAS-03")
def test_table_is_compiled(alias_maps: AliasMapFacts, tables: TableFacts) -> Judgement:
    """
    The compiled file has what its source has.
    """
    names = {each.name for each in alias_maps.maps if each.source}
    files = [each for each in tables.tables if f"{each.kind}:{each.path}" in names]
    if not files:
        return not_applicable("no table of virtual aliases is compiled from a file")
    problems = [each.problem for each in files if each.problem]
    fine = f"{', '.join(sorted(names))}: as their sources"
    expected = "the compiled file exists, with what its source has"
    return judge(not problems, observed="; ".join(problems) or fine, expected=expected)


@control("ALIAS-04")
def test_aliases_lead_where_they_should(alias_maps: AliasMapFacts, target: Target) -> Judgement:
    """
    Each alias of the profile resolves to its address.
    """
    known = target.expect.aliases.known
    expected = "what [expect.aliases.known] says"
    if not known:
        observed = "the profile names no alias (add [expect.aliases.known])"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    wrong, complaints = alias_maps.wrong(known.items()), alias_maps.complaints()
    shown = "; ".join(f"{key} -> {alias_maps.leads(key)}" for key in known)
    if wrong and complaints:
        observed = "; ".join((*wrong, *complaints))
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not wrong, observed="; ".join(wrong) or shown, expected=expected)


@control("ALIAS-05")
def test_domains_are_accepted(alias_recipients: AliasRecipients) -> Judgement:
    """
    Mail for each alias is taken from outside.
    """
    replies = alias_recipients.aliases
    observed = f"from {alias_recipients.place}: {'; '.join(map(str, replies))}"
    expected = "a positive reply to RCPT for each alias"
    refused = [each for each in replies if not each.accepted and not each.put_off]
    if not refused and not all(each.accepted for each in replies):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not refused, observed=observed, expected=expected)


@control("ALIAS-06")
def test_unknown_addresses_are_refused(
    alias_recipients: AliasRecipients, target: Target
) -> Judgement:
    """
    An address that is no alias is refused for good before the message is sent.
    """
    if target.expect.aliases.catch_all:
        return not_applicable("the profile wants mail for every address (aliases.catch_all)")
    replies = alias_recipients.unknown
    observed = f"from {alias_recipients.place}: {'; '.join(map(str, replies))}"
    expected = "refused for good, as an unknown user, in every domain"
    taken = [each for each in replies if each.accepted]
    if not taken and not all(each.unknown for each in replies):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not taken, observed=observed, expected=expected)
