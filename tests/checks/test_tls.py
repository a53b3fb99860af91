"""
The checks on TLS and certificates, each with facts that pass and facts that fail.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailvet.facts.certificate import DAY, Certificate, CertificateFacts, ShownFacts, ShownLeaf
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.ems import EmsFacts
from mailvet.facts.files import DirectoryStat, FileFacts, FileStat
from mailvet.facts.keyfiles import KeyFileFacts, KeyPair, PemFile
from mailvet.facts.offers import STATIC_RSA, Answer, Offer, SuiteFacts, VersionFacts
from mailvet.facts.renegotiation import Renegotiation, RenegotiationFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.resumption import ResumptionFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.suites import weak_offers
from mailvet.facts.tls import Ending, Handshake, Hello
from mailvet.model import (
    Cause,
    Endpoint,
    Expectations,
    ExpectTls,
    Judgement,
    Protocol,
    Security,
    Target,
    Verdict,
)
from tests.fakes.context import HOST_NAME, make_target

Load = Callable[[str, str, str], Callable[..., Judgement]]

NOW = 1_800_000_000.0
IMAPS = Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS)
SMTP = Endpoint("smtp", Protocol.SMTP, 25, Security.STARTTLS)
OK = Reply("220", "ready", ("220 ready",))
EMS = Hello("TLSv1.2", (0xC02F,), 0, (23,))
NO_EMS = Hello("TLSv1.2", (0xC02F,), 0, ())
SHAKE = Handshake(
    completed=True,
    failure="",
    version="TLSv1.2",
    cipher="ECDHE-RSA-AES128-GCM-SHA256",
    offered_ems=True,
    server_hello=EMS,
    chain=(),
)
BROKEN = replace(SHAKE, completed=False, failure="alert", version="", ending=Ending.SERVER)
SESSION = SessionFacts(OK, Capabilities(()), OK, "", SHAKE, Capabilities(()), "", ())
CERTIFICATE = Certificate(
    "aa",
    "CN=mail1",
    "CN=authority",
    (HOST_NAME,),
    not_before=NOW - 10 * DAY,
    not_after=NOW + 60 * DAY,
    key="RSA",
    bits=3072,
    signature_hash="sha256",
)


def target(**tls: object) -> Target:
    """
    A target with these expectations about TLS.
    """
    return make_target(expect=Expectations(tls=ExpectTls(**tls)))  # type: ignore[arg-type]


def offer(version: str, chosen: str = "", suite: int = 0xC02F, label: str = "suites") -> Offer:
    """
    An offer of *version* that was accepted with *chosen*, or refused.
    """
    hello = Hello(version, (suite,), 0, ())
    if chosen:
        return Offer(label, hello, Answer.ACCEPTED, Hello(chosen, (suite,), 0, ()))
    return Offer(label, hello, Answer.CLOSED, detail="hangs up")


def unclear(version: str, label: str = "suites") -> Offer:
    """
    An offer that got no answer.
    """
    hello = Hello(version, (), 0, ())
    return Offer(label, hello, Answer.UNCLEAR, cause=Cause.TIMEOUT, detail="no answer")


def versions(*offers: Offer) -> VersionFacts:
    """
    Facts with these offers, the newest accepted one made again in the end.
    """
    accepted = [each for each in offers if each.version]
    return VersionFacts(offers, accepted[-1] if accepted else None, ())


GOOD_VERSIONS = versions(
    offer("SSLv3"),
    offer("TLSv1"),
    offer("TLSv1.1"),
    offer("TLSv1.2", "TLSv1.2"),
    offer("TLSv1.3", "TLSv1.3", 0x1301),
)


def suites(*accepted: int) -> SuiteFacts:
    """
    A server that refuses every kind of suite but *accepted*.
    """
    refused = (offer("TLSv1.2", label=label) for label in (*weak_offers(), STATIC_RSA))
    chosen = (offer("TLSv1.2", "TLSv1.2", each) for each in accepted)
    return SuiteFacts((*refused, *chosen), offer("TLSv1.2", "TLSv1.2"), ())


def certificate(
    leaf: Certificate = CERTIFICATE, *, trusted: bool | None = True
) -> CertificateFacts:
    """
    An endpoint that shows *leaf*.
    """
    return CertificateFacts((leaf,), "ca.crt", trusted, "", NOW, ())


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        (SESSION, Verdict.PASS),
        (replace(SESSION, starttls=None, handshake=None, after=None), Verdict.FAIL),
        (replace(SESSION, handshake=None, after=None), Verdict.FAIL),
        (replace(SESSION, handshake=BROKEN, after=None), Verdict.FAIL),
    ],
)
def test_starttls(load_check: Load, session: SessionFacts, verdict: Verdict) -> None:
    """TLS-01: anything but a complete handshake with words inside fails."""
    check = load_check("tls", "test_starttls", "test_starttls_completes")
    assert check(session).verdict is verdict


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        (SESSION, Verdict.PASS),
        (replace(SESSION, handshake=replace(BROKEN, clear_text="220 hi")), Verdict.FAIL),
        (replace(SESSION, handshake=BROKEN), Verdict.FAIL),
        (replace(SESSION, greeting=Reply("554", "no", ()), after=None), Verdict.FAIL),
    ],
)
def test_implicit_tls(load_check: Load, session: SessionFacts, verdict: Verdict) -> None:
    """TLS-02: clear text, a failed handshake and an unfriendly greeting fail."""
    assert load_check("tls", "test_starttls", "test_implicit_tls")(session).verdict is verdict


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        (SESSION, Verdict.PASS),
        (replace(SESSION, injected="250 hi"), Verdict.FAIL),
        (replace(SESSION, handshake=replace(BROKEN, clear_text="250 hi")), Verdict.FAIL),
        (replace(SESSION, handshake=BROKEN), Verdict.UNVERIFIED),
        (replace(SESSION, starttls=None, handshake=None), Verdict.UNVERIFIED),
    ],
)
def test_clear_text(load_check: Load, session: SessionFacts, verdict: Verdict) -> None:
    """TLS-07: without a handshake there is nothing to judge."""
    name = "test_nothing_in_clear_text_before_the_handshake"
    assert load_check("tls", "test_starttls", name)(session).verdict is verdict


def announced(*words: str) -> Capabilities:
    """
    Capabilities without parameters.
    """
    return Capabilities(tuple((each, ()) for each in words))


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        (replace(SESSION, after=announced("PIPELINING", "AUTH")), Verdict.PASS),
        (replace(SESSION, after=announced("PIPELINING", "STARTTLS")), Verdict.FAIL),
        (replace(SESSION, after=announced("UIDL", "STLS")), Verdict.FAIL),
        (replace(SESSION, before=None, after=announced("IMAP4REV1", "STARTTLS")), Verdict.FAIL),
        (replace(SESSION, greeting=Reply("PREAUTH", "hi", ()), after=None), Verdict.FAIL),
        (
            replace(
                SESSION,
                greeting=Reply("PREAUTH", "hi", ()),
                before=None,
                after=announced("IMAP4REV1"),
            ),
            Verdict.PASS,
        ),
        (replace(SESSION, after=announced()), Verdict.UNVERIFIED),
        (replace(SESSION, after=None), Verdict.UNVERIFIED),
    ],
)
def test_out_of_tls(load_check: Load, session: SessionFacts, verdict: Verdict) -> None:
    """TLS-12: what is announced before TLS, and what PREAUTH says inside it, is something else."""
    check = load_check("tls", "test_starttls", "test_nothing_leads_clients_out_of_tls")
    assert check(session).verdict is verdict


def test_client_certificate(load_check: Load) -> None:
    """TLS-09: a request for a certificate fails; without a session the question is open."""
    check = load_check("tls", "test_starttls", "test_no_client_certificate_is_asked_for")
    asking = replace(offer("TLSv1.2", "TLSv1.2"), asks_certificate=True)
    assert check(SESSION, GOOD_VERSIONS).verdict is Verdict.PASS
    assert check(SESSION, versions(asking)).verdict is Verdict.FAIL
    unsecured = replace(SESSION, handshake=BROKEN, after=None)
    assert check(unsecured, GOOD_VERSIONS).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("facts", "minimum", "verdict"),
    [
        (GOOD_VERSIONS, "TLSv1.2", Verdict.PASS),
        (GOOD_VERSIONS, "TLSv1.3", Verdict.FAIL),
        (versions(offer("TLSv1", "TLSv1"), offer("TLSv1.2", "TLSv1.2")), "TLSv1.2", Verdict.FAIL),
        (versions(offer("TLSv1.1", "TLSv1")), "TLSv1.2", Verdict.FAIL),
        (versions(offer("TLSv1"), offer("TLSv1.2")), "TLSv1.2", Verdict.UNVERIFIED),
        (versions(unclear("TLSv1"), offer("TLSv1.2", "TLSv1.2")), "TLSv1.2", Verdict.UNVERIFIED),
        (replace(GOOD_VERSIONS, control=offer("TLSv1.3")), "TLSv1.2", Verdict.UNVERIFIED),
    ],
)
def test_floor(load_check: Load, facts: VersionFacts, minimum: str, verdict: Verdict) -> None:
    """TLS-03: refusals count only beside an accepted version, and silence never counts."""
    check = load_check("tls", "test_versions", "test_old_versions_are_refused")
    assert check(facts, target(minimum=minimum)).verdict is verdict


def test_tls13(load_check: Load) -> None:
    """TLS-04: a refusal beside an accepted version fails, no answer leaves the question open."""
    check = load_check("tls", "test_versions", "test_tls13_is_available")
    old = versions(offer("TLSv1.2", "TLSv1.2"), offer("TLSv1.3"))
    mute = versions(offer("TLSv1.2", "TLSv1.2"), unclear("TLSv1.3"))
    assert check(GOOD_VERSIONS, target()).verdict is Verdict.PASS
    assert check(old, target()).verdict is Verdict.FAIL
    assert check(mute, target()).verdict is Verdict.UNVERIFIED
    assert check(old, target(tls13=False)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "endpoint", "public", "verdict"),
    [
        (suites(), IMAPS, True, Verdict.PASS),
        (suites(0x0005), IMAPS, True, Verdict.FAIL),
        (suites(0x0018), IMAPS, False, Verdict.FAIL),
        (suites(0x0018), SMTP, True, Verdict.FAIL),
        (suites(0x0018), SMTP, False, Verdict.PASS),
        (suites(0x009D), IMAPS, True, Verdict.PASS),
        (replace(suites(), control=None), IMAPS, True, Verdict.UNVERIFIED),
        (replace(suites(), offers=(unclear("TLSv1.2", "RSA"),)), IMAPS, True, Verdict.UNVERIFIED),
    ],
)
def test_weak_suites(
    load_check: Load, facts: SuiteFacts, endpoint: Endpoint, public: bool, verdict: Verdict
) -> None:
    """TLS-05: anonymous suites pass only on a port 25 whose certificate nobody verifies."""
    check = load_check("tls", "test_suites", "test_weak_suites_are_refused")
    assert check(facts, target(public_trust_smtp=public), endpoint).verdict is verdict


def test_forward_secrecy(load_check: Load) -> None:
    """TLS-06: one suite with static RSA fails."""
    check = load_check("tls", "test_suites", "test_forward_secrecy")
    assert check(suites()).verdict is Verdict.PASS
    assert check(suites(0x009D)).verdict is Verdict.FAIL
    assert check(replace(suites(), control=offer("TLSv1.2"))).verdict is Verdict.UNVERIFIED


def test_dh_prime(load_check: Load) -> None:
    """TLS-08: the shortest prime counts; without one there is nothing to judge."""
    check = load_check("tls", "test_suites", "test_dh_prime_on_the_wire")
    short = versions(replace(offer("TLSv1.2", "TLSv1.2"), dh_bits=1024))
    good = versions(replace(offer("TLSv1.2", "TLSv1.2"), dh_bits=4096))
    assert check(good, target()).verdict is Verdict.PASS
    assert check(short, target()).verdict is Verdict.FAIL
    assert check(GOOD_VERSIONS, target()).verdict is Verdict.NOT_APPLICABLE
    assert check(versions(offer("TLSv1.2")), target()).verdict is Verdict.UNVERIFIED


ONLY_13 = versions(offer("TLSv1.2"), offer("TLSv1.3", "TLSv1.3", 0x1301))
BARE = replace(SHAKE, offered_ems=False, server_hello=NO_EMS)
REFUSED = replace(BROKEN, offered_ems=False, server_hello=NO_EMS)


@pytest.mark.parametrize(
    ("facts", "other", "verdict"),
    [
        (EmsFacts(SHAKE, BARE, ()), GOOD_VERSIONS, Verdict.PASS),
        (EmsFacts(replace(SHAKE, server_hello=NO_EMS), BARE, ()), GOOD_VERSIONS, Verdict.FAIL),
        (EmsFacts(BROKEN, BROKEN, ()), ONLY_13, Verdict.NOT_APPLICABLE),
        (EmsFacts(BROKEN, BROKEN, ()), GOOD_VERSIONS, Verdict.UNVERIFIED),
        (EmsFacts(BARE, BARE, ()), GOOD_VERSIONS, Verdict.UNVERIFIED),
    ],
)
def test_ems(load_check: Load, facts: EmsFacts, other: VersionFacts, verdict: Verdict) -> None:
    """EMS-01: what our own side did not offer says nothing about the server."""
    check = load_check("tls", "test_ems", "test_extended_master_secret")
    assert check(facts, other).verdict is verdict


RESUMED = replace(SHAKE, offered_session=True, resumed=True)
ANEW = replace(RESUMED, resumed=False)
DROPPED = replace(REFUSED, offered_session=True)
LATE = replace(BROKEN, ending=Ending.TIME)
LOOSE = replace(DROPPED, resumed=True)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (ResumptionFacts(BARE, RESUMED, DROPPED, ANEW, "", ()), Verdict.PASS),
        (ResumptionFacts(BARE, RESUMED, DROPPED, None, "", ()), Verdict.PASS),
        (
            ResumptionFacts(BARE, RESUMED, replace(DROPPED, resumed=True), ANEW, "", ()),
            Verdict.FAIL,
        ),
        (ResumptionFacts(BARE, RESUMED, DROPPED, RESUMED, "", ()), Verdict.FAIL),
        (ResumptionFacts(BARE, RESUMED, RESUMED, ANEW, "", ()), Verdict.UNVERIFIED),
        (
            ResumptionFacts(BARE, RESUMED, replace(DROPPED, offered_session=False), ANEW, "", ()),
            Verdict.UNVERIFIED,
        ),
        (
            ResumptionFacts(BARE, RESUMED, replace(DROPPED, ending=Ending.TIME), ANEW, "", ()),
            Verdict.UNVERIFIED,
        ),
        (ResumptionFacts(BARE, ANEW, DROPPED, ANEW, "", ()), Verdict.NOT_APPLICABLE),
        (ResumptionFacts(BARE, LATE, DROPPED, ANEW, "", ()), Verdict.UNVERIFIED),
        (ResumptionFacts(LATE, RESUMED, DROPPED, None, "", ()), Verdict.UNVERIFIED),
        (ResumptionFacts(None, None, None, None, "no TLS 1.2", ()), Verdict.NOT_APPLICABLE),
    ],
)
def test_resumption(load_check: Load, facts: ResumptionFacts, verdict: Verdict) -> None:
    """EMS-03: what our own side could not ask for says nothing about the server."""
    assert (
        load_check("tls", "test_ems", "test_sessions_go_on_as_they_began")(facts).verdict is verdict
    )


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (EmsFacts(SHAKE, REFUSED, ()), Verdict.PASS),
        (EmsFacts(SHAKE, BARE, ()), Verdict.FAIL),
        (EmsFacts(SHAKE, replace(REFUSED, ending=Ending.CLIENT), ()), Verdict.UNVERIFIED),
        (EmsFacts(SHAKE, replace(REFUSED, ending=Ending.TIME), ()), Verdict.UNVERIFIED),
        (EmsFacts(SHAKE, BROKEN, ()), Verdict.UNVERIFIED),
        (EmsFacts(BROKEN, REFUSED, ()), Verdict.UNVERIFIED),
    ],
)
def test_ems_enforced(load_check: Load, facts: EmsFacts, verdict: Verdict) -> None:
    """EMS-02: only the server's own refusal counts, beside a handshake that completes."""
    check = load_check("tls", "test_ems", "test_sessions_without_it_are_refused")
    assert check(facts, GOOD_VERSIONS, target(ems_required=True)).verdict is verdict
    assert check(facts, GOOD_VERSIONS, target()).verdict is Verdict.NOT_APPLICABLE
    assert check(facts, ONLY_13, target(ems_required=True)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (certificate(), Verdict.PASS),
        (certificate(trusted=False), Verdict.FAIL),
        (certificate(replace(CERTIFICATE, server_auth=False)), Verdict.FAIL),
        (certificate(trusted=None), Verdict.UNVERIFIED),
        (replace(certificate(), chain=(), trusted=False), Verdict.FAIL),
    ],
)
def test_trust(load_check: Load, facts: CertificateFacts, verdict: Verdict) -> None:
    """CERT-01: an authority file that cannot be read leaves the question open."""
    check = load_check("tls", "test_certificates", "test_chain_is_trusted")
    assert check(facts, target(), IMAPS).verdict is verdict
    lenient = target(public_trust_smtp=False)
    assert check(facts, lenient, SMTP).verdict is Verdict.NOT_APPLICABLE


