"""
Parsers of what commands on the host print, with recorded output.
"""

from pathlib import Path

import msgspec
import pytest

from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig, parse_dovecot, parse_dovecot_check
from mailvet.facts.files import UNKNOWN_ACL, FileFacts, ancestors, parse_stats
from mailvet.facts.host import MAX_EVIDENCE, CommandOutput, redact, sections
from mailvet.facts.packages import parse_packages
from mailvet.facts.postfix import PostfixConfig, parse_postfix, parse_postfix_check
from mailvet.facts.units import parse_units

RECORDED = Path(__file__).parent / "recorded" / "host"


def recorded(name: str) -> str:
    """The recorded output called *name*."""
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


def output(stdout: str, *, status: int = 0, stderr: str = "") -> CommandOutput:
    """The output of some command."""
    return CommandOutput("command", status, stdout, stderr)


@pytest.fixture(scope="module")
def dovecot() -> DovecotConfig:
    """The configuration of a Debian 12 host."""
    return parse_dovecot(recorded("doveconf-debian-2.3.19"), ())


@pytest.fixture(scope="module")
def postfix() -> PostfixConfig:
    """The configuration of a Debian 12 host."""
    return parse_postfix(recorded("postconf-debian-3.7.11"), ())


@pytest.mark.parametrize(
    "text",
    [
        "doveadm_password = hunter2",
        "ssl_key_password = hunter2",
        "  dnpass = hunter2",
        "imapc_password=hunter2",
        "passdb {\n  args = scheme=PLAIN password=hunter2 nopassword=n\n}",
        "connect = host=db dbname=mail user=mail password=hunter2",
        "uri = ldap://admin:hunter2@ldap.example.com/",
        "ssl_key = hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2",
    ],
)
def test_redact_removes_secret(text: str) -> None:
    """Passwords and keys do not survive, and that there was one stays visible."""
    shown = redact(text)

    assert "hunter2" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        "ssl_key = </etc/pki/dovecot/private/mail1.example.com.key",
        "ssl_key = # hidden, use -P to show it",
        "doveadm_password = # hidden, use -P to show it",
        "doveadm_password = ",
        "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
        "auth_verbose_passwords = no",
        "override_fields = uid=vmail gid=vmail home=/var/mail/%n/",
    ],
)
def test_redact_keeps_what_is_no_secret(text: str) -> None:
    """Paths, empty values and settings about passwords stay."""
    assert redact(text) == text


def test_evidence_is_bounded() -> None:
    """Long output is cut, and its length is told."""
    shown = output("x" * (MAX_EVIDENCE + 5)).evidence().stdout

    assert len(shown) < MAX_EVIDENCE + 50
    assert str(MAX_EVIDENCE + 5) in shown


def test_sections_part_a_script() -> None:
    """Marker lines part the output of a script."""
    assert sections("noise\n@@a\n1\n2\n@@b c\n") == {"a": "1\n2\n", "b c": ""}


def test_doveconf_sections_nest() -> None:
    """Named, quoted and unnamed sections are found below each other."""
    text = (
        "protocols = imap\n"
        'namespace inbox {\n  mailbox "Sent Messages" {\n    special_use = \\Sent\n  }\n'
        "  prefix = \n}\n"
        "passdb {\n  driver = pam\n}\n"
        'protocol lmtp {\n  mail_plugins = " sieve"\n}\n'
    )

    root = parse_doveconf(text)

    mailbox = root.path("namespace", "inbox", "mailbox", "Sent Messages")
    assert mailbox is not None
    assert mailbox.get("special_use") == "\\Sent"
    assert root.of("passdb")[0].get("driver") == "pam"
    assert root.of("protocol", "lmtp")[0].get("mail_plugins") == " sieve"
    assert root.path("service", "nothing") is None


def test_dovecot_effective_settings(dovecot: DovecotConfig) -> None:
    """Defaults count, and a protocol's own value wins for that protocol."""
    assert dovecot.version == "2.3.19.1"
    assert dovecot.config_file == "/etc/dovecot/dovecot.conf"
    assert dovecot.protocols == {"imap", "pop3", "lmtp", "sieve"}
    assert dovecot.setting("listen") == "*, ::"
    assert dovecot.setting("mail_plugins", "lmtp").split() == ["sieve"]
    assert dovecot.setting("mail_plugins") == ""
    assert dovecot.setting("no_such_setting") == ""
    assert dovecot.enabled("ssl_prefer_server_ciphers")
    assert dict(dovecot.passdbs[0])["driver"] == "pam"
    assert "uid=vmail" in dict(dovecot.userdbs[0])["override_fields"]


