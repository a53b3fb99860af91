"""
The host's own accounts, the user database, and where it puts mail.
"""

import dataclasses

import pytest

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput
from mailvet.facts.mail_account import MailAccountFacts, Passwd, UserLookup
from mailvet.facts.mail_place import locations, place, shared, static_roots, unexplained
from mailvet.facts.pam_stack import PamFiles
from mailvet.facts.passdb import databases, pam_services, system_name
from mailvet.facts.system_accounts import SystemAccountFacts, parse_system_accounts
from mailvet.facts.system_logins import (
    stranger,
    system_logins,
    unusable_services,
    within_limits,
)
from mailvet.facts.user_domains import Domains, user_domains
from mailvet.facts.userdb import undecided, unforced

PRINTED = """@@system
root:x:0:0::/root:/bin/bash
backup:x:34:34::/var/backups:/sbin/nologin
@@passwords
root:set
backup:locked
vmail:locked
@@mail home
/var/spool/mail
@@uid min
1000
@@sys uid max
@@pam /etc/pam.d/dovecot
auth required pam_unix.so
@@pam /usr/lib/pam.d/dovecot
auth required pam_permit.so
@@list /etc/names
root
bin
@@lookup root
field\tvalue
uid\t5000
exit 0
@@nss 0
alice:x:1001:1001::/home/alice:/sbin/nologin
@@nss 1
bob:x:1002:1002::/home/bob:/sbin/nologin
home exists
@@nss 2
@@user 0
userdb lookup: user alice@example.org doesn't exist
exit 67
@@deny /etc/dovecot/deny
root
@@domains
a.example
b.example
@@pair dave@a.example
home\t/var/mail/dave
mail\tsdbox:/var/mail/dave
exit 0
@@pair dave@b.example
home\t/var/mail/dave
mail\tsdbox:/var/mail/dave
exit 0
"""

ACCOUNTS = parse_system_accounts(
    CommandOutput("getent passwd", 0, PRINTED, ""),
    1000,
    [("alice", "alice"), ("bob", "bob"), ("carol", "carol")],
    ["alice@example.org"],
)
PAM = (("driver", "pam"),)
GUARD = "auth requisite pam_succeed_if.so uid >= 1000\n"
STACK = "auth required pam_unix.so\naccount required pam_unix.so\n"


def dovecot(
    *sections: tuple[str, tuple[tuple[str, str], ...]], protocol: str = "", **settings: str
) -> DovecotConfig:
    """A configuration with these databases, of one protocol if it is named."""
    inner = tuple(Section(kind, "", values) for kind, values in sections)
    if protocol:
        inner = (Section("protocol", protocol, (), inner),)
    root = Section("", "", tuple(settings.items()), inner)
    return DovecotConfig("2.3.16", "", (), root, root, (), ())


def accounts(stack: str = STACK, **changes: object) -> SystemAccountFacts:
    """A host where root has a password, with this PAM stack for Dovecot."""
    pam = PamFiles((("dovecot", stack),))
    return dataclasses.replace(ACCOUNTS, **{"pam": pam, "denied": (), "lookups": ()} | changes)  # type: ignore[arg-type]


def user(name: str, mail: str, home: str = "", **fields: str) -> UserLookup:
    """A user that was found."""
    return UserLookup(name, 0, (("home", home), ("mail", mail), *fields.items()))


def test_printed_accounts_are_read() -> None:
    """Each part of the output is found, and the first file of a name wins."""
    assert [each.name for each in ACCOUNTS.system] == ["root", "backup"]
    assert [each.name for each in ACCOUNTS.awake] == ["root"]
    assert ACCOUNTS.password("vmail") == "locked"
    assert ACCOUNTS.mail_home == "/var/spool/mail"
    assert [(each.entry is not None, each.has_home) for each in ACCOUNTS.users] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert [str(step) for step in ACCOUNTS.pam.stack("dovecot", "auth")] == ["pam_unix"]
    assert ACCOUNTS.pam_host.lists == (("/etc/names", ("root", "bin")),)
    assert ACCOUNTS.pam_host.sys_uid_max == 999
    assert ACCOUNTS.denied == (("/etc/dovecot/deny", ("root",)),)
    assert [each.status for each in ACCOUNTS.foreign] == [67]
    assert [each.user for each in ACCOUNTS.pairs[0]] == ["dave@a.example", "dave@b.example"]
    assert "pam_unix" not in ACCOUNTS.commands[0].stdout


def test_root_with_a_password_gets_in_where_nothing_stops_it() -> None:
    """Accounts without a password sleep."""
    found = system_logins(dovecot(("passdb", PAM)), accounts(), submission=False)

    assert (found.entering, found.unclear, found.asleep) == (("root",), (), ("backup",))