def test_name(load_check: Load) -> None:
    """CERT-02: the common name does not count."""
    check = load_check("tls", "test_certificates", "test_name_matches")
    common_name = replace(CERTIFICATE, dns_names=(), subject=f"CN={HOST_NAME}")
    assert check(certificate(), target(), IMAPS).verdict is Verdict.PASS
    assert check(certificate(common_name), target(), IMAPS).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("leaf", "verdict"),
    [
        (CERTIFICATE, Verdict.PASS),
        (replace(CERTIFICATE, not_after=NOW + 5 * DAY), Verdict.FAIL),
        (replace(CERTIFICATE, not_after=NOW - 5 * DAY), Verdict.FAIL),
        (replace(CERTIFICATE, not_before=NOW + 5 * DAY), Verdict.FAIL),
    ],
)
def test_validity(load_check: Load, leaf: Certificate, verdict: Verdict) -> None:
    """CERT-03: expired, not yet valid, and soon to expire all fail."""
    check = load_check("tls", "test_certificates", "test_certificate_is_valid_now")
    assert check(certificate(leaf), target()).verdict is verdict


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("dovecot", "test_dovecot_shows_one_certificate"),
        ("postfix", "test_postfix_shows_one_certificate"),
    ],
)
def test_one_certificate(load_check: Load, server: str, name: str) -> None:
    """CERT-04, CERT-11: ports are compared with each other and with the disk."""
    check = load_check("tls", "test_certificates", name)
    first = ShownLeaf(server, "a", 1, CERTIFICATE)
    second = replace(first, endpoint="b", port=2, certificate=replace(CERTIFICATE, sha256="bb"))
    same = ShownFacts((first, replace(first, port=2)), (), ((server, "aa"),), (), ())
    without_shell = replace(same, on_disk=(), disk_detail=((server, "no shell"),))
    assert check(same).verdict is Verdict.PASS
    assert "no shell" in check(without_shell).observed
    assert check(without_shell).verdict is Verdict.PASS
    assert check(replace(same, leaves=(first, second))).verdict is Verdict.FAIL
    assert check(replace(same, on_disk=((server, "cc"),))).verdict is Verdict.FAIL
    assert check(replace(same, leaves=())).verdict is Verdict.UNVERIFIED