def test_dovecot_listeners(dovecot: DovecotConfig) -> None:
    """Listeners are found with the defaults that doveconf fills in."""
    imap = {each.name: each for each in dovecot.listeners("imap-login")}
    assert (imap["imaps"].port, imap["imaps"].ssl) == (993, True)
    assert (imap["imap"].port, imap["imap"].ssl) == (143, False)

    lmtp = {each.path: each for each in dovecot.unix_listeners("lmtp")}
    assert lmtp["/run/dovecot/lmtp"].mode == "600"
    assert lmtp["/run/dovecot/lmtp"].user == "postfix"
    auth = {each.path: each for each in dovecot.unix_listeners("auth")}
    assert auth["/var/spool/postfix/private/auth"].group == "postfix"
    assert auth["/run/dovecot/auth-userdb"].user == "dovecot"


def test_dovecot_services_of_disabled_protocols_are_left_out(dovecot: DovecotConfig) -> None:
    """Without a service name only services whose protocol is on are listed."""
    assert all(each.service != "submission-login" for each in dovecot.listeners())
    assert any(each.service == "imap-login" for each in dovecot.listeners())


def test_dovecot_mailboxes(dovecot: DovecotConfig) -> None:
    """Mailboxes carry their special use and how they come into being."""
    mailboxes = {each.name: each for each in dovecot.mailboxes}

    assert mailboxes["Junk"].special_use == ("Junk",)
    assert mailboxes["Junk"].auto == "subscribe"
    assert mailboxes["Junk"].inbox_namespace


def test_dovecot_files_hold_keys_and_certificates(dovecot: DovecotConfig) -> None:
    """Files that values are read from are known, the hidden key among them."""
    assert "/etc/pki/dovecot/private/mail1.example.com.key" in dovecot.files
    assert "/etc/dovecot/dh.pem" in dovecot.files


@pytest.mark.parametrize("kind", [DovecotConfig, PostfixConfig])
def test_facts_survive_json(kind: type, dovecot: DovecotConfig, postfix: PostfixConfig) -> None:
    """Facts go to JSON and come back equal."""
    facts = dovecot if kind is DovecotConfig else postfix

    assert msgspec.json.decode(msgspec.json.encode(facts), type=kind) == facts


def test_dovecot_check_reads_failure() -> None:
    """A misspelt setting is exit status 89 with a message."""
    fatal = "doveconf: Fatal: Error in configuration file x.conf line 1: Unknown setting: ss"
    check = parse_dovecot_check(
        output(
            "@@version\n2.3.16 (7e2e900c1a)\n@@doveadm\nusage: doveadm\n@@status\n89\n",
            stderr=fatal,
        )
    )

    assert (check.version, check.doveadm, check.status) == ("2.3.16", True, 89)
    assert check.problems == (fatal,)


def test_dovecot_check_ignores_advice_about_load() -> None:
    """Advice for very busy hosts is no fault of the configuration."""
    advice = (
        "doveconf: Warning: service auth { client_limit=1000 } "
        "is lower than required under max. load (1200)"
    )

    assert parse_dovecot_check(output("@@status\n0\n", stderr=advice)).problems == ()


def test_postfix_effective_settings(postfix: PostfixConfig) -> None:
    """Values are expanded, and main.cf's own parameters are known."""
    assert postfix.version == "3.7.11"
    assert postfix.setting("myorigin") == "example.com"
    assert "mynetworks" in postfix.explicit
    assert "smtpd_recipient_restrictions" not in postfix.explicit
    assert postfix.enabled("smtpd_tls_auth_only")


def test_postfix_master_override_wins(postfix: PostfixConfig) -> None:
    """What -o sets holds for that service only."""
    assert postfix.setting("smtpd_tls_security_level", "submission/inet") == "encrypt"
    assert postfix.setting("smtpd_tls_security_level", "smtp/inet") == "may"
    assert postfix.setting("smtpd_tls_security_level") == "may"


def test_postfix_override_inside_a_reference() -> None:
    """RHEL's submission service sets parameters that main.cf refers to."""
    text = (
        "@@all\nmail_version = 3.5.9\ncompatibility_level = 2\nsmtpd_client_restrictions = reject\n"
        "mua_client = reject\n@@explicit\nsmtpd_client_restrictions = $mua_client, reject\n"
        "mua_client = reject\n@@master\n"
        "submission inet n - n - - smtpd -o mua_client=permit_sasl_authenticated\n"
        "@@overrides\nsubmission/inet/mua_client = permit_sasl_authenticated\n"
    )

    facts = parse_postfix(text, ())

    value = facts.setting("smtpd_client_restrictions", "submission/inet")
    assert value == "permit_sasl_authenticated, reject"
    assert facts.setting("smtpd_client_restrictions") == "reject"


def test_postfix_services(postfix: PostfixConfig) -> None:
    """Columns of master.cf are resolved to what they mean."""
    lmtp = postfix.service("lmtp/unix")
    smtp = postfix.service("smtp/inet")
    assert lmtp is not None
    assert smtp is not None
    assert (lmtp.chroot, lmtp.private, lmtp.program) == (False, True, "lmtp")
    assert (smtp.chroot, smtp.private, smtp.key) == (True, False, "smtp/inet")
    assert postfix.service("nothing/inet") is None


