"""
What ports say beside what recorded configurations say.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mailvet.facts import dovecot_words, smtpd_words
from mailvet.facts.comparison import FLOOR, LISTENING, MECHANISMS, Sheet
from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig, InetListener, parse_dovecot
from mailvet.facts.hello import NUMBERS
from mailvet.facts.interfaces import InetService, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts, ListeningSocket
from mailvet.facts.offers import Answer, Offer, VersionFacts
from mailvet.facts.postfix import PostfixConfig, parse_postfix
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.said import Said
from mailvet.facts.session import SessionFacts
from mailvet.facts.tls import Handshake, Hello
from mailvet.facts.version_range import ALL, compared, of_dovecot, of_postfix
from mailvet.model import (
    Agreement,
    Cause,
    Comparison,
    Endpoint,
    ExpectTls,
    Protocol,
    Security,
)

RECORDED = Path(__file__).parent / "recorded" / "host"
SUBMISSION = Endpoint("submission", Protocol.SUBMISSION, 587, Security.STARTTLS)
IMAP = Endpoint("imap", Protocol.IMAP, 143, Security.STARTTLS)
SERVICE = InetService("submission", 587, ("0.0.0.0", "::"))
AUTH = ("AUTH", ("PLAIN", "LOGIN"))
SIZE = ("SIZE", ("10240000",))
SHAKE = Handshake(
    completed=True,
    failure="",
    version="TLSv1.3",
    cipher="",
    offered_ems=True,
    server_hello=None,
    chain=(),
)
NEWER = frozenset({"TLSv1.2", "TLSv1.3"})


@pytest.fixture(name="postfix", scope="module")
def make_postfix() -> PostfixConfig:
    """The configuration of a Debian 12 host."""
    text = (RECORDED / "postconf-debian-3.7.11.txt").read_text(encoding="utf-8")
    return parse_postfix(text, ())


@pytest.fixture(name="dovecot", scope="module")
def make_dovecot() -> DovecotConfig:
    """The configuration of a Debian 12 host."""
    text = (RECORDED / "doveconf-debian-2.3.19.txt").read_text(encoding="utf-8")
    return parse_dovecot(text, ())


def accepting(versions: frozenset[str], unclear: frozenset[str] = frozenset()) -> VersionFacts:
    """A server that agrees to *versions*, gives no answer to *unclear*, and refuses the others."""
    offers = []
    for name in NUMBERS:
        hello = Hello(name, (0xC02F,), 0, ())
        if name in versions:
            offers.append(Offer("suites", hello, Answer.ACCEPTED, hello))
        elif name in unclear:
            offers.append(Offer("suites", hello, Answer.UNCLEAR, cause=Cause.TIMEOUT, detail="?"))
        else:
            offers.append(Offer("suites", hello, Answer.CLOSED, detail="hangs up"))
    control = next((each for each in reversed(offers) if each.version), None)
    return VersionFacts(tuple(offers), control, ())


def smtp_said(**changes: object) -> Said:
    """Port 587 of that host."""
    session = SessionFacts(
        greeting=Reply("220", "mail1.example.com ESMTP", ()),
        before=Capabilities((SIZE, ("STARTTLS", ()))),
        starttls=Reply("220", "go", ()),
        injected="",
        handshake=SHAKE,
        after=Capabilities((SIZE, AUTH)),
        hello="mail1.example.com",
        transcript=(),
    )
    session = replace(session, **changes)  # type: ignore[arg-type]
    return Said(Security.STARTTLS, session, accepting(NEWER))


def with_settings(postfix: PostfixConfig, **settings: str) -> PostfixConfig:
    """The configuration with other values in main.cf."""
    return replace(postfix, settings={**postfix.settings, **settings})


def smtpd(
    postfix: PostfixConfig, dovecot: DovecotConfig | None, said: Said
) -> Mapping[str, Comparison]:
    """The rows about port 587 by subject."""
    words = smtpd_words.smtpd_words(postfix, SERVICE, dovecot)
    assert words is not None
    rows = smtpd_words.smtpd_rows(Sheet("mail1", SUBMISSION), said, words, ExpectTls())
    return {each.subject: each for each in rows}


def test_a_port_that_says_what_postconf_says(
    postfix: PostfixConfig, dovecot: DovecotConfig
) -> None:
    """
    Every question gets the same answer twice.
    """
    rows = smtpd(postfix, dovecot, smtp_said())

    assert {each.agreement for each in rows.values()} == {Agreement.SAME}
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("settings", "subject", "configured"),
    [
        ({"smtpd_banner": "other ESMTP"}, "greeting", "other ESMTP"),
        ({"myhostname": "other.example.com"}, "host name in EHLO", "other.example.com"),
        ({"message_size_limit": "0"}, "message size", "SIZE"),
        ({"smtpd_discard_ehlo_keywords": "size"}, "message size", "nothing"),
        ({"smtpd_sasl_auth_enable": "no"}, MECHANISMS, "no AUTH"),
        ({"smtpd_sasl_mechanism_filter": "!login, static:rest"}, MECHANISMS, "PLAIN"),
        ({"smtpd_sasl_tls_security_options": "noplaintext"}, MECHANISMS, "no AUTH"),
    ],
)
def test_a_port_that_says_something_else(
    postfix: PostfixConfig,
    dovecot: DovecotConfig,
    settings: dict[str, str],
    subject: str,
    configured: str,
) -> None:
    """
    Both answers are kept, and they differ.
    """
    row = smtpd(with_settings(postfix, **settings), dovecot, smtp_said())[subject]

    assert row.agreement is Agreement.DIFFERENT
    assert row.configured == configured


def test_auth_before_tls_that_the_configuration_forbids_is_seen(
    postfix: PostfixConfig, dovecot: DovecotConfig
) -> None:
    """
    Level encrypt means that nobody logs in without TLS.
    """
    said = smtp_said(before=Capabilities((SIZE, ("STARTTLS", ()), AUTH)))

    assert smtpd(postfix, dovecot, said)["AUTH before TLS"].agreement is Agreement.DIFFERENT


def test_a_port_that_answers_tls_in_clear_text_tells_no_more_than_that(
    postfix: PostfixConfig, dovecot: DovecotConfig
) -> None:
    """
    Greeting, keywords and STARTTLS were not seen, so nothing is said about them.
    """
    broken = replace(SHAKE, completed=False, failure="clear text", clear_text="220 hello")
    session = SessionFacts(None, None, None, "", broken, None, "", ())
    said = Said(Security.IMPLICIT_TLS, session, None, (Cause.BLOCKED, "clear text"))

    rows = smtpd(postfix, dovecot, said)
    wrapped = smtpd(with_settings(postfix, smtpd_tls_wrappermode="yes"), dovecot, said)

    assert set(rows) == {"how TLS starts", FLOOR}
    assert rows["how TLS starts"].agreement is Agreement.SAME
    assert rows[FLOOR].cause is Cause.BLOCKED
    assert wrapped["how TLS starts"].agreement is Agreement.DIFFERENT


@pytest.mark.parametrize(
    "settings",
    [
        {"smtpd_sasl_type": "cyrus"},
        {"smtpd_sasl_path": "inet:192.0.2.7:12345"},
        {"smtpd_sasl_mechanism_filter": "hash:/etc/postfix/mechanisms"},
        {"smtpd_sasl_tls_security_options": "noactive"},
    ],
)
def test_mechanisms_that_are_decided_elsewhere_count_as_auth_only(
    postfix: PostfixConfig, dovecot: DovecotConfig, settings: dict[str, str]
) -> None:
    """
    Whether there is AUTH is known; which mechanisms there are is not.
    """
    row = smtpd(with_settings(postfix, **settings), dovecot, smtp_said())[MECHANISMS]

    assert (row.wire, row.configured, row.agreement) == ("AUTH", "AUTH", Agreement.SAME)


def test_what_depends_on_the_client_is_not_compared(
    postfix: PostfixConfig, dovecot: DovecotConfig
) -> None:
    """
    The row says why.
    """
    changed = with_settings(postfix, smtpd_sasl_exceptions_networks="192.0.2.0/24")

    row = smtpd(changed, dovecot, smtp_said())[MECHANISMS]

    assert row.agreement is Agreement.NOT_COMPARED
    assert "smtpd_sasl_exceptions_networks" in row.note
    assert row.cause is None


def test_postscreen_hides_what_smtpd_would_announce(
    postfix: PostfixConfig, dovecot: DovecotConfig
) -> None:
    """
    With its deep tests postscreen answers newcomers itself.
    """
    service = postfix.service("submission/inet")
    assert service is not None
    screened = replace(
        with_settings(postfix, postscreen_pipelining_enable="yes"),
        services=(replace(service, command="postscreen"),),
    )

    words = smtpd_words.smtpd_words(screened, SERVICE, dovecot)

    assert words is not None
    assert words.key == "smtpd/pass"
    assert "postscreen" in words.incomparable


def test_a_service_that_is_no_smtpd_has_no_words(postfix: PostfixConfig) -> None:
    """
    Nothing follows from main.cf for another program.
    """
    assert smtpd_words.smtpd_words(postfix, InetService("qmqp", 628, ()), None) is None


def test_where_postfix_listens_is_left_to_its_own_control() -> None:
    """
    The row shows both sides, and names the control that judges them.
    """
    interfaces = InterfaceFacts("all", (), (SERVICE,), ())
    listeners = ListenerFacts((ListeningSocket("127.0.0.1", 587, ("master",), ""),), (), ())

    row = smtpd_words.listening_row(Sheet("mail1", SUBMISSION), interfaces, listeners)

    assert row.agreement is Agreement.DIFFERENT
    assert row.decided_by == "PORT-08"


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        ("", ALL),
        (">=TLSv1.2", NEWER),
        (">=TLSv1.2, <=TLSv1.2", {"TLSv1.2"}),
        ("!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", NEWER),
        ("!SSLv2,!SSLv3", ALL - {"SSLv3"}),
        ("TLSv1.2 TLSv1.3", NEWER),
        (">=0x0303", None),
    ],
)
def test_versions_that_postfix_allows(value: str, versions: set[str] | None) -> None:
    """
    All ways to write them since Postfix 2.6; a number is not understood, and not guessed.
    """
    assert of_postfix(value) == versions


@pytest.mark.parametrize(
    ("minimum", "versions"),
    [
        ("TLSv1.2", NEWER),
        ("TLSv1", ALL - {"SSLv3"}),
        ("ANY", ALL),
        ("LATEST", {"TLSv1.3"}),
        ("tls", None),
    ],
)
def test_versions_that_dovecot_allows(minimum: str, versions: set[str] | None) -> None:
    """
    The words of ssl_min_protocol.
    """
    assert of_dovecot(minimum) == versions


@pytest.mark.parametrize(
    ("seen", "allowed", "tls", "agreement"),
    [
        (accepting(NEWER), NEWER, ExpectTls(), Agreement.SAME),
        (accepting(NEWER), ALL, ExpectTls(), Agreement.STRICTER),
        (accepting(ALL), NEWER, ExpectTls(), Agreement.DIFFERENT),
        (accepting(frozenset({"TLSv1.2"})), NEWER, ExpectTls(), Agreement.DIFFERENT),
        (accepting(frozenset({"TLSv1.2"})), NEWER, ExpectTls(tls13=False), Agreement.STRICTER),
        (
            accepting(frozenset({"TLSv1.3"})),
            NEWER,
            ExpectTls(minimum="TLSv1.3"),
            Agreement.STRICTER,
        ),
        (
            accepting(frozenset({"TLSv1.2"}), frozenset({"TLSv1.3"})),
            NEWER,
            ExpectTls(),
            Agreement.NOT_COMPARED,
        ),
    ],
)
def test_a_stricter_port_is_no_fault_unless_wanted_versions_are_lost(
    seen: VersionFacts, allowed: frozenset[str], tls: ExpectTls, agreement: Agreement
) -> None:
    """
    RHEL's policy refuses TLS 1.0 that Postfix's defaults would let in, and that is right.
    """
    row = compared(Sheet("mail1", IMAP), seen, "setting", allowed, tls)

    assert row.agreement is agreement
    assert (row.cause is Cause.TIMEOUT) == (agreement is Agreement.NOT_COMPARED)


def imap_said(announced: tuple[str, ...] = ("STARTTLS", "LOGINDISABLED")) -> Said:
    """Port 143 of that host."""
    session = SessionFacts(
        greeting=Reply("OK", "[CAPABILITY IMAP4rev1] Dovecot (Debian) ready.", ()),
        before=Capabilities(tuple((each, ()) for each in announced)),
        starttls=Reply("OK", "", ()),
        injected="",
        handshake=SHAKE,
        after=Capabilities((("AUTH=PLAIN", ()), ("AUTH=LOGIN", ()))),
        hello="",
        transcript=(),
    )
    return Said(Security.STARTTLS, session, accepting(NEWER))


def imap(config: DovecotConfig, said: Said, *, on_host: bool = False) -> Mapping[str, Comparison]:
    """The rows about port 143 by subject."""
    listener = InetListener("imap-login", "imap", 143, False, "*")
    words = dovecot_words.DovecotWords(config, Protocol.IMAP, listener, "mail1", on_host)
    rows = dovecot_words.dovecot_rows(Sheet("mail1", IMAP), said, words, ExpectTls())
    return {each.subject: each for each in rows}


def with_sections(config: DovecotConfig, *sections: Section) -> DovecotConfig:
    """The configuration with further blocks."""
    root = replace(config.root, sections=(*config.root.sections, *sections))
    return replace(config, root=root)


def test_a_port_that_says_what_doveconf_says(dovecot: DovecotConfig) -> None:
    """
    Every question gets the same answer twice.
    """
    rows = imap(dovecot, imap_said())

    assert {each.agreement for each in rows.values()} == {Agreement.SAME}
    assert len(rows) == 5


def test_a_block_for_the_host_counts_as_configured(dovecot: DovecotConfig) -> None:
    """
    Dovecot does not heed ssl_min_protocol in local_name blocks, so that the port differs.
    """
    block = Section("local_name", "mail1", (("ssl_min_protocol", "TLSv1.3"),))

    row = imap(with_sections(dovecot, block), imap_said())[FLOOR]

    assert row.agreement is Agreement.DIFFERENT
    assert "ssl_min_protocol = TLSv1.3" in row.configured


def test_passwords_before_tls_that_the_configuration_forbids_are_seen(
    dovecot: DovecotConfig,
) -> None:
    """
    Without LOGINDISABLED clients send them.
    """
    row = imap(dovecot, imap_said(("STARTTLS", "AUTH=PLAIN")))["passwords before TLS"]

    assert (row.wire, row.configured) == ("taken", "not taken")
    assert row.agreement is Agreement.DIFFERENT


def test_a_client_that_dovecot_trusts_is_not_compared(dovecot: DovecotConfig) -> None:
    """
    On the host itself, in trusted networks and in remote blocks, passwords may be taken.
    """
    said = imap_said(("STARTTLS", "AUTH=PLAIN"))
    block = Section("remote", "192.0.2.0/24", (("disable_plaintext_auth", "no"),))
    rows = (imap(dovecot, said, on_host=True), imap(with_sections(dovecot, block), said))

    for each in rows:
        assert each["passwords before TLS"].agreement is Agreement.NOT_COMPARED


def listening(config: DovecotConfig, *sockets: ListeningSocket) -> Comparison:
    """Where port 143 is open beside where it should be."""
    facts = ListenerFacts(sockets, ("192.0.2.1", "2001:db8::1"), ())
    return dovecot_words.listening_row(Sheet("mail1", IMAP), config, facts)[0]


def socket(address: str, holder: str = "dovecot") -> ListeningSocket:
    """A socket on port 143."""
    return ListeningSocket(address, 143, (holder,), "")


def test_where_dovecot_listens_is_compared(dovecot: DovecotConfig) -> None:
    """
    Two families, one socket for both, and one family that is missing.
    """
    assert listening(dovecot, socket("0.0.0.0"), socket("::")).agreement is Agreement.SAME
    assert listening(dovecot, socket("*")).agreement is Agreement.SAME
    assert listening(dovecot, socket("0.0.0.0")).agreement is Agreement.DIFFERENT


def test_a_port_that_dovecot_holds_but_does_not_configure_differs(dovecot: DovecotConfig) -> None:
    """
    The configuration was changed, and Dovecot not restarted.
    """
    root = replace(
        dovecot.root,
        settings=tuple(
            (name, "pop3" if name == "protocols" else value)
            for name, value in dovecot.root.settings
        ),
    )
    changed = replace(dovecot, root=root)

    assert listening(changed, socket("0.0.0.0")).agreement is Agreement.DIFFERENT
    assert listening(changed, socket("0.0.0.0", "haproxy")).agreement is Agreement.NOT_COMPARED
    assert listening(changed, socket("0.0.0.0")).subject == LISTENING
