"""
Where Dovecot takes passwords without TLS, read from doveconf's output.
"""

import pytest

from mailvet.facts.dovecot import DovecotConfig, parse_dovecot
from mailvet.facts.login_policy import clear_text_scopes, trusted_networks

SAFE = "protocols = imap pop3\nssl = yes\ndisable_plaintext_auth = yes\n"


def config(text: str) -> DovecotConfig:
    """
    The configuration that doveconf prints as *text*.
    """
    return parse_dovecot(
        f"@@explicit\n# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\n@@all\n{text}", ()
    )


@pytest.mark.parametrize(
    "text",
    [
        SAFE,
        "protocols = imap\nssl = required\ndisable_plaintext_auth = no\n",
        "protocols = imap\nssl = yes\nauth_allow_cleartext = no\n",
        f"{SAFE}remote 127.0.0.0/8 {{\n  disable_plaintext_auth = no\n}}\n",
        f"{SAFE}protocol sieve {{\n  disable_plaintext_auth = no\n}}\n",
    ],
)
def test_safe_configurations_exempt_nobody(text: str) -> None:
    """
    Either setting is enough; loopback and protocols that are off do not matter.
    """
    assert clear_text_scopes(config(text)) == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("protocols = imap\nssl = yes\ndisable_plaintext_auth = no\n", "everywhere"),
        ("protocols = imap\nssl = yes\nauth_allow_cleartext = yes\n", "everywhere"),
        (f"{SAFE}protocol imap {{\n  disable_plaintext_auth = no\n}}\n", "protocol imap"),
        (f"{SAFE}remote 10.0.0.0/8 {{\n  disable_plaintext_auth = no\n}}\n", "remote 10.0.0.0/8"),
        (f"{SAFE}disable_plaintext_auth = no\n", "remote 0.0.0.0/0"),
    ],
)
def test_exempt_parts_are_named(text: str, where: str) -> None:
    """
    A global setting, a protocol, a network, and doveconf's bare print of a block for all.
    """
    found = clear_text_scopes(config(text))
    assert [str(each).partition(":")[0] for each in found] == [where]


def test_trusted_networks_are_collected_from_all_parts() -> None:
    """
    A network that only one protocol trusts is trusted.
    """
    text = (
        f"{SAFE}login_trusted_networks = 10.0.0.0/8\n"
        "protocol imap {\n  login_trusted_networks = 192.0.2.0/24\n}\n"
    )
    assert trusted_networks(config(text)) == ("10.0.0.0/8", "192.0.2.0/24")
