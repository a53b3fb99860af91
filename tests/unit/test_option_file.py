"""
What MariaDB's client library finds in a file of options.
"""

import pytest

from mailvet.facts.option_file import includes, parse_options


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (
            "[client]\nssl-ca = /etc/ca.crt\nssl-verify-server-cert\n",
            "ssl_ca ssl_verify_server_cert",
        ),
        ("[client]\nssl_capath=/etc/ssl\n", "ssl_ca_path"),
        ("user=dovecot\n[mysqld]\nuser=mysql\n", ""),
        ("[mysqld]\nuser=mysql\n[client]\n# user=other\n; user=third\nport=3307\n", "port"),
    ],
)
def test_only_the_section_of_the_client_counts(text: str, options: str) -> None:
    """
    Names are those that ``connect`` has for the same thing.
    """
    assert " ".join(name for name, _ in parse_options(text)) == options


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("password = secret", "secret"),
        ("password='se cret' # a comment", "se cret"),
        ('password="se#cret"', "se#cret"),
        ("password=secret # a comment", "secret"),
        ("password=se#cret", "se#cret"),
        ("password", "yes"),
        ("password=first\npassword=last", "last"),
    ],
)
def test_values_may_be_quoted_and_commented(line: str, value: str) -> None:
    """
    The last one wins.
    """
    assert dict(parse_options(f"[client]\n{line}\n")) == {"password": value}


def test_another_section_can_be_named() -> None:
    """
    As with ``option_group=``.
    """
    text = "[client]\nport=1\n[dovecot]\nport=2\n"
    assert parse_options(text, "dovecot") == (("port", "2"),)


def test_files_that_are_read_besides_are_noticed() -> None:
    """
    Whatever they set.
    """
    assert includes("[client]\n!includedir /etc/my.cnf.d\n")
    assert not includes("[client]\n# !include x\n")