def test_strength(load_check: Load) -> None:
    """CERT-05: a short key or a broken signature fails."""
    check = load_check("tls", "test_certificates", "test_strong_key_and_signature")
    assert check(certificate()).verdict is Verdict.PASS
    assert check(certificate(replace(CERTIFICATE, bits=1024))).verdict is Verdict.FAIL
    assert check(certificate(replace(CERTIFICATE, signature_hash="sha1"))).verdict is Verdict.FAIL


CERT = PemFile("/c", exists=True, certificates=1, certified_key="aa", leaf="aa")
KEY = PemFile("/k", exists=True, private_key="aa")
KEYS = KeyFileFacts((KeyPair("main.cf", "/c", "/k"),), (CERT, KEY), None, ())
NO_KEYS = KeyFileFacts((), (), None, ())


def files(mode: int = 0o600, directory: int = 0o755) -> FileFacts:
    """
    The key and the certificate with these permissions, in a directory with those.
    """
    parents = (DirectoryStat("/", directory, "root", "root"),)
    return FileFacts(
        (
            FileStat("/k", "/k", "file", mode, "root", "root", parents),
            FileStat("/c", "/c", "file", 0o644, "root", "root", parents),
        ),
        (),
        (),
    )


@pytest.mark.parametrize("server", ["dovecot", "postfix"])
def test_key_permissions(load_check: Load, server: str) -> None:
    """CERT-06, CERT-12: a key that others can read fails; one that is gone is not judged."""
    check = load_check("tls", "test_key_files", f"test_{server}_keys_are_private")
    gone = FileFacts((), ("/k", "/c"), ())
    assert check(KEYS, files(), target()).verdict is Verdict.PASS
    assert check(KEYS, files(0o640), target()).verdict is Verdict.FAIL
    assert check(KEYS, gone, target()).verdict is Verdict.UNVERIFIED
    assert check(NO_KEYS, files(), target()).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("server", ["dovecot", "postfix"])
