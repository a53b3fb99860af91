"""
Schemes of stored passwords, told apart inside the database so that no password leaves it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

CRYPT_IDS = {
    "$1$": "MD5-CRYPT",
    "$2a$": "BLF-CRYPT",
    "$2b$": "BLF-CRYPT",
    "$2x$": "BLF-CRYPT",
    "$2y$": "BLF-CRYPT",
    "$5$": "SHA256-CRYPT",
    "$6$": "SHA512-CRYPT",
    "$7$": "CRYPT",
    "$y$": "CRYPT",
    "$gy$": "CRYPT",
    "$argon2i$": "ARGON2I",
    "$argon2id$": "ARGON2ID",
}
"""How passwords begin that name their own algorithm (crypt(5)), and Dovecot's name for it."""

NO_PASSWORD, UNKNOWN, BARE = "no password", "{?}", "no prefix"
"""Labels of rows that let nobody in, whose scheme nobody knows, and that name none at all."""

_CLEAR = ("PLAIN", "CLEAR", "CLEARTEXT", "PLAIN-TRUNC")
_UNSALTED = (
    "PLAIN-MD4",
    "PLAIN-MD5",
    "LDAP-MD5",
    "LANMAN",
    "NTLM",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA512",
)
_AS_GOOD = ("CRAM-MD5", "HMAC-MD5", "DIGEST-MD5", "RPA", "DES-CRYPT")
UNSAFE = frozenset((*_CLEAR, *_UNSALTED, *_AS_GOOD))
"""Schemes that are clear text, as good as it, or without salt."""

DEFAULT = "MD5"
"""What Dovecot 2.3 takes for the scheme of SQL passwords where no default is set."""

_SAME = {"MD5": "MD5-CRYPT", "SHA1": "SHA"}
_ENCODINGS = ("", ".b64", ".base64", ".hex")
_SCHEME = re.compile(r"[A-Z0-9-]{1,40}")
_LOCKED = ("*", "!", "!!", "x", "*LK*")


@dataclass(frozen=True, slots=True)
class StoredScheme:
    """
    Stored passwords of one kind.

    Attributes:
        label: How they begin: ``{SCHEME}``, the prefix of a crypt id, or one of the labels above.
        count: How many there are.
    """

    label: str
    count: int

    @property
    def scheme(self) -> str:
        """
        The scheme that the prefix in braces names, in capitals and without encoding; or empty.
        """
        if not self.label.startswith("{") or self.label == UNKNOWN:
            return ""
        return self.label[1 : self.label.index("}")].partition(".")[0].upper()

    @property
    def unprefixed(self) -> bool:
        """
        Whether only the default says which scheme it is.
        """
        return not self.label.startswith("{") and self.label != NO_PASSWORD

    def __str__(self) -> str:
        return f"{self.count} × {self.label}"


def parse_schemes(text: str) -> tuple[str, ...]:
    """
    What ``doveadm pw -l`` lists.
    """
    return tuple(word.upper() for word in text.split() if _SCHEME.fullmatch(word.upper()))


def label_of(column: str, known: Iterable[str]) -> str:
    """
    An SQL expression for the label of the password in *column*.

    Its values are constants of ours: whatever stands in a row, none of it becomes part of one.
    """
    column = f"CONVERT({column} USING utf8mb4)"
    locked = ", ".join(f"'{each}'" for each in ("", *_LOCKED))
    cases = [f"WHEN {column} IS NULL OR {column} IN ({locked}) OR {column} LIKE '!$%'"]
    labels = [NO_PASSWORD]
    for prefix in ("{CRYPT}", ""):
        for start in CRYPT_IDS:
            cases.append(f"WHEN {column} LIKE '{prefix}{start}%'")
            labels.append(f"{prefix}{start}")
    for scheme in known:
        for encoding in _ENCODINGS:
            cases.append(f"WHEN {column} LIKE '{{{scheme}{encoding}}}%'")
            labels.append(f"{{{scheme}{encoding}}}")
    cases.append(f"WHEN {column} LIKE '{{%}}%'")
    labels.append(UNKNOWN)
    whens = " ".join(f"{case} THEN '{label}'" for case, label in zip(cases, labels, strict=True))
    return f"CASE {whens} ELSE '{BARE}' END"


def unsafe(stored: StoredScheme, default: str, known: Iterable[str]) -> bool:
    """
    Whether nobody can log in with such a password, or whoever reads it can.
    """
    if stored.label == NO_PASSWORD:
        return False
    if stored.label.startswith("{CRYPT}"):
        return stored.label == "{CRYPT}"
    if stored.unprefixed and stored.label != BARE:
        return False
    scheme = stored.scheme or (default or DEFAULT if stored.unprefixed else "")
    without_id = stored.unprefixed and (scheme == "CRYPT" or _has_id(scheme))
    return without_id or scheme not in set(known) or scheme in UNSAFE


def contradicts(stored: StoredScheme, default: str) -> bool:
    """
    Whether a password without prefix is of another scheme than the *default*.
    """
    if not stored.unprefixed or not default:
        return False
    scheme = _SAME.get(default, default)
    if stored.label == BARE:
        return _has_id(scheme)
    if scheme == "CRYPT":
        return False
    if scheme == "PBKDF2":
        return stored.label != "$1$"
    return CRYPT_IDS[stored.label] != scheme


def _has_id(scheme: str) -> bool:
    """
    Whether passwords of *scheme* begin with the id of their algorithm.
    """
    return _SAME.get(scheme, scheme) in {*CRYPT_IDS.values(), "PBKDF2"} - {"CRYPT"}
