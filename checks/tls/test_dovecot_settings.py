"""
Dovecot's TLS settings, most of which are the content of a file.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.issuer import IssuerFacts
from mailvet.facts.keyfiles import KeyFileFacts
from mailvet.facts.tls_settings import file_settings, tls_switched_off
from mailvet.model import Judgement, Target, judge, not_applicable
from mailvet.plugin import control


@control("CERT-09")
def test_tls_is_switched_on(dovecot: DovecotConfig) -> Judgement:
    """
    The setting ssl is yes or required, everywhere.
    """
    off = tls_switched_off(dovecot)
    seen = ", ".join(off) or f"ssl = {dovecot.setting('ssl')}"
    return judge(not off, observed=seen, expected="ssl = yes or ssl = required")


@control("CERT-15")
def test_certificate_and_key_files(dovecot: DovecotConfig, dovecot_keys: KeyFileFacts) -> Judgement:
    """
    The settings name files in which there is a certificate and a key.
    """
    expected = "ssl_cert and ssl_key with '<' and the path of a file that holds what it should"
    unmarked = [
        str(each) for each in file_settings(dovecot, "ssl_cert", "ssl_key") if not each.marked
    ]
    wrong = unmarked or dovecot_keys.unusable
    seen = "; ".join(f"{each.certificate}, {each.key}" for each in dovecot_keys.pairs)
    return judge(not wrong, observed="; ".join(wrong) or seen, expected=expected)


@control("CERT-16")
def test_authority_file(dovecot: DovecotConfig, dovecot_keys: KeyFileFacts) -> Judgement:
    """
    If certificates of authorities are named, they are read, and they are such.
    """
    expected = "ssl_ca empty, or '<' and the path of a file with a certificate of an authority"
    settings = file_settings(dovecot, "ssl_ca")
    if not settings:
        return not_applicable("ssl_ca is empty: nothing is checked with it")
    wrong = [str(each) for each in settings if not dovecot_keys.file(each.path).authorities]
    seen = ", ".join(wrong or map(str, settings))
    return judge(not wrong, observed=seen, expected=expected)


@control("CERT-17")
def test_dh_parameter_file(dovecot: DovecotConfig, dovecot_keys: KeyFileFacts) -> Judgement:
    """
    Diffie-Hellman parameters are read from a file, unless no suite needs them.
    """
    expected = "ssl_dh with '<' and the path of a file with DH parameters"
    settings = file_settings(dovecot, "ssl_dh")
    if not settings and dovecot_keys.dhe is False:
        return not_applicable("ssl_cipher_list has no suite that needs DH parameters")
    if not settings:
        seen = "ssl_dh is empty, and ssl_cipher_list has suites that need it"
        return judge(False, observed=seen, expected=expected)
    wrong = [str(each) for each in settings if not dovecot_keys.file(each.path).dh_bits]
    return judge(not wrong, observed=", ".join(wrong or map(str, settings)), expected=expected)


@control("CERT-10")
def test_dh_parameters_are_long(
    dovecot: DovecotConfig, dovecot_keys: KeyFileFacts, target: Target
) -> Judgement:
    """
    The configured Diffie-Hellman parameters are long enough.
    """
    least = target.expect.tls.dh_bits
    paths = [each.path for each in file_settings(dovecot, "ssl_dh")]
    if not paths:
        return not_applicable("ssl_dh is empty")
    sizes = [dovecot_keys.file(path).dh_bits for path in paths]
    seen = ", ".join(f"{path}: {size} bits" for path, size in zip(paths, sizes, strict=True))
    return judge(min(sizes) >= least, observed=seen, expected=f"at least {least} bits")


@control("CERT-18")
def test_files_are_marked(dovecot: DovecotConfig) -> Judgement:
    """
    Wherever a setting with a file stands, it has the marker.
    """
    settings = file_settings(dovecot)
    if not settings:
        return not_applicable("no such setting has a value")
    wrong = [str(each) for each in settings if not each.marked]
    seen = ", ".join(wrong) or f"{len(settings)} settings, all with it"
    return judge(not wrong, observed=seen, expected="'<' before the path, in every section")


@control("CERT-19")
def test_issued_by_the_copied_authority(dovecot_issuer: IssuerFacts) -> Judgement:
    """
    The chain of each certificate ends at an authority in ssl_ca.
    """
    if not dovecot_issuer.authorities or not dovecot_issuer.issued:
        return not_applicable("ssl_ca is empty, or there is no certificate to check")
    if dovecot_issuer.foreign and dovecot_issuer.for_clients:
        return not_applicable("ssl_ca holds the authorities of clients, which may be others")
    seen = [f"{each.certificate}: {each.said}" for each in dovecot_issuer.issued]
    return judge(
        not dovecot_issuer.foreign,
        observed="; ".join(dovecot_issuer.foreign or seen),
        expected=f"issued by an authority in {dovecot_issuer.authorities}",
    )
