"""
Files with passwords: which they are, and who may read them.
"""

import pytest

from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import UNKNOWN_ACL, DirectoryStat, FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.secret_files import (
    SecretFile,
    SecretFileFacts,
    dovecot_candidates,
    dovecot_password_files,
    dovecot_user_files,
    parse_found,
    postfix_candidates,
    postfix_password_files,
)

OPEN = (DirectoryStat("/etc", 0o755, "root", "root"),)
CLOSED = (DirectoryStat("/etc/private", 0o700, "root", "root"), *OPEN)


def stat(
    mode: int,
    owner: str = "root",
    group: str = "root",
    *,
    parents: tuple[DirectoryStat, ...] = OPEN,
    acl: tuple[str, ...] = (),
) -> FileStat:
    """A file with this owner and mode."""
    return FileStat("/etc/x", "/etc/x", "file", mode, owner, group, parents, acl)


@pytest.mark.parametrize(
    ("file", "exposed"),
    [
        (stat(0o600), False),
        (stat(0o640, group="dovecot"), False),
        (stat(0o600, owner="vmail"), False),
        (stat(0o644), True),
        (stat(0o644, parents=CLOSED), False),
        (stat(0o640, group="users"), True),
        (stat(0o600, owner="alice"), True),
        (stat(0o640, acl=("user:bob:r--",)), True),
        (stat(0o640, acl=("user:dovecot:r--",)), False),
        (stat(0o640, acl=("user:bob:---",)), False),
        (stat(0o640, acl=(UNKNOWN_ACL,)), True),
    ],
)
def test_who_may_read(file: FileStat, exposed: bool) -> None:
    """The servers' accounts may; a closed folder above keeps everybody else out."""
    facts = SecretFileFacts((SecretFile("dnpass", file),), 1, ())

    assert bool(facts.exposed("vmail")) is exposed


def test_candidates_of_dovecot() -> None:
    """Files of the databases are looked at, and a passwd-file is nothing but passwords."""
    text = (
        "passdb {\n  driver = passwd-file\n  args = scheme=CRYPT /etc/dovecot/users\n}\n"
        "passdb {\n  driver = ldap\n  args = /etc/ldap/dovecot.conf\n}\n"
        "userdb {\n  driver = passwd-file\n  args = /srv/%d/passwd\n}\n"
        "userdb {\n  driver = passwd-file\n  args = username_format=%n /srv/mail/passwd\n}\n"
    )
    root = parse_doveconf(text)
    main = "/etc/dovecot/dovecot.conf"
    config = DovecotConfig("2.3.16", main, ("/etc/dovecot/a.ext",), root, root, (), ())

    assert dovecot_password_files(config) == ("/etc/dovecot/users",)
    assert dovecot_user_files(config) == ("/srv/mail/passwd",)
    assert set(dovecot_candidates(config)) == {
        main,
        "/etc/dovecot/a.ext",
        "/etc/dovecot/users",
        "/etc/ldap/dovecot.conf",
        "/srv/mail/passwd",
    }


def test_candidates_of_postfix() -> None:
    """A table with passwords is one in both of its forms."""
    settings = {
        "smtp_sasl_password_maps": "lmdb:/etc/postfix/sasl",
        "virtual_alias_maps": "mysql:/etc/postfix/my.cf, hash:/etc/postfix/virtual",
    }
    config = PostfixConfig("3.5.25", "/etc/postfix", settings, settings, (), (), ())

    assert postfix_password_files(config) == ("/etc/postfix/sasl", "/etc/postfix/sasl.lmdb")
    assert postfix_candidates(config) == (
        "/etc/postfix/main.cf",
        "/etc/postfix/master.cf",
        "/etc/postfix/my.cf",
    )


def test_names_of_settings_are_collected() -> None:
    """A file may have several, each once."""
    output = CommandOutput("script", 0, "@@found\n/a\tdnpass\n/a\tdnpass\n/a\tx_password\n/b\n", "")

    assert parse_found(output) == {"/a": "dnpass, x_password"}