def test_directories(load_check: Load, server: str) -> None:
    """CERT-07, CERT-13: a directory that everybody can write to fails."""
    check = load_check("tls", "test_key_files", f"test_{server}_key_directories_are_safe")
    assert check(KEYS, files()).verdict is Verdict.PASS
    assert check(KEYS, files(directory=0o777)).verdict is Verdict.FAIL
    assert check(KEYS, FileFacts((), ("/k", "/c"), ())).verdict is Verdict.UNVERIFIED
    assert check(NO_KEYS, files()).verdict is Verdict.UNVERIFIED


def pair(**key: object) -> KeyFileFacts:
    """
    The pair with another key.
    """
    return replace(KEYS, files=(CERT, replace(KEY, **key)))  # type: ignore[arg-type]


def test_dovecot_pair(load_check: Load) -> None:
    """CERT-08: another key fails; a passphrase or a missing file leaves the question open."""
    check = load_check("tls", "test_key_files", "test_dovecot_key_belongs_to_certificate")
    assert check(KEYS).verdict is Verdict.PASS
    assert check(pair(private_key="bb")).verdict is Verdict.FAIL
    assert check(pair(private_key="", encrypted=True)).verdict is Verdict.UNVERIFIED
    assert check(pair(private_key="", exists=False)).verdict is Verdict.UNVERIFIED


