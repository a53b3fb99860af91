"""
Certificate and key files on the host: which are configured, what is in them, who may touch them.
"""

import pytest

from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import DirectoryStat, FileFacts, FileStat
from mailvet.facts.key_safety import exposed_keys, missing_files, unsafe_directories
from mailvet.facts.keyfiles import (
    KeyFileFacts,
    KeyPair,
    PemFile,
    join_chain_files,
    parse_pem_files,
)
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.tls_settings import (
    dovecot_pairs,
    file_settings,
    postfix_pairs,
    tls_switched_off,
)

NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

CONFIGURED = """
ssl = required
ssl_cert = </etc/dovecot/server.crt
ssl_key = </etc/dovecot/server.key
ssl_dh = /etc/dovecot/dh.pem
protocol pop3 {
  ssl_cert = </etc/dovecot/old.crt
}
local_name mail.example.net {
  ssl_cert = </etc/dovecot/net.crt
  ssl_key = ***
}
service imap-login {
  inet_listener imap {
    ssl = no
  }
}
"""


def dovecot(text: str = CONFIGURED) -> DovecotConfig:
    """
    A configuration with these settings.
    """
    root = parse_doveconf(text)
    return DovecotConfig("2.3.19", "/etc/dovecot/dovecot.conf", (), root, root, (), ())


def postfix(*services: MasterService, **settings: str) -> PostfixConfig:
    """
    A configuration with these settings and services.
    """
    return PostfixConfig("3.7", "/etc/postfix", settings, settings, services, (), ())


def smtpd(name: str, **overrides: str) -> MasterService:
    """
    A service that runs smtpd.
    """
    chosen = tuple(overrides.items())
    return MasterService(name, "inet", False, False, False, "smtpd", chosen)


def test_sections_inherit_what_they_do_not_set() -> None:
    """
    A section with a certificate alone goes with the key of the whole configuration.
    """
    pairs = {each.where: (each.certificate, each.key) for each in dovecot_pairs(dovecot())}
    assert pairs["ssl_cert and ssl_key"] == ("/etc/dovecot/server.crt", "/etc/dovecot/server.key")
    assert pairs["protocol pop3"] == ("/etc/dovecot/old.crt", "/etc/dovecot/server.key")


def test_settings_without_marker_are_found_in_sections() -> None:
    """
    A path without marker, and a key that is no path, are both unmarked.
    """
    unmarked = {(each.where, each.name) for each in file_settings(dovecot()) if not each.marked}
    assert unmarked == {("", "ssl_dh"), ("local_name mail.example.net", "ssl_key")}


@pytest.mark.parametrize(
    ("text", "off"),
    [
        (CONFIGURED, False),
        ("ssl = yes\n", False),
        ("ssl = no\n", True),
        ("ssl = required\nprotocol pop3 {\n  ssl = no\n}\n", True),
    ],
)
def test_tls_switched_off(text: str, off: bool) -> None:
    """
    A listener that starts in clear text does not switch TLS off; a section may.
    """
    assert bool(tls_switched_off(dovecot(text))) is off


def test_postfix_services_with_their_own_certificate() -> None:
    """
    What master.cf overrides is a pair of its own; what it does not is counted once.
    """
    config = postfix(
        smtpd("smtp"),
        smtpd("submission", smtpd_tls_cert_file="/own.pem", smtpd_tls_key_file="/own.key"),
        smtpd_tls_cert_file="/main.pem",
        smtpd_tls_key_file="/main.key",
    )
    assert [(each.certificate, each.key) for each in postfix_pairs(config)] == [
        ("/main.pem", "/main.key"),
        ("/own.pem", "/own.key"),
    ]


def test_postfix_chain_files_win() -> None:
    """
    With smtpd_tls_chain_files the older settings do not count.
    """
    config = postfix(smtpd_tls_chain_files="/rsa.pem, /ec.pem", smtpd_tls_cert_file="/old.pem")
    assert [each.certificate for each in postfix_pairs(config)] == ["/rsa.pem", "/ec.pem"]


def test_postfix_without_certificate() -> None:
    """
    Nothing set, and the word none, both mean that there is no certificate.
    """
    for config in (postfix(), postfix(smtpd_tls_cert_file="none")):
        assert [(each.certificate, each.key) for each in postfix_pairs(config)] == [("", "")]