@pytest.mark.parametrize(
    ("config", "changes"),
    [
        (dovecot(("passdb", PAM)), {"stack": GUARD + STACK}),
        (dovecot(("passdb", PAM)), {"stack": STACK + GUARD.replace("auth", "account")}),
        (dovecot(("passdb", (("driver", "passwd-file"), ("deny", "yes"))), ("passdb", PAM)),
         {"denied": (("/etc/deny", ("root", "backup")),)}),
        (dovecot(), {}),
    ],
)  # fmt: skip
def test_system_accounts_can_be_kept_out_in_several_ways(
    config: DovecotConfig, changes: dict[str, str]
) -> None:
    """By PAM's auth or account lines, or by a database that denies."""
    found = system_logins(config, accounts(**changes), submission=True)

    assert (found.entering, found.unclear, found.asleep) == ((), (), ())


@pytest.mark.parametrize(
    "passdb",
    [
        (("driver", "shadow"),),
        (("driver", "static"), ("args", "nopassword=y")),
        (("driver", "passwd-file"), ("args", "/etc/users"), ("default_fields", "nopassword=y")),
    ],
)
def test_other_databases_let_root_in(passdb: tuple[tuple[str, str], ...]) -> None:
    """What does not ask PAM is not stopped by PAM."""
    guarded = accounts(GUARD + STACK)

    found = system_logins(dovecot(("passdb", PAM), ("passdb", passdb)), guarded, submission=False)

    assert "root" in found.entering


@pytest.mark.parametrize(
    "sections",
    [
        [("passdb", (("driver", "sql"),))],
        [("passdb", (*PAM, ("username_filter", "!root")))],
        [("passdb", PAM), ("passdb", (("driver", "ldap"), ("deny", "yes")))],
    ],
)
def test_what_cannot_be_told_is_said(
    sections: list[tuple[str, tuple[tuple[str, str], ...]]],
) -> None:
    """Databases elsewhere may know root, and filters may stop it."""
    assert "root" in system_logins(dovecot(*sections), accounts(), submission=False).unclear


@pytest.mark.parametrize(
    ("lookup", "first", "submission", "entering"),
    [
        (UserLookup("root", 67, ()), "1000", False, ()),
        (UserLookup("root", 0, (("uid", "0"),)), "1000", False, ()),
        (UserLookup("root", 0, (("uid", "0"),)), "1000", True, ("root",)),
        (UserLookup("root", 0, (("uid", "5000"),)), "1000", False, ("root",)),
        (UserLookup("root", 75, ()), "1000", False, ("root",)),
    ],
)
def test_dovecots_own_limits_stop_accounts_except_on_submission(
    lookup: UserLookup, first: str, submission: bool, entering: tuple[str, ...]
) -> None:
    """Only if the user database gives the account's own uid."""
    config = dovecot(("passdb", PAM), first_valid_uid=first)

    found = system_logins(config, accounts(lookups=(lookup,)), submission=submission)

    assert found.entering == entering


def test_the_reasoning_is_tried_on_users() -> None:
    """If it lets in no user, it says nothing about root."""
    config = dovecot(("passdb", PAM))

    assert not stranger(config, accounts(GUARD + STACK))
    assert stranger(config, accounts("auth required pam_deny.so\n"))


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        (STACK, ""),
        ("auth sufficient pam_permit.so\n" + STACK, "a wrong password is taken"),
        ("auth requisite pam_deny.so\n" + STACK, "no password is ever taken"),
    ],
)
def test_services_take_the_right_password_only(stack: str, words: str) -> None:
    """Both a wrong and a right one are tried on the stack."""
    assert words in "".join(unusable_services(dovecot(("passdb", PAM)), accounts(stack)))


def test_a_service_needs_a_file() -> None:
    """Rules for other services are no substitute."""
    config = dovecot(("passdb", (*PAM, ("args", "session=yes mail"))))

    assert unusable_services(config, accounts()) == ("mail: no such file",)


@pytest.mark.parametrize(
    ("args", "services"),
    [
        ("", ("dovecot",)),
        ("session=yes max_requests=5", ("dovecot",)),
        ("session=yes mail", ("mail",)),
        ("%s", ("imap", "sieve")),
        ("*", ("imap", "sieve")),
    ],
)
def test_pam_services_are_named_by_arguments(args: str, services: tuple[str, ...]) -> None:
    """The last word is the service, by default dovecot."""
    config = dovecot(("passdb", (*PAM, ("args", args))), protocols="imap lmtp sieve")

    assert pam_services(config) == services


