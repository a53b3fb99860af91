"""
Accounts in an LDAP directory: how Dovecot is told to ask it (guide 1.2.4).
"""

from mailvet.facts.backend_users import BackendUsers
from mailvet.facts.directory import MANDATORY, DirectoryFacts
from mailvet.facts.first_use import FirstUseFacts
from mailvet.facts.ldap_filter import holds_name, parse_filter
from mailvet.facts.ldap_settings import listed
from mailvet.model import Cause, Judgement, Protocol, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("BACK-20")
def test_users_are_bound(directory: DirectoryFacts) -> Judgement:
    """
    The directory compares passwords; Dovecot does not fetch them.
    """
    wrong = [each for each in directory.passwords if not each.on("auth_bind")]
    return judge(
        bool(directory.passwords) and not wrong,
        observed=listed(wrong or directory.passwords, "auth_bind") or "no password database",
        expected="auth_bind = yes wherever passwords are asked",
    )


@control("BACK-21")
def test_users_are_found_in_one_way(directory: DirectoryFacts) -> Judgement:
    """
    Passwords: a DN template, or a search by an account that has a password.
    """
    wrong = directory.unfindable
    ways = ", ".join(f"{each.path}: {each.strategy}" for each in directory.passwords)
    return judge(
        bool(directory.passwords) and not wrong,
        observed="; ".join(wrong) or ways or "no password database",
        expected="a DN template, or an account with a password that searches; the template wins",
    )


@control("BACK-22")
def test_filters_select_by_name(directory: DirectoryFacts) -> Judgement:
    """
    Each filter that is searched with finds only entries that have the login name.
    """
    wrong = []
    for path, name, text in directory.filters:
        parsed = parse_filter(text)
        if parsed is None or not parsed.selects_by_name:
            problem = "is no filter" if parsed is None else "finds others than who logs in"
            wrong.append(f"{path}: {name} = {text} {problem}")
    shown = ", ".join(f"{name} = {text}" for _, name, text in directory.filters)
    return judge(
        not wrong,
        observed="; ".join(wrong) or shown or "nobody searches",
        expected="filters that compare an attribute with the whole login name (%n or %u)",
    )


@control("BACK-23")
def test_template_leads_to_entries(
    directory: DirectoryFacts, first_use: FirstUseFacts, backend_users: BackendUsers, target: Target
) -> Judgement:
    """
    The template has the login name in it, and every test account gets in through it.
    """
    if not directory.templates:
        return not_applicable("users are searched for")
    expected = "a template with the login name in it, through which every test account gets in"
    fixed = tuple(each for each in directory.templates if not holds_name(each))
    accounts = {each.name for each in target.accounts.values() if not each.fresh}
    out = ", ".join(sorted(accounts - set(first_use.opened)))
    observed = f"{', '.join(fixed or directory.templates)}; cannot log in: {out or 'nobody'}"
    tried = first_use.opened or (backend_users.alive and _logs_in(target))
    if not fixed and not (accounts and tried):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not fixed and not out, observed=observed, expected=expected)


@control("BACK-24")
def test_directory_is_asked_inside_tls(directory: DirectoryFacts) -> Judgement:
    """
    Every server elsewhere by ldaps://, or by ldap:// with StartTLS.
    """
    wrong = [problem for each in directory.settings for problem in each.clear]
    servers = (
        f"{uri} (tls = {each.get('tls') or 'no'})"
        for each in directory.settings
        for uri in each.uris
    )
    return judge(
        not wrong,
        observed="; ".join(wrong) or ", ".join(dict.fromkeys(servers)),
        expected="ldaps://, or ldap:// with tls = yes",
    )


@control("BACK-25")
def test_certificate_must_be_verified(directory: DirectoryFacts) -> Judgement:
    """
    What Dovecot's file says, or else the client library's, makes verification mandatory.
    """
    if not directory.remote:
        return not_applicable("the directory is on the host itself")
    found = [(each, directory.requirement(each)) for each in directory.remote]
    wrong = [each for each, (value, _) in found if value not in MANDATORY]
    shown = ", ".join(f"{each.path}: {value} ({path})" for each, (value, path) in found)
    expected = "tls_require_cert = hard or demand"
    return judge(not wrong, observed=shown, expected=expected)


@control("BACK-29")
def test_search_account_has_its_own_password(directory: DirectoryFacts) -> Judgement:
    """
    The password of the account that searches is none of the guide's examples.
    """
    having = [each for each in directory.settings if each.get("dnpass")]
    if not having:
        return not_applicable("nobody searches with a password")
    wrong = [each.path for each in having if each.file.sample]
    return judge(
        not wrong,
        observed=f"the example's password: {', '.join(wrong)}" if wrong else "another password",
        expected="a password of its own, not that of the guide's example",
    )


def _logs_in(target: Target) -> bool:
    return any(each.protocol is Protocol.IMAP for each in target.endpoints)
