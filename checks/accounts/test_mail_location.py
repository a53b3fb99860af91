"""
Where mail is kept, and whether users are kept apart.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.mail_place import by_userdb, delegated, locations, shared, unexplained
from mailvet.facts.mail_session import MailSessionFacts
from mailvet.facts.system_accounts import SystemAccountFacts
from mailvet.facts.user_domains import Domains, user_domains
from mailvet.facts.userdb import undecided, unforced
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("ACCT-09")
def test_location_is_set(
    dovecot: DovecotConfig, mail_account: MailAccountFacts, target: Target
) -> Judgement:
    """
    Each location names a mailbox format, the declared one if there is one.
    """
    wanted = target.expect.dovecot.mail_format
    wrong = unexplained(dovecot, mail_account.users, wanted)
    seen = "; ".join(map(str, (*locations(dovecot), *by_userdb(mail_account.users[:1]))))
    expected = f"mail_location names {wanted or 'a mailbox format'} and a place"
    if delegated(dovecot):
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    return judge(not wrong, observed=wrong or seen, expected=expected)


@control("ACCT-10")
def test_each_user_has_a_place(dovecot: DovecotConfig, mail_account: MailAccountFacts) -> Judgement:
    """
    Locations differ by user, and come out differently for the test accounts.
    """
    expected = "a folder of its own for each user"
    places = [each for each in locations(dovecot) if each.text]
    wrong = [str(each) for each in places if not each.personal]
    clash = shared(mail_account.users)
    if clash or (wrong and not by_userdb(mail_account.users)):
        return judge(False, observed=clash or "; ".join(wrong), expected=expected)
    told = by_userdb(mail_account.users)
    if len(told) < 2 and (wrong or not places):
        observed = "fewer than two accounts are known to compare"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    observed = "; ".join(wrong) or "; ".join(map(str, told or places))
    return judge(not wrong, observed=observed, expected=expected)


@control("ACCT-11")
def test_domains_do_not_collide(
    system_accounts: SystemAccountFacts, mail_session: MailSessionFacts, target: Target
) -> Judgement:
    """
    Users with one local part in two domains do not share a mailbox.
    """
    expected = "users of one name in two domains have a mailbox each"
    if mail_session.namesakes and (mail_session.seen_in or not mail_session.doubt):
        return judge(not mail_session.seen_in, observed=str(mail_session), expected=expected)
    names = tuple(each.user for each in target.accounts.values())
    found = user_domains(system_accounts, names)
    if found.kind in {Domains.NONE, Domains.ONE}:
        return not_applicable(found.words)
    if found.kind is Domains.UNKNOWN:
        return unverified(Cause.CREDENTIALS, observed=found.words, expected=expected)
    return judge(found.kind is Domains.APART, observed=found.words, expected=expected)


@control("ACCT-12")
def test_users_do_not_see_each_others_mail(mail_session: MailSessionFacts) -> Judgement:
    """
    A message of one user was found nowhere by the other, who was logged in at the same time.
    """
    expected = "nobody but its owner finds a message, whatever the folder is called"
    if mail_session.doubt and not mail_session.seen_in:
        cause = Cause.BLOCKED if mail_session.neighbour else Cause.CREDENTIALS
        return unverified(cause, observed=mail_session.doubt, expected=expected)
    return judge(not mail_session.seen_in, observed=str(mail_session), expected=expected)


@control("ACCT-13")
def test_one_file_for_each_message(
    mail_session: MailSessionFacts, mail_account: MailAccountFacts, target: Target
) -> Judgement:
    """
    A stored message lies in one file of its own, as single-dbox keeps them.
    """
    expected = "one file u.NUMBER in dbox-Mails"
    formats = {each.driver for each in by_userdb(mail_account.users)}
    if formats - {"sdbox"} and target.expect.dovecot.mail_format != "sdbox":
        return not_applicable(f"mailboxes have another format: {', '.join(sorted(formats))}")
    host = mail_session.host
    if host.failure or not host.files:
        observed = host.failure or "no file holds the message as plain text; it may be compressed"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(host.single_dbox, observed=", ".join(host.files), expected=expected)


@control("ACCT-14")
def test_user_database_forces_the_mail_account(
    dovecot: DovecotConfig, mail_account: MailAccountFacts
) -> Judgement:
    """
    Whatever the backend says, uid, gid and home come from Dovecot's configuration.
    """
    expected = f"uid, gid of {mail_account.name} and a home for each user, forced by the userdb"
    wrong, open_ = unforced(dovecot, mail_account), undecided(dovecot)
    if open_ and not wrong:
        return unverified(Cause.BLOCKED, observed="; ".join(open_), expected=expected)
    return judge(not wrong, observed="; ".join(wrong) or "forced", expected=expected)
