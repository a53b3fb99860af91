"""
Aliases in an LDAP directory (guide 2.6).
"""

from mailvet.facts.alias_maps import AliasMapFacts
from mailvet.facts.ldap_table import LdapTable
from mailvet.facts.packages import PackageFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("ALIAS-20")
def test_postfix_speaks_ldap(alias_maps: AliasMapFacts) -> Judgement:
    """
    Postfix knows tables of the type ldap.
    """
    shown = f"postconf -m: {', '.join(alias_maps.types)}"
    return judge("ldap" in alias_maps.types, observed=shown, expected="ldap is among them")


@control("ALIAS-21")
def test_definition_is_complete(alias_maps: AliasMapFacts) -> Judgement:
    """
    Every definition names server and base, and no placeholder is left.
    """
    tables, expected = alias_maps.directories, "server_host and search_base, filled in"
    if (unread := _unread(tables, expected)) is not None:
        return unread
    wrong = [problem for each in tables for problem in each.incomplete]
    shown = "; ".join(
        f"{each.path}: {each.get('server_host')}, {each.get('search_base')}" for each in tables
    )
    return judge(not wrong, observed="; ".join(wrong) or shown, expected=expected)


@control("ALIAS-22")
def test_filter_fits(alias_maps: AliasMapFacts, target: Target) -> Judgement:
    """
    With this filter and attribute each alias of the directory leads to its address.
    """
    wanted = target.expect.aliases.directory
    expected = "what [expect.aliases.directory] says, found in the directory"
    if not wanted:
        observed = "the profile names no alias of the directory (add [expect.aliases.directory])"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    if complaints := alias_maps.complaints("ldap"):
        return unverified(Cause.BLOCKED, observed="; ".join(complaints), expected=expected)
    wrong = alias_maps.wrong(wanted.items(), "ldap")
    shown = "; ".join(f"{each.path}: {_question(each)}" for each in alias_maps.directories)
    return judge(not wrong, observed="; ".join((*wrong, shown)), expected=expected)


@control("ALIAS-23")
def test_directory_is_asked(alias_maps: AliasMapFacts, target: Target) -> Judgement:
    """
    virtual_alias_maps names a table in the directory, beside those that are still needed.
    """
    kinds = [each.kind for each in alias_maps.maps]
    names = ", ".join(each.name for each in alias_maps.maps)
    if alias_maps.others and "ldap" not in kinds:
        return not_applicable(f"the directory is asked by {', '.join(alias_maps.others)}")
    both = "virtual-aliases" in target.roles
    right = "ldap" in kinds and (not both or set(kinds) != {"ldap"})
    more = ", and another table" if both else ""
    observed = f"virtual_alias_maps = {names}"
    return judge(right, observed=observed, expected=f"a table of the type ldap{more}")


@control("ALIAS-24")
def test_directory_answers(alias_maps: AliasMapFacts, target: Target) -> Judgement:
    """
    A known address is found, one that does not exist is cleanly not found.
    """
    expected = "known addresses are found, another one is not, and nothing is complained about"
    if not alias_maps.to(alias_maps.stranger, "ldap"):
        return not_applicable("virtual_alias_maps names no table of the type ldap")
    known = [key for key in target.expect.aliases.directory if alias_maps.to(key, "ldap")]
    complaints = alias_maps.complaints("ldap")
    if not known and not complaints:
        observed = "the profile names no alias of the directory (add [expect.aliases.directory])"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    wrong = complaints or alias_maps.unclean(known, "ldap")
    fine = f"found: {', '.join(known)}; not found: {alias_maps.stranger}"
    return judge(not wrong, observed="; ".join(wrong) or fine, expected=expected)


@control("ALIAS-25")
def test_directory_is_asked_inside_tls(alias_maps: AliasMapFacts) -> Judgement:
    """
    ldaps:// or start_tls, and the certificate is verified.
    """
    tables, expected = alias_maps.directories, "ldaps:// or start_tls = yes; tls_require_cert = yes"
    if (unread := _unread(tables, expected)) is not None:
        return unread
    if not any(each.elsewhere for each in tables):
        return not_applicable("no directory is asked over a network")
    wrong = [problem for each in tables for problem in each.unprotected]
    fine = "; ".join(f"{each.path}: {each.get('server_host')}" for each in tables)
    return judge(not wrong, observed="; ".join(wrong) or fine, expected=expected)


@control("ALIAS-26")
def test_protocol_version(alias_maps: AliasMapFacts, packages: PackageFacts) -> Judgement:
    """
    Version 3; unset means 2, except in Debian's packages.
    """
    tables, expected = alias_maps.directories, "version = 3"
    if (unread := _unread(tables, expected)) is not None:
        return unread
    default = "3" if packages.manager == "dpkg" else "2"
    wrong = [each for each in tables if each.get("version", default) != "3"]
    shown = "; ".join(
        f"{each.path}: version = {each.get('version') or f'(unset, which means {default})'}"
        for each in tables
    )
    return judge(not wrong, observed=shown, expected=expected)


@control("ALIAS-27")
def test_definition_is_private(alias_maps: AliasMapFacts) -> Judgement:
    """
    A file with a password is for root and Postfix.
    """
    tables = alias_maps.directories
    expected = "owner root, group root or postfix, nothing for others"
    if (unread := _unread(tables, expected)) is not None:
        return unread
    secret = [each for each in tables if each.get("bind_pw")]
    if not secret:
        return not_applicable("no definition has a password in it")
    wrong = [each.exposed for each in secret if each.exposed]
    fine = ", ".join(str(each.stat) for each in secret)
    return judge(not wrong, observed="; ".join(wrong) or fine, expected=expected)


def _unread(tables: tuple[LdapTable, ...], expected: str) -> Judgement | None:
    if not tables:
        return not_applicable("virtual_alias_maps names no table of the type ldap")
    unread = [each.name for each in tables if not each.path]
    if unread:
        observed = f"{', '.join(unread)}: the settings stand in main.cf, which is not understood"
        return unverified(Cause.CLIENT_LIMIT, observed=observed, expected=expected)
    return None


def _question(table: LdapTable) -> str:
    asked = table.get("query_filter", "(mailacceptinggeneralid=%s)")
    return f"query_filter = {asked}, result_attribute = {table.get('result_attribute', 'maildrop')}"