def test_databases_of_single_protocols_count() -> None:
    """They are looked at for their protocol only, but they are looked at."""
    (found,) = databases(dovecot(("passdb", PAM), protocol="pop3"), "passdb")

    assert (found.driver, found.protocol, str(found)) == ("pam", "pop3", "pam for pop3")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("%Ln", "alice"),
        ("%n", "Alice"),
        ("%Lu", "alice@example.com"),
        ("", "Alice@Example.COM"),
        ("%{user | lower}", "alice@example.com"),
        ("%{user | username | lower}", "alice"),
        ("%{user}", "Alice@Example.COM"),
    ],
)
def test_names_are_looked_up_as_dovecot_does(form: str, name: str) -> None:
    """auth_username_format may leave out the domain."""
    assert system_name(dovecot(auth_username_format=form), "Alice@Example.COM") == name


@pytest.mark.parametrize(
    ("first", "last", "uid", "right"),
    [
        ("1000", "0", 1000, True),
        ("1000", "0", 999, False),
        ("1000", "1000", 1001, False),
        ("1000", "2000", 1500, True),
        ("", "", 5, True),
    ],
)
def test_limits_of_uids(first: str, last: str, uid: int, right: bool) -> None:
    """0 is no upper limit."""
    config = dovecot(first_valid_uid=first, last_valid_uid=last)

    assert within_limits(config, "uid", uid) is right


MAIL = MailAccountFacts(
    "vmail",
    (Passwd("vmail", 5000, 5000, "/var/mail", "/sbin/nologin"),),
    "vmail",
    "/var/mail",
    None,
    (),
    UserLookup("no-such-user", 67, ()),
)


@pytest.mark.parametrize(
    ("userdb", "settings", "wrong", "open_"),
    [
        ({"driver": "passwd", "override_fields": "uid=vmail gid=5000 home=/m/%n/"}, {}, 0, 0),
        ({"driver": "static", "args": "uid=vmail gid=vmail home=/var/mail/%d/%n"}, {}, 0, 0),
        ({"driver": "static"},
         {"mail_uid": "vmail", "mail_gid": "vmail", "mail_home": "/var/mail/%u"}, 0, 0),
        ({"driver": "passwd"}, {"mail_uid": "vmail"}, 3, 0),
        ({"driver": "passwd", "default_fields": "uid=vmail gid=vmail home=/m/%n/"}, {}, 3, 0),
        ({"driver": "sql", "default_fields": "uid=vmail gid=vmail home=/var/mail/%n/"}, {}, 0, 3),
        ({"driver": "sql", "override_fields": "uid=vmail gid=vmail"},
         {"mail_home": "/var/mail/%u"}, 0, 1),
        ({"driver": "passwd", "override_fields": "uid=vmail home=/var/mail/%n/"}, {}, 1, 0),
        ({"driver": "passwd", "override_fields": "uid=dovecot gid=vmail home=/m/"}, {}, 2, 0),
    ],
)  # fmt: skip
def test_the_user_database_must_force_three_fields(
    userdb: dict[str, str], settings: dict[str, str], wrong: int, open_: int
) -> None:
    """Defaults do for a backend that has no values of its own; whether it has is another matter."""
    config = dovecot(("userdb", tuple(userdb.items())), **settings)

    assert (len(unforced(config, MAIL)), len(undecided(config))) == (wrong, open_)


def test_without_a_user_database_nothing_is_forced() -> None:
    """There is nobody to do it."""
    assert unforced(dovecot(), MAIL) == ("there is no userdb",)


def test_locations_of_protocols_and_databases_count() -> None:
    """Any of them decides for somebody."""
    protocol = Section("protocol", "pop3", (("mail_location", "maildir:/var/shared"),))
    inbox = Section("namespace", "inbox", (("inbox", "yes"), ("location", "")))
    root = Section("", "", (("mail_location", "sdbox:/var/mail/%n/"),), (protocol, inbox))
    config = DovecotConfig("2.3.16", "", (), root, root, (), ())

    assert [(each.driver, each.personal) for each in locations(config)] == [
        ("sdbox", True),
        ("maildir", False),
    ]


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("sdbox:/var/mail/%n/", True),
        ("maildir:~/Maildir", True),
        ("maildir:/srv/%d/%Ln/Maildir:INDEX=/x/%u", True),
        ("maildir:/srv/%h", True),
        ("maildir:/srv/%1.2n/%n", True),
        ("sdbox:/srv/%{user | username}", True),
        ("sdbox:/srv/%{home}", True),
        ("sdbox:/var/mail/%d/", False),
        ("sdbox:/var/mail/shared/", False),
        ("sdbox:/var/mail/shared:INDEX=/x/%u", False),
    ],
)
def test_a_domain_alone_is_not_personal(text: str, personal: bool) -> None:
    """Indexes apart do not make it so either."""
    (found,) = locations(dovecot(mail_location=text))

    assert found.personal is personal


