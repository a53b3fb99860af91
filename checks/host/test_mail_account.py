"""
One account without a shell owns all mail, and the user database maps everybody to it.
"""

from mailvet.facts.mail_account import NO_SHELL, MailAccountFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("HOST-09")
def test_mail_account_exists(mail_account: MailAccountFacts) -> Judgement:
    """
    The mail account exists, and so does its group.
    """
    account = mail_account.account()
    group = mail_account.group or "no group"
    return judge(
        account is not None and bool(mail_account.group),
        observed=f"{account.name} is uid {account.uid}, {group}" if account else "no such account",
        expected=f"an account {mail_account.name} with a group",
    )


@control("HOST-10")
def test_mail_account_without_shell(mail_account: MailAccountFacts) -> Judgement:
    """
    The mail account's shell lets nobody in.
    """
    account = mail_account.account()
    shell = account.shell if account else "no such account"
    return judge(
        account is not None and shell.rpartition("/")[2] in NO_SHELL,
        observed=f"{mail_account.name}: {shell or 'the default shell'}",
        expected="/sbin/nologin, /usr/sbin/nologin or /bin/false",
    )


@control("HOST-11")
def test_mail_root_owner(mail_account: MailAccountFacts) -> Judgement:
    """
    The mail root belongs to the mail account and its group.
    """
    root = mail_account.root
    return judge(
        root is not None and (root.owner, root.group) == (mail_account.name, mail_account.group),
        observed=str(root or f"there is no mail root {mail_account.mail_root}"),
        expected=f"{mail_account.name}:{mail_account.group or mail_account.name}",
    )


@control("HOST-12")
def test_mail_root_private(mail_account: MailAccountFacts) -> Judgement:
    """
    Only the mail account can enter the mail root.
    """
    root = mail_account.root
    return judge(
        root is not None and root.permissions == 0o700 and not root.acl,
        observed=str(root or f"there is no mail root {mail_account.mail_root}"),
        expected="mode 700 (a setgid bit is no matter) and no access control list",
    )


@control("HOST-13")
def test_mail_account_is_nobody_else(mail_account: MailAccountFacts) -> Judgement:
    """
    Mail is stored under a uid that no server and no other account has.
    """
    expected = f"a uid that {mail_account.name} shares with nobody"
    uids = ", ".join(map(str, sorted(mail_account.mail_uids))) or "none"
    if not mail_account.mail_uids:
        return unverified(Cause.BLOCKED, observed="no uid of any user is known", expected=expected)
    shared = ", ".join(mail_account.service_users)
    observed = f"mail is stored under uid {uids}{f', which is {shared}' if shared else ''}"
    return judge(not shared, observed=observed, expected=expected)


@control("HOST-14")
def test_user_database(mail_account: MailAccountFacts) -> Judgement:
    """
    Each user maps to the mail account and a folder of its own, and strangers are unknown.
    """
    expected = f"ids of {mail_account.name}, a folder each below {mail_account.mail_root}"
    if not mail_account.users:
        observed = "the inventory names no account to look up"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    wrong = mail_account.wrong_users()
    seen = "; ".join(map(str, mail_account.users))
    return judge(not wrong, observed="; ".join(wrong) or seen, expected=expected)