def test_postfix_pair(load_check: Load) -> None:
    """CERT-14: whatever keeps Postfix from using the pair fails."""
    check = load_check("tls", "test_key_files", "test_postfix_certificate_and_key")
    assert check(KEYS).verdict is Verdict.PASS
    assert check(pair(private_key="bb")).verdict is Verdict.FAIL
    assert check(pair(private_key="", encrypted=True)).verdict is Verdict.FAIL
    assert check(pair(private_key="", exists=False)).verdict is Verdict.FAIL


def dovecot(text: str) -> DovecotConfig:
    """
    A configuration with these settings.
    """
    root = parse_doveconf(text)
    return DovecotConfig("2.3.19", "/etc/dovecot/dovecot.conf", (), root, root, (), ())


def test_switched_on(load_check: Load) -> None:
    """CERT-09: yes and required are on."""
    check = load_check("tls", "test_dovecot_settings", "test_tls_is_switched_on")
    assert check(dovecot("ssl = yes\n")).verdict is Verdict.PASS
    assert check(dovecot("ssl = required\n")).verdict is Verdict.PASS
    assert check(dovecot("ssl = no\n")).verdict is Verdict.FAIL


def test_marked_pair(load_check: Load) -> None:
    """CERT-15: no marker, or a file without what belongs in it, fails."""
    check = load_check("tls", "test_dovecot_settings", "test_certificate_and_key_files")
    good = dovecot("ssl_cert = </c\nssl_key = </k\n")
    assert check(good, KEYS).verdict is Verdict.PASS
    assert check(good, pair(private_key="")).verdict is Verdict.FAIL
    assert check(dovecot("ssl_cert = /c\nssl_key = </k\n"), KEYS).verdict is Verdict.FAIL


