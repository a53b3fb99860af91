"""
The checks on logins without TLS, each with facts that pass and facts that fail.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.dovecot import parse_dovecot
from mailvet.facts.plaintext import ClearLogin, ClearMailFacts, PlaintextFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.session import SessionFacts
from mailvet.facts.smtpd import SmtpdFacts, SmtpdService
from mailvet.facts.standpoint import Standpoint
from mailvet.model import (
    Endpoint,
    Expectations,
    ExpectDovecot,
    ExpectLogin,
    Judgement,
    Protocol,
    Security,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

OUTSIDE = Standpoint("direct", None, "192.0.2.1")
REFUSED = {
    Protocol.SMTP: Reply("503", "5.5.1 not enabled", ()),
    Protocol.SUBMISSION: Reply("530", "5.7.0 Must issue STARTTLS", ()),
    Protocol.IMAP: Reply("NO", "[PRIVACYREQUIRED] Plaintext", ()),
    Protocol.POP3: Reply("-ERR", "[AUTH] Plaintext disallowed", ()),
    Protocol.SIEVE: Reply("NO", "(ENCRYPT-NEEDED)", ()),
}
LOOKED = {
    Protocol.SMTP: Reply("535", "5.7.8", ()),
    Protocol.SUBMISSION: Reply("334", "", ()),
    Protocol.IMAP: Reply("NO", "[AUTHENTICATIONFAILED]", ()),
    Protocol.POP3: Reply("+OK", "", ()),
    Protocol.SIEVE: Reply("NO", '"Authentication failed."', ()),
}


def capabilities(*words: str) -> Capabilities:
    """
    ``IMAP4REV1`` or ``AUTH PLAIN LOGIN``, each with its parameters.
    """
    return Capabilities(tuple((each.split()[0], tuple(each.split()[1:])) for each in words))


def plaintext(protocol: Protocol, reply: Reply | None, *announced: str) -> PlaintextFacts:
    """
    An endpoint that answers a login so.
    """
    logins = (ClearLogin("login", True, reply, True, "" if reply else "closed"),)
    return PlaintextFacts(protocol, OUTSIDE, capabilities(*announced), logins, ())


def session(*announced: str, secured: bool = True) -> SessionFacts:
    """
    A session that announces this inside TLS.
    """
    after = capabilities(*announced) if secured else None
    return SessionFacts(None, None, None, "", None, after, "", ())


def endpoint(protocol: Protocol) -> Endpoint:
    """
    An endpoint of this kind.
    """
    return Endpoint(protocol.value, protocol, 1, Security.STARTTLS)


@pytest.mark.parametrize(
    ("protocol", "reply", "announced", "inside", "verdict"),
    [
        (Protocol.SMTP, REFUSED[Protocol.SMTP], (), (), Verdict.PASS),
        (Protocol.SMTP, LOOKED[Protocol.SMTP], (), ("AUTH PLAIN",), Verdict.FAIL),
        (Protocol.SMTP, REFUSED[Protocol.SMTP], ("AUTH PLAIN",), (), Verdict.FAIL),
        (Protocol.SMTP, None, (), ("AUTH PLAIN",), Verdict.UNVERIFIED),
        (Protocol.SUBMISSION, REFUSED[Protocol.SUBMISSION], (), ("AUTH PLAIN",), Verdict.PASS),
        (Protocol.SUBMISSION, LOOKED[Protocol.SUBMISSION], (), (), Verdict.FAIL),
        (Protocol.SUBMISSION, REFUSED[Protocol.SUBMISSION], (), (), Verdict.UNVERIFIED),
    ],
)
def test_smtp_auth_needs_tls(
    load_check: Load,
    protocol: Protocol,
    reply: Reply | None,
    announced: tuple[str, ...],
    inside: tuple[str, ...],
    verdict: Verdict,
) -> None:
    """
    A submission service without any AUTH has refused nothing; an MX without AUTH is right.
    """
    check = load_check("auth", "test_before_tls", "test_smtp_auth_needs_tls")
    facts = plaintext(protocol, reply, *announced)
    assert check(facts, session(*inside), endpoint(protocol)).verdict is verdict


@pytest.mark.parametrize(
    ("announced", "verdict"),
    [
        (("IMAP4REV1", "STARTTLS", "LOGINDISABLED"), Verdict.PASS),
        (("IMAP4REV1", "STARTTLS", "LOGINDISABLED", "AUTH=PLAIN"), Verdict.FAIL),
        (("IMAP4REV1", "STARTTLS"), Verdict.FAIL),
        (("IMAP4REV1", "LOGINDISABLED"), Verdict.FAIL),
    ],
)
def test_imap_logindisabled(load_check: Load, announced: tuple[str, ...], verdict: Verdict) -> None:
    """
    Both words are needed, and no mechanism beside them.
    """
    check = load_check("auth", "test_before_tls", "test_imap_logindisabled")
    facts = plaintext(Protocol.IMAP, REFUSED[Protocol.IMAP], *announced)
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("test_imap_login_refused", Protocol.IMAP),
        ("test_pop3_login_refused", Protocol.POP3),
        ("test_sieve_login_refused", Protocol.SIEVE),
    ],
)
def test_logins_refused(load_check: Load, name: str, protocol: Protocol) -> None:
    """
    Refused, looked at, and closed.
    """
    check = load_check("auth", "test_before_tls", name)
    assert check(plaintext(protocol, REFUSED[protocol])).verdict is Verdict.PASS
    assert check(plaintext(protocol, LOOKED[protocol])).verdict is Verdict.FAIL
    assert check(plaintext(protocol, None)).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (ClearMailFacts((("RCPT", Reply("250", "Ok", ())),), "", False, ()), Verdict.PASS),
        (ClearMailFacts((), "the server closed the connection", True, ()), Verdict.FAIL),
        (ClearMailFacts((), "no reply", False, ()), Verdict.UNVERIFIED),
        (ClearMailFacts((("RCPT", Reply("450", "", ())),), "", False, ()), Verdict.UNVERIFIED),
        (ClearMailFacts((("MAIL", Reply("530", "", ())),), "", False, ()), Verdict.NOT_APPLICABLE),
    ],
)
def test_clear_text_mail_taken(load_check: Load, facts: ClearMailFacts, verdict: Verdict) -> None:
    """
    Silence is no failure, hanging up is.
    """
    check = load_check("auth", "test_before_tls", "test_clear_text_mail_taken")
    assert check(facts).verdict is verdict


@pytest.mark.parametrize(
    ("protocol", "facts", "verdict"),
    [
        (Protocol.IMAP, session("AUTH=PLAIN", "AUTH=LOGIN"), Verdict.PASS),
        (Protocol.IMAP, session("AUTH=LOGIN"), Verdict.FAIL),
        (Protocol.POP3, session("SASL PLAIN ANONYMOUS"), Verdict.FAIL),
        (Protocol.POP3, session("SASL LOGIN", "USER"), Verdict.FAIL),
        (Protocol.POP3, session("USER"), Verdict.PASS),
        (Protocol.POP3, session("UIDL"), Verdict.FAIL),
        (Protocol.SUBMISSION, session("PIPELINING"), Verdict.FAIL),
        (Protocol.SMTP, session("PIPELINING"), Verdict.NOT_APPLICABLE),
        (Protocol.SIEVE, session(secured=False), Verdict.UNVERIFIED),
    ],
)
def test_plain_offered(
    load_check: Load, protocol: Protocol, facts: SessionFacts, verdict: Verdict
) -> None:
    """
    A server that says nothing inside TLS offers nothing and refuses nothing.
    """
    check = load_check("auth", "test_inside_tls", "test_plain_offered")
    assert check(facts, endpoint(protocol)).verdict is verdict


@pytest.mark.parametrize(
    ("protocol", "facts", "verdict"),
    [
        (Protocol.IMAP, session("AUTH=PLAIN", "AUTH=SCRAM-SHA-256"), Verdict.PASS),
        (Protocol.IMAP, session("AUTH=PLAIN", "AUTH=CRAM-MD5"), Verdict.FAIL),
        (Protocol.POP3, session("SASL PLAIN NTLM"), Verdict.FAIL),
        (Protocol.POP3, session("USER"), Verdict.NOT_APPLICABLE),
        (Protocol.SUBMISSION, session("AUTH PLAIN LOGIN XOAUTH2"), Verdict.PASS),
        (Protocol.SUBMISSION, session("AUTH PLAIN LOGIN DIGEST-MD5"), Verdict.FAIL),
        (Protocol.SMTP, session("PIPELINING"), Verdict.NOT_APPLICABLE),
        (Protocol.SIEVE, session(secured=False), Verdict.UNVERIFIED),
    ],
)
def test_only_declared_mechanisms_are_offered(
    load_check: Load, protocol: Protocol, facts: SessionFacts, verdict: Verdict
) -> None:
    """
    Those that are no weaker inside TLS need no declaration.
    """
    check = load_check("auth", "test_inside_tls", "test_mechanisms_are_declared")
    assert check(facts, endpoint(protocol), make_target()).verdict is verdict


def test_a_declared_mechanism_that_submission_lacks_is_missed(load_check: Load) -> None:
    """
    Clients would take a weaker one; other services need not have it.
    """
    check = load_check("auth", "test_inside_tls", "test_mechanisms_are_declared")
    login = ExpectLogin(mechanisms=("PLAIN", "SCRAM-SHA-256"), other_mechanisms=("LOGIN",))
    target = make_target(expect=Expectations(login=login))
    facts = session("AUTH PLAIN LOGIN", "AUTH=PLAIN")

    assert check(facts, endpoint(Protocol.SUBMISSION), target).verdict is Verdict.FAIL
    assert check(facts, endpoint(Protocol.IMAP), target).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("text", "plaintext_disabled", "exempted", "mechanisms"),
    [
        ("ssl = required\nauth_mechanisms = plain login", "pass", "pass", "pass"),
        ("disable_plaintext_auth = no\nauth_mechanisms = login", "fail", "pass", "fail"),
        ("login_trusted_networks = 10.0.0.0/8\nauth_mechanisms = plain", "pass", "pass", "pass"),
        ("login_trusted_networks = 0.0.0.0/0\nauth_mechanisms = plain", "pass", "fail", "pass"),
        ("auth_mechanisms = plain anonymous", "pass", "pass", "fail"),
    ],
)
def test_dovecot_settings(
    load_check: Load, text: str, plaintext_disabled: str, exempted: str, mechanisms: str
) -> None:
    """
    Declared proxies are no exemption.
    """
    dovecot = parse_dovecot(f"@@all\nprotocols = imap\n{text}\n", ())
    expect = Expectations(dovecot=ExpectDovecot(trusted_proxies=("10.0.0.0/8",)))
    verdicts = (
        load_check("auth", "test_configuration", "test_plaintext_disabled")(dovecot).verdict,
        load_check("auth", "test_configuration", "test_no_network_exempted")(
            dovecot, make_target(expect=expect)
        ).verdict,
        load_check("auth", "test_inside_tls", "test_mechanisms_configured")(dovecot).verdict,
    )
    assert verdicts == (plaintext_disabled, exempted, mechanisms)


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ((True, True, "may", False), Verdict.PASS),
        ((True, False, "encrypt", False), Verdict.PASS),
        ((True, False, "", True), Verdict.PASS),
        ((True, False, "may", False), Verdict.FAIL),
        ((False, False, "may", False), Verdict.NOT_APPLICABLE),
    ],
)
def test_smtpd_auth_needs_tls(
    load_check: Load, fields: tuple[bool, bool, str, bool], verdict: Verdict
) -> None:
    """
    Three ways to keep passwords out of the clear are right.
    """
    facts = SmtpdFacts((SmtpdService("smtp/inet", (), *fields),), (), (), ())
    check = load_check("auth", "test_configuration", "test_smtpd_auth_needs_tls")
    assert check(facts).verdict is verdict
