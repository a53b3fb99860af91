"""
Certificate and key files on the host: whose they are, and whether they fit together.
"""

from mailvet.facts.files import FileFacts
from mailvet.facts.key_safety import exposed_keys, missing_files, unsafe_directories
from mailvet.facts.keyfiles import KeyFileFacts
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control

NO_KEY = "no file with a private key is configured"
NO_FILE = "no file with a certificate, a key or parameters is configured"


@control("CERT-06")
def test_dovecot_keys_are_private(
    dovecot_keys: KeyFileFacts, files: FileFacts, target: Target
) -> Judgement:
    """
    Dovecot's private keys belong to root, and only root reads them.
    """
    return _private(dovecot_keys, files, target)


@control("CERT-12")
def test_postfix_keys_are_private(
    postfix_keys: KeyFileFacts, files: FileFacts, target: Target
) -> Judgement:
    """
    Postfix's private keys belong to root, and only root reads them.
    """
    return _private(postfix_keys, files, target)


def _private(keys: KeyFileFacts, files: FileFacts, target: Target) -> Judgement:
    expected = "keys that belong to root and that only root can read"
    if not keys.keys:
        return unverified(Cause.BLOCKED, observed=NO_KEY, expected=expected)
    exposed = exposed_keys(files, keys.keys, private=target.expect.tls.key_files_private)
    if exposed:
        return judge(False, observed=", ".join(exposed), expected=expected)
    missing = missing_files(files, keys.keys)
    if missing:
        seen = f"{', '.join(missing)}: no such file"
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    seen = ", ".join(str(files.stat(path)) for path in keys.keys)
    return judge(True, observed=seen, expected=expected)


@control("CERT-07")
def test_dovecot_key_directories_are_safe(
    dovecot_keys: KeyFileFacts, files: FileFacts
) -> Judgement:
    """
    Only root can put other files in the place of Dovecot's.
    """
    return _safe_directories(dovecot_keys, files)


@control("CERT-13")
def test_postfix_key_directories_are_safe(
    postfix_keys: KeyFileFacts, files: FileFacts
) -> Judgement:
    """
    Only root can put other files in the place of Postfix's.
    """
    return _safe_directories(postfix_keys, files)


def _safe_directories(keys: KeyFileFacts, files: FileFacts) -> Judgement:
    expected = "directories that belong to root and that only root can write to"
    paths = tuple(each.path for each in keys.files)
    if not paths:
        return unverified(Cause.BLOCKED, observed=NO_FILE, expected=expected)
    unsafe = unsafe_directories(files, paths)
    if unsafe:
        return judge(False, observed=", ".join(unsafe), expected=expected)
    missing = missing_files(files, paths)
    if missing:
        seen = f"{', '.join(missing)}: no such file"
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    return judge(True, observed=f"above {', '.join(paths)}: root only", expected=expected)


@control("CERT-08")
def test_dovecot_key_belongs_to_certificate(dovecot_keys: KeyFileFacts) -> Judgement:
    """
    Each of Dovecot's keys is the one that its certificate was issued for.
    """
    expected = "keys that belong to their certificates"
    if dovecot_keys.mismatches:
        return judge(False, observed="; ".join(dovecot_keys.mismatches), expected=expected)
    if dovecot_keys.unreadable:
        seen = f"{', '.join(dovecot_keys.unreadable)}: protected by a passphrase"
        return unverified(Cause.PRIVILEGE, observed=seen, expected=expected)
    if dovecot_keys.unusable:
        seen = "; ".join(dovecot_keys.unusable)
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    seen = "; ".join(f"{each.key} for {each.certificate}" for each in dovecot_keys.pairs)
    return judge(True, observed=seen, expected=expected)


@control("CERT-14")
def test_postfix_certificate_and_key(postfix_keys: KeyFileFacts) -> Judgement:
    """
    Postfix has a certificate, a key, and the one belongs to the other.
    """
    expected = "a certificate and the key that belongs to it"
    wrong = (*postfix_keys.unusable, *postfix_keys.mismatches)
    if wrong:
        return judge(False, observed="; ".join(wrong), expected=expected)
    if postfix_keys.unreadable:
        seen = f"{', '.join(postfix_keys.unreadable)}: Postfix cannot ask for a passphrase"
        return judge(False, observed=seen, expected=expected)
    seen = "; ".join(f"{each.key} for {each.certificate}" for each in postfix_keys.pairs)
    return judge(True, observed=seen, expected=expected)