def test_authority(load_check: Load) -> None:
    """CERT-16: an empty setting is fine, a certificate of no authority is not."""
    check = load_check("tls", "test_dovecot_settings", "test_authority_file")
    authority = replace(KEYS, files=(PemFile("/ca", exists=True, certificates=1, authorities=1),))
    assert check(dovecot("ssl_ca = </ca\n"), authority).verdict is Verdict.PASS
    assert check(dovecot("ssl_ca = /ca\n"), authority).verdict is Verdict.FAIL
    assert check(dovecot("ssl_ca = </c\n"), KEYS).verdict is Verdict.FAIL
    assert check(dovecot("ssl_ca =\n"), KEYS).verdict is Verdict.NOT_APPLICABLE


def parameters(bits: int, *, dhe: bool | None = True) -> KeyFileFacts:
    """
    Diffie-Hellman parameters of this size.
    """
    return KeyFileFacts((), (PemFile("/dh", exists=True, dh_bits=bits),), dhe, ())


def test_dh_file(load_check: Load) -> None:
    """CERT-17: who has suites that need parameters needs parameters."""
    check = load_check("tls", "test_dovecot_settings", "test_dh_parameter_file")
    marked, bare, empty = dovecot("ssl_dh = </dh\n"), dovecot("ssl_dh = /dh\n"), dovecot("")
    assert check(marked, parameters(4096)).verdict is Verdict.PASS
    assert check(marked, parameters(0)).verdict is Verdict.FAIL
    assert check(bare, parameters(4096)).verdict is Verdict.FAIL
    assert check(empty, parameters(0)).verdict is Verdict.FAIL
    assert check(empty, parameters(0, dhe=False)).verdict is Verdict.NOT_APPLICABLE