@pytest.mark.parametrize(
    ("settings", "users", "form", "wrong"),
    [
        ({"mail_location": "sdbox:/var/mail/%n/"}, (), "", False),
        ({"mail_location": "sdbox:/var/mail/%n/"}, (), "sdbox", False),
        ({"mail_location": "mdbox:/var/mail/%n/"}, (), "sdbox", True),
        ({"mail_location": "/var/mail/%n"}, (), "", True),
        ({"mail_location": ""}, (), "", True),
        ({"mail_location": "auto:/x"}, (), "", True),
        ({}, (user("a", "maildir:/x/a"),), "", True),
        ({}, (user("a", ""),), "", True),
        ({"mail_driver": "sdbox", "mail_path": "/var/mail/%{user}"}, (), "", False),
    ],
)
def test_formats_must_be_named(
    settings: dict[str, str], users: tuple[UserLookup, ...], form: str, wrong: bool
) -> None:
    """What doveadm shows for a user may be a guess of Dovecot's."""
    assert bool(unexplained(dovecot(**settings), users, form)) is wrong


def test_places_have_the_home_put_in() -> None:
    """So that two users can be compared."""
    assert place(user("a", "maildir:~/Maildir:LAYOUT=fs", "/home/a/")) == "/home/a/Maildir"
    assert place(user("a", "maildir:~/Maildir")) == ""
    assert shared([user("a", "sdbox:~/m", "/h/a"), user("b", "sdbox:~/m", "/h/b")]) == ""
    assert "share /m" in shared([user("a", "sdbox:/m/"), user("b", "sdbox:/m")])


def test_folders_apart_from_messages_are_found() -> None:
    """Indexes and attachments are mail, too."""
    config = dovecot(
        mail_location="sdbox:/var/mail/%n:INDEX=/srv/index/%u:LAYOUT=fs",
        mail_attachment_dir="/srv/attachments",
    )

    assert static_roots(config) == ("/srv/index", "/srv/attachments")


DAVE_A = user("dave@a.example", "sdbox:/var/mail/a/dave", "/h/a")
DAVE_B = user("dave@b.example", "sdbox:/var/mail/b/dave", "/h/b")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Domains.SHARED),
        ({"pairs": ((DAVE_A, DAVE_B),)}, Domains.APART),
        ({"pairs": ((DAVE_A, dataclasses.replace(DAVE_B, fields=DAVE_A.fields[:1])),)},
         Domains.SHARED),
        ({"pairs": (), "foreign": (user("alice@example.org", "sdbox:/x", user="alice"),)},
         Domains.NONE),
        ({"pairs": (), "foreign": (DAVE_A, DAVE_B)}, Domains.APART),
        ({"pairs": (), "domains": ("example.com",)}, Domains.ONE),
        ({"pairs": (), "domains": (), "foreign": ()}, Domains.NONE),
        ({"pairs": (), "domains": ("a.example", "b.example")}, Domains.UNKNOWN),
    ],
)  # fmt: skip
def test_namesakes_are_compared(changes: dict[str, object], kind: Domains) -> None:
    """Real ones first, then whatever the database says about made-up ones."""
    facts = dataclasses.replace(ACCOUNTS, **changes)  # type: ignore[arg-type]

    assert user_domains(facts, ("alice",)).kind is kind


def test_postfix_asks_under_a_name_of_its_own() -> None:
    """Where its socket is configured, the service smtp is one of those."""
    listener = Section("unix_listener", "/var/spool/postfix/private/auth")
    passdb = Section("passdb", "", (*PAM, ("args", "%s")))
    auth = Section("service", "auth", (), (listener,))
    root = Section("", "", (("protocols", "imap"),), (passdb, auth))
    config = DovecotConfig("2.3.16", "", (), root, root, (), ())

    assert pam_services(config) == ("imap", "smtp")


def test_fields_of_dovecot_2_4_are_forced() -> None:
    """They stand in a block of their own."""
    fields = Section(
        "fields", "", (("uid", "vmail"), ("gid", "vmail"), ("home", "/m/%{user | username}"))
    )
    userdb = Section("userdb", "passwd", (), (fields,))
    config = dataclasses.replace(dovecot(), root=Section("", "", (), (userdb,)))

    assert unforced(config, MAIL) == ()