def test_postfix_files(postfix: PostfixConfig) -> None:
    """Configuration and TLS files are known."""
    assert "/etc/postfix/main.cf" in postfix.files
    assert "/etc/pki/tls/private/postfix.key" in postfix.files


def test_postfix_check_reads_warnings() -> None:
    """Warnings of postfix check and of postconf are told apart."""
    check = parse_postfix_check(
        output(
            "@@check\npostfix/postfix-script: warning: group or other writable: main.cf\n@@log\n"
            "@@warnings\npostconf: warning: unused parameter: smtpd_tls_cert_fil=x\n"
            "@@status\n0 0 yes\n@@version\n3.5.9\n"
        )
    )

    assert (check.status, check.postconf_status, check.audible) == (0, 0, True)
    assert len(check.complaints) == 1
    assert len(check.warnings) == 1


STATS = """@@real
/var/mail\t/var/spool/mail
/run/lmtp\t/run/lmtp
@@stat
/var/spool/mail\t45c0\tvmail\tvmail
/run/lmtp\tc180\tpostfix\tpostfix
/var/spool\t41ed\troot\troot
/var\t41ed\troot\troot
/run\t41ed\troot\troot
/\t41ed\troot\troot
@@acl
# file: /var/spool/mail
# owner: vmail
user::rwx
group::---
group:mail:r-x
mask::r-x
other::---
default:user:bob:rwx

"""


def test_stat_follows_links_and_lists_parents() -> None:
    """A link is followed, and the directories of both paths are listed."""
    (mail, lmtp) = parse_stats(STATS, ["/var/mail", "/run/lmtp", "/missing"])

    assert (mail.real_path, mail.kind, mail.permissions) == ("/var/spool/mail", "directory", 0o700)
    assert mail.mode == 0o2700
    assert [each.path for each in mail.parents] == ["/var/spool", "/var", "/"]
    assert mail.acl == ("group:mail:r-x", "default:user:bob:rwx")
    assert (lmtp.kind, lmtp.owner, lmtp.acl) == ("socket", "postfix", ())


def test_stat_of_something_that_was_not_looked_for_is_an_error() -> None:
    """Missing is an answer only for what was looked for."""
    facts = FileFacts(parse_stats(STATS, ["/var/mail"]), ("/missing",), ())

    assert facts.stat("/missing") is None
    assert facts.stat("/var/spool/mail") == facts.stat("/var/mail")
    with pytest.raises(KeyError):
        facts.stat("/etc/shadow")


def test_acl_without_getfacl_is_not_overlooked() -> None:
    """Where getfacl is missing, the mark that ls shows stands for the list."""
    text = "@@real\n/a\t/a\n@@stat\n/a\t81a4\troot\troot\n@@acl\n+\t/a\n"

    (stat,) = parse_stats(text, ["/a"])

    assert stat.acl == (UNKNOWN_ACL,)
    assert not stat.only_root_writes


def test_ancestors() -> None:
    """All directories above a path, nearest first; a slash at the end is no matter."""
    assert ancestors("/etc/postfix/main.cf") == ("/etc/postfix", "/etc", "/")
    assert ancestors("/var/mail/") == ("/var", "/")
    assert ancestors("/") == ()


UNITS = """@@init
systemd
@@units
Type=notify
Id=dovecot.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Type=oneshot
Id=postfix.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=postfix@-.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
@@dovecot
0
@@postfix
1
"""


def test_units_of_red_hat_and_debian() -> None:
    """Where the instance exists it is the real unit, elsewhere the plain one is."""
    red_hat = parse_units(output(UNITS))
    debian = parse_units(output(UNITS.replace("not-found", "loaded")))

    assert red_hat.daemon("postfix").name == "postfix.service"
    assert debian.daemon("postfix").name == "postfix@-.service"
    assert red_hat.runs("dovecot")
    assert not red_hat.runs("postfix")
    assert not red_hat.unit("exim4").loaded


def test_packages_of_both_managers() -> None:
    """Only what is really installed counts."""
    debian = parse_packages(
        output("@@dpkg\npostfix\t3.7.11-0+deb12u1\tok\ndovecot-core\t1:2.3.19\tunknown\n")
    )
    red_hat = parse_packages(output("@@rpm\ndovecot\t2.3.16-11.el9\tok\n"))

    assert debian.installed == (("postfix", "3.7.11-0+deb12u1"),)
    assert debian.missing(debian.wanted_for_dovecot(["imap"])) == ("dovecot-core", "dovecot-imapd")
    assert red_hat.missing(red_hat.wanted_for_dovecot(["imap", "sieve"])) == ()