def test_key_of_a_chain_stands_before_its_certificate() -> None:
    """
    A file with a key alone belongs to the next file, which has no key.
    """
    files = {
        "/k.pem": PemFile("/k.pem", exists=True, private_key="aa"),
        "/c.pem": PemFile("/c.pem", exists=True, certificates=2, certified_key="aa"),
    }
    pairs = [KeyPair("main.cf", path, path) for path in files]
    assert join_chain_files(pairs, files) == (KeyPair("main.cf", "/c.pem", "/k.pem"),)


def test_output_of_the_script() -> None:
    """
    Hashes of nothing are nothing, and a missing file has no lines.
    """
    text = (
        f"@@0\nexists 1\ncertificates 2\nauthorities 1\nleaf ab\ncertified cd\nprivate {NOTHING}\n"
        f"encrypted 0\ndh \n@@1\n@@2\nexists 1\nleaf {NOTHING}\ndh 4096\n@@ciphers\n"
    )
    first, second, third = parse_pem_files(text, ("/a", "/b", "/c"))
    assert (first.certificates, first.leaf, first.certified_key) == (2, "ab", "cd")
    assert first.private_key == ""
    assert not second.exists
    assert (third.leaf, third.dh_bits) == ("", 4096)


def facts(certificate: PemFile, key: PemFile) -> KeyFileFacts:
    """
    One pair with these files.
    """
    pair = KeyPair("main.cf", certificate.path, key.path)
    return KeyFileFacts((pair,), (certificate, key), None, ())


def test_problems_of_a_pair() -> None:
    """
    Unset, missing and empty files are unusable; two that do not fit are a mismatch.
    """
    good = PemFile("/c", exists=True, certificates=1, certified_key="aa", leaf="ff")
    key = PemFile("/k", exists=True, private_key="aa")
    other = PemFile("/k", exists=True, private_key="bb")
    assert not facts(good, key).unusable
    assert not facts(good, key).mismatches
    assert facts(good, other).mismatches
    assert facts(PemFile("/c"), key).unusable
    assert facts(good, PemFile("/k", exists=True)).unusable
    locked = PemFile("/k", exists=True, encrypted=True)
    assert facts(good, locked).unreadable == ("/k",)
    assert not facts(good, locked).unusable


def stat(mode: int, owner: str = "root", acl: tuple[str, ...] = ()) -> FileFacts:
    """
    One key with these permissions.
    """
    return FileFacts((FileStat("/k", "/k", "file", mode, owner, "root", (), acl),), ("/gone",), ())


@pytest.mark.parametrize(
    ("files", "private", "exposed"),
    [
        (stat(0o600), True, False),
        (stat(0o400), True, False),
        (stat(0o644), True, True),
        (stat(0o640), True, True),
        (stat(0o640), False, False),
        (stat(0o644), False, True),
        (stat(0o600, "dovecot"), True, True),
        (stat(0o600, "vmail"), False, True),
        (stat(0o640, acl=("user:nobody:r--",)), False, True),
    ],
)
def test_exposed_keys(files: FileFacts, private: bool, exposed: bool) -> None:
    """
    Root alone may read a key; where the profile allows it, a group without an access list, too.
    """
    assert bool(exposed_keys(files, ("/k",), private=private)) is exposed


def test_missing_files() -> None:
    """
    A file that was looked for and is not there is missing.
    """
    assert missing_files(stat(0o600), ("/k", "/gone")) == ("/gone",)


@pytest.mark.parametrize(
    ("directory", "unsafe"),
    [
        (DirectoryStat("/d", 0o755, "root", "root"), False),
        (DirectoryStat("/d", 0o775, "root", "root"), False),
        (DirectoryStat("/d", 0o775, "root", "mail"), True),
        (DirectoryStat("/d", 0o775, "root", "root", ("user:bob:rwx",)), True),
        (DirectoryStat("/d", 0o1777, "root", "root"), True),
        (DirectoryStat("/d", 0o755, "postfix", "root"), True),
    ],
)
def test_unsafe_directories(directory: DirectoryStat, unsafe: bool) -> None:
    """
    Whoever may write to a directory may replace what is in it, sticky bit or not.
    """
    file = FileStat("/d/k", "/d/k", "file", 0o600, "root", "root", (directory,))
    assert bool(unsafe_directories(FileFacts((file,), (), ()), ("/d/k",))) is unsafe
