"""
The account that owns all mail, and the files that it owns.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import MailAccountFacts, mail_root
from mailvet.facts.mail_session import MailSessionFacts
from mailvet.facts.mail_store import STANDARD_ROOTS, MailStoreFacts
from mailvet.facts.system_accounts import USABLE, SystemAccountFacts
from mailvet.facts.system_logins import within_limits
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("ACCT-01")
def test_home_of_the_mail_account(
    mail_account: MailAccountFacts,
    system_accounts: SystemAccountFacts,
    dovecot: DovecotConfig,
    target: Target,
) -> Judgement:
    """
    The mail account's home is the mail root, or above it.
    """
    account, root = mail_account.account(), mail_account.root
    expected = f"the mail root {mail_account.mail_root}"
    if not mail_root(target, dovecot) or root is None:
        observed = "no mail root is configured or declared, or it does not exist"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    home = system_accounts.mail_home
    observed = f"{home or 'no such directory'} ({account.home if account else 'no such account'})"
    above = len(home) > 1 and f"{root.real_path}/".startswith(f"{home}/")
    return judge(account is not None and above, observed=observed, expected=expected)


@control("ACCT-02")
def test_mail_account_has_no_password(
    mail_account: MailAccountFacts, system_accounts: SystemAccountFacts
) -> Judgement:
    """
    The mail account's entry in shadow(5) is locked.
    """
    expected = f"{mail_account.name} has no password"
    state = system_accounts.password(mail_account.name)
    if mail_account.account() is not None and not state:
        observed = f"{mail_account.name} has no entry in the shadow file"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"its password is {state}" if state else "no such account"
    return judge(bool(state) and state not in USABLE, observed=observed, expected=expected)


@control("ACCT-03")
def test_mail_account_within_limits(
    mail_account: MailAccountFacts, dovecot: DovecotConfig
) -> Judgement:
    """
    Uid and gid are within what Dovecot's own settings allow.
    """
    account = mail_account.account()
    limits = ", ".join(
        f"{name} = {dovecot.setting(name)}"
        for kind in ("uid", "gid")
        for name in (f"first_valid_{kind}", f"last_valid_{kind}")
    )
    expected = f"uid and gid of {mail_account.name} within the limits (0 is none)"
    if account is None:
        return judge(False, observed="no such account", expected=expected)
    right = [within_limits(dovecot, "uid", account.uid), within_limits(dovecot, "gid", account.gid)]
    observed = f"uid {account.uid}, gid {account.gid}; {limits}"
    return judge(all(right), observed=observed, expected=expected)


@control("ACCT-04")
def test_other_users_read_no_mail(mail_store: MailStoreFacts) -> Judgement:
    """
    Unprivileged accounts were taken on, and neither listed nor read anything.
    """
    expected = "other accounts of the host can neither list folders nor read files of mail"
    reached, doubt = mail_store.reached, mail_store.doubt
    if reached:
        return judge(False, observed=f"read or listed by {', '.join(reached)}", expected=expected)
    if doubt:
        return unverified(Cause.TOOL, observed=doubt, expected=expected)
    tried = ", ".join(f"{each.user} ({len(each.denied)} times)" for each in mail_store.attempts)
    return judge(True, observed=f"denied to {tried}", expected=expected)


@control("ACCT-05")
def test_files_belong_to_the_mail_account(
    mail_store: MailStoreFacts, mail_account: MailAccountFacts
) -> Judgement:
    """
    No file below the mail root belongs to anybody else.
    """
    expected = f"{mail_account.name}:{mail_account.group} owns everything in the mail store"
    foreign, looked = mail_store.foreign, f"{mail_store.seen} files and folders were looked at"
    if foreign:
        return judge(False, observed=", ".join(foreign), expected=expected)
    if not mail_store.complete:
        observed = f"{looked}, all of them right; {mail_store.gap}"
        return unverified(Cause.CLIENT_LIMIT, observed=observed, expected=expected)
    return judge(True, observed=looked, expected=expected)


@control("ACCT-06")
def test_process_runs_as_the_mail_account(
    mail_session: MailSessionFacts, mail_account: MailAccountFacts
) -> Judgement:
    """
    The IMAP process of an open session runs under the mail account's uid.
    """
    account, host = mail_account.account(), mail_session.host
    expected = f"uid {account.uid if account else ''} of {mail_account.name}"
    if host.failure or not host.uids:
        observed = host.failure or f"doveadm who shows no session of {mail_session.owner}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    right = account is not None and host.uids == (account.uid,)
    observed = f"processes of {mail_session.owner} run as uid {', '.join(map(str, host.uids))}"
    return judge(right, observed=observed, expected=expected)


@control("ACCT-07")
def test_selinux_type(mail_store: MailStoreFacts) -> Judgement:
    """
    The mail root and what is in it carry the type of mail, and SELinux acts on it.
    """
    if mail_store.selinux in {"", "Disabled"}:
        return not_applicable("SELinux is not in use on the host")
    expected = "type mail_spool_t, and SELinux in enforcing mode"
    if not mail_store.types:
        return unverified(Cause.TOOL, observed="find shows no types", expected=expected)
    observed = f"{mail_store.selinux}; {', '.join(mail_store.mistyped) or 'mail_spool_t'}"
    right = mail_store.selinux == "Enforcing" and not mail_store.mistyped
    return judge(right, observed=observed, expected=expected)


@control("ACCT-08")
def test_selinux_type_survives(mail_store: MailStoreFacts) -> Judgement:
    """
    A relabel would give the mail root the same type.
    """
    if mail_store.selinux in {"", "Disabled"}:
        return not_applicable("SELinux is not in use on the host")
    if set(mail_store.roots) <= STANDARD_ROOTS:
        return not_applicable("the policy knows the standard folders of mail")
    expected = "a rule that gives the mail root and what is in it the type mail_spool_t"
    if not mail_store.policy:
        return unverified(Cause.TOOL, observed="matchpathcon is missing", expected=expected)
    observed = ", ".join(mail_store.relabelled) or "a relabel gives mail_spool_t"
    return judge(not mail_store.relabelled, observed=observed, expected=expected)
