"""
Mail account, mail root and what the user database says.
"""

import dataclasses

import pytest

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.mail_account import (
    MailAccountFacts,
    UserLookup,
    mail_root,
    parse_lookups,
    parse_passwd,
)
from mailvet.model import Expectations, ExpectDovecot
from tests.fakes.context import make_target

PASSWD = """vmail:x:5000:5000::/var/mail/:/sbin/nologin
root:x:0:0:root:/root:/bin/bash
dovecot:x:97:97::/usr/libexec/dovecot:/sbin/nologin
vmail:x:5000:5000::/var/mail/:/sbin/nologin
"""

LOOKUPS = """@@user 0
field\tvalue
uid\t5000
gid\t5000
home\t/var/mail/alice/
mail\tsdbox:/var/mail/alice/
exit 0
@@user 1
userdb lookup: user nobody doesn't exist
field\tvalue
exit 67
"""


def user(name: str, home: str, *, uid: str = "5000", mail: str = "") -> UserLookup:
    """A user that was found."""
    fields = (("uid", uid), ("gid", "5000"), ("home", home), ("mail", mail))
    return UserLookup(name, 0, fields)


def facts(*users: UserLookup) -> MailAccountFacts:
    """A mail account with these users; its root is a link, as on RHEL."""
    return MailAccountFacts(
        name="vmail",
        accounts=parse_passwd(PASSWD),
        group="vmail",
        mail_root="/var/mail/",
        root=FileStat("/var/mail/", "/var/spool/mail", "directory", 0o700, "vmail", "vmail"),
        users=users,
        unknown=UserLookup("no-such-user", 67, ()),
    )


def dovecot(mail_location: str, override: str = "") -> DovecotConfig:
    """A configuration with this location of mail."""
    userdb = Section("userdb", "", (("driver", "passwd"), ("override_fields", override)))
    root = Section("", "", (("mail_location", mail_location),), (userdb,))
    return DovecotConfig("2.3.16", "", (), root, root, (), ())


def test_passwd_lines_count_once() -> None:
    """An account that is listed twice is one."""
    assert [each.name for each in parse_passwd(PASSWD)] == ["vmail", "root", "dovecot"]


def test_lookups_carry_status_and_fields() -> None:
    """Found and unknown users are told apart by the exit status."""
    (alice, nobody) = parse_lookups(LOOKUPS, ["alice", "nobody"])

    assert (alice.status, alice.get("home")) == (0, "/var/mail/alice/")
    assert nobody.status == 67
    assert "unknown" in str(nobody)


@pytest.mark.parametrize(
    ("location", "override", "root"),
    [
        ("sdbox:/var/mail/%n/", "", "/var/mail/"),
        ("maildir:/srv/vmail/%d/%n/Maildir:INDEX=/srv/index/%u", "", "/srv/vmail/"),
        ("maildir:~/Maildir", "uid=vmail home=/srv/home/%n", "/srv/home/"),
        ("", "", ""),
        ("mbox:~/mail", "uid=vmail", ""),
    ],
)
def test_mail_root_is_what_precedes_the_variables(location: str, override: str, root: str) -> None:
    """The folder above all mail follows from the configuration, or it is unknown."""
    assert mail_root(make_target(), dovecot(location, override)) == root


def test_mail_root_that_is_declared_wins() -> None:
    """What the profile declares is not guessed."""
    expect = Expectations(dovecot=ExpectDovecot(mail_root="/srv/mail"))

    assert mail_root(make_target(expect=expect), dovecot("sdbox:/var/mail/%n")) == "/srv/mail"


def test_users_with_homes_of_their_own_are_right() -> None:
    """Homes below the root are right, whether or not the root is a link."""
    assert facts(user("a", "/var/mail/a/"), user("b", "/var/spool/mail/b")).wrong_users() == ()


def test_homes_apart_from_mail_are_right() -> None:
    """Homes may lie elsewhere if the mail itself lies below the root."""
    apart = user("a", "/srv/home/a", mail="sdbox:/var/mail/a:INDEX=/x")

    assert facts(apart).wrong_users() == ()


@pytest.mark.parametrize(
    "users",
    [
        (user("a", "/var/mail/"),),
        (user("a", "", mail="sdbox:/var/mail/a"),),
        (user("a", "/home/a"),),
        (user("a", "/var/mail-old/a"),),
        (user("a", "/var/mail/x"), user("b", "/var/mail/x/")),
        (user("a", "/var/mail/a", uid="1001"),),
        (UserLookup("a", 67, ()),),
        (UserLookup("a", 75, ()),),
    ],
)
def test_wrong_users_are_named(users: tuple[UserLookup, ...]) -> None:
    """Shared, missing and foreign homes, other ids and unknown users are wrong."""
    assert len(facts(*users).wrong_users()) == 1


def test_user_that_cannot_exist_must_be_unknown() -> None:
    """A database that knows everybody is wrong."""
    everybody = dataclasses.replace(facts(), unknown=user("no-such-user", "/var/mail/x"))

    assert "does not exist" in everybody.wrong_users()[0]


def test_uid_of_a_service_is_noticed() -> None:
    """Mail under Dovecot's own uid is noticed."""
    assert facts(user("a", "/var/mail/a", uid="97")).service_users == ("dovecot",)
    assert facts(user("a", "/var/mail/a")).service_users == ()