def test_dh_bits(load_check: Load) -> None:
    """CERT-10: the profile says how long they have to be."""
    check = load_check("tls", "test_dovecot_settings", "test_dh_parameters_are_long")
    marked = dovecot("ssl_dh = </dh\n")
    assert check(marked, parameters(2048), target()).verdict is Verdict.PASS
    assert check(marked, parameters(2048), target(dh_bits=4096)).verdict is Verdict.FAIL
    assert check(marked, parameters(0), target()).verdict is Verdict.FAIL
    assert check(dovecot(""), parameters(0), target()).verdict is Verdict.NOT_APPLICABLE


def test_markers(load_check: Load) -> None:
    """CERT-18: sections count as well."""
    check = load_check("tls", "test_dovecot_settings", "test_files_are_marked")
    section = "local_name mail.example.net {\n  ssl_alt_cert = /c\n}\n"
    assert check(dovecot("ssl_cert = </c\n")).verdict is Verdict.PASS
    assert check(dovecot("ssl_cert = </c\n" + section)).verdict is Verdict.FAIL
    assert check(dovecot("")).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Renegotiation.REFUSED, Verdict.PASS),
        (Renegotiation.IGNORED, Verdict.PASS),
        (Renegotiation.PERFORMED, Verdict.FAIL),
        (Renegotiation.IMPOSSIBLE, Verdict.NOT_APPLICABLE),
    ],
)
def test_renegotiation(load_check: Load, outcome: Renegotiation, verdict: Verdict) -> None:
    """TLS-11: whoever does not answer does not go along."""
    check = load_check("tls", "test_renegotiation", "test_clients_do_not_renegotiate")
    assert check(RenegotiationFacts(outcome, "", ())).verdict is verdict
