"""
Accounts of the host as mail users: PAM, NSS, and who must stay outside.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.first_use import FirstUseFacts
from mailvet.facts.passdb import databases, pam_services
from mailvet.facts.system_accounts import SystemAccountFacts
from mailvet.facts.system_logins import stranger, system_logins, unusable_services
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("ACCT-15")
def test_passwords_are_checked_by_pam(dovecot: DovecotConfig) -> Judgement:
    """
    A passdb asks PAM, and none lets in without a password of the user's own.
    """
    found = databases(dovecot, "passdb")
    permissive = [str(each) for each in found if each.permissive]
    return judge(
        any(each.driver == "pam" and not each.denies for each in found) and not permissive,
        observed=f"passdb: {', '.join(map(str, found)) or 'none'}",
        expected="a passdb with driver = pam, and none that takes any password",
    )


@control("ACCT-16")
def test_users_are_looked_up_in_nss(dovecot: DovecotConfig) -> Judgement:
    """
    A userdb asks NSS, and none takes every name.
    """
    drivers = [each.driver for each in databases(dovecot, "userdb")]
    return judge(
        bool({"passwd", "nss"} & set(drivers)) and "static" not in drivers,
        observed=f"userdb: {', '.join(drivers) or 'none'}",
        expected="a userdb with driver = passwd, and none that takes every name",
    )


@control("ACCT-17")
def test_pam_service(dovecot: DovecotConfig, system_accounts: SystemAccountFacts) -> Judgement:
    """
    Each PAM service of Dovecot has a file whose modules take the right password and no other.
    """
    services = pam_services(dovecot)
    wrong = unusable_services(dovecot, system_accounts)
    return judge(
        bool(services) and not wrong,
        observed="; ".join(wrong) or f"services: {', '.join(services) or 'none'}",
        expected="a file in /etc/pam.d that takes the right password and no other",
    )


@control("ACCT-18")
def test_mail_users_are_known(system_accounts: SystemAccountFacts) -> Judgement:
    """
    NSS knows every test account.
    """
    expected = "getent passwd shows every mail user"
    users = system_accounts.users
    if not users:
        observed = "the inventory names no account to look up"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    missing = [each.name for each in users if each.entry is None]
    known = ", ".join(each.name for each in users)
    observed = f"unknown: {', '.join(missing)}" if missing else known
    return judge(not missing, observed=observed, expected=expected)


@control("ACCT-19")
def test_lowest_uid(dovecot: DovecotConfig, target: Target) -> Judgement:
    """
    first_valid_uid is the declared one or higher.
    """
    value, lowest = dovecot.setting("first_valid_uid"), target.expect.dovecot.first_valid_uid
    return judge(
        value.isdigit() and int(value) >= lowest,
        observed=f"first_valid_uid = {value or '(unset)'}",
        expected=f"{lowest} or more",
    )


@control("ACCT-20")
def test_system_accounts_stay_outside(
    dovecot: DovecotConfig, system_accounts: SystemAccountFacts, target: Target
) -> Judgement:
    """
    No account below the lowest uid gets in, even with its right password.
    """
    expected = f"accounts with a uid below {system_accounts.limit} are refused before the password"
    submission = any(each.protocol == "submission" for each in target.endpoints)
    found = system_logins(dovecot, system_accounts, submission=submission)
    if found.entering:
        observed = f"PAM and Dovecot let in: {', '.join(found.entering)}"
        return judge(False, observed=observed, expected=expected)
    doubt = found.doubt or stranger(dovecot, system_accounts)
    if doubt:
        return unverified(Cause.TOOL, observed=doubt, expected=expected)
    if found.asleep:
        return not_applicable(f"no system account has a password; {found.asleep[0]} would get in")
    return judge(True, observed="refused whatever the password", expected=expected)


@control("ACCT-21")
def test_home_directory_is_not_needed(
    system_accounts: SystemAccountFacts, first_use: FirstUseFacts, target: Target
) -> Judgement:
    """
    An account whose home directory does not exist has an INBOX all the same.
    """
    fresh = {each.name for each in target.accounts.values() if each.fresh}
    users = [each for each in system_accounts.users if each.account not in fresh]
    homeless = [each.account for each in users if each.entry and not each.has_home]
    if not homeless:
        return not_applicable("every test account has a home directory")
    expected = f"accounts without a home directory can open the INBOX: {', '.join(homeless)}"
    if not first_use.opened:
        observed = "no account could open its INBOX"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    shut = [each for each in homeless if each not in first_use.opened]
    observed = f"not opened: {', '.join(shut)}" if shut else "opened"
    return judge(not shut, observed=observed, expected=expected)
