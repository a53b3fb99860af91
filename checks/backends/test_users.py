"""
What comes back when Dovecot asks its database or directory for names (guide 1.2.4, 1.3.4).
"""

from mailvet.facts.backend_users import BackendUsers
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.passdb import databases
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("BACK-07")
def test_names_lead_to_one_user_or_none(backend_users: BackendUsers) -> Judgement:
    """
    Dovecot finds each test account, and under no other name anybody.
    """
    expected = "test accounts are found in both databases, and no other name is"
    if not any(each.wanted for each in backend_users.lookups):
        observed = "the inventory names no account to look up"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    lookups = backend_users.lookups
    wrong = [str(each) for each in backend_users.wrong]
    unseen = [str(each) for each in lookups if not each.right]
    if unseen and not wrong:
        return unverified(Cause.BLOCKED, observed="; ".join(unseen), expected=expected)
    names = ", ".join(each.name for each in lookups)
    return judge(not wrong, observed="; ".join(wrong) or f"looked up: {names}", expected=expected)


@control("BACK-08")
def test_users_are_listed(dovecot: DovecotConfig, backend_users: BackendUsers) -> Judgement:
    """
    doveadm lists the users, every test account among them.
    """
    if {each.driver for each in databases(dovecot, "userdb")} == {"static"}:
        return not_applicable("a static user database has no list of users")
    unlisted = backend_users.unlisted
    return judge(
        bool(backend_users.listed) and not unlisted,
        observed=f"{backend_users}{'; not among them: ' if unlisted else ''}{', '.join(unlisted)}",
        expected="doveadm user '*' lists all users",
    )


@control("BACK-09")
def test_users_need_no_system_account(backend_users: BackendUsers) -> Judgement:
    """
    Test accounts are found though the host does not know them.
    """
    expected = "a test account that Dovecot finds, and the host itself does not know"
    accounts = [each for each in backend_users.lookups if each.wanted]
    away = [each for each in accounts if not each.local]
    if not away:
        observed = "every test account is a system account too" if accounts else "no test account"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    served = [each.name for each in away if each.right]
    names = ", ".join(each.name for each in away) or "none"
    observed = f"unknown to getent passwd: {names}; of these Dovecot finds: "
    observed += ", ".join(served) or "none"
    if not served and any(not each.contradicted for each in away):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(bool(served), observed=observed, expected=expected)
