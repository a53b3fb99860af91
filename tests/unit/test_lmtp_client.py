"""
How Postfix hands mail to a Dovecot on another host.
"""

import dataclasses

import pytest

from mailvet.facts.lmtp_client import (
    LmtpClientFacts,
    next_hop,
    policy_keys,
    policy_levels,
    tls_level,
)
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.routing import Route

WAY = Route(
    ("virtual_mailbox_domains",),
    "virtual_transport",
    "lmtp:inet:mail1.example.com:24",
    "lmtp",
    "",
    "",
    "",
    ("virtual_transport",),
    False,
    "alice@example.com",
    (),
)


def way(value: str) -> Route:
    """
    A way out by this transport.
    """
    return dataclasses.replace(WAY, value=value)


@pytest.mark.parametrize(
    ("value", "hop"),
    [
        ("lmtp:inet:mail1.example.com:24", "mail1.example.com port 24"),
        ("lmtp:inet:[mail1.example.com]:2424", "mail1.example.com port 2424"),
        ("lmtp:[192.0.2.7]", "192.0.2.7 port 24"),
        ("lmtp:mail1.example.com", "mail1.example.com port 24"),
        ("lmtp:unix:/run/dovecot/lmtp", "None"),
        ("lmtp:", "None"),
    ],
)
def test_the_next_hop_of_a_transport(value: str, hop: str) -> None:
    """
    With and without brackets and port; the default is LMTP's own.
    """
    assert str(next_hop(way(value))) == hop


def test_tables_of_policies_know_a_next_hop_by_several_names() -> None:
    """
    With its port, and without.
    """
    assert policy_keys(WAY) == ("mail1.example.com:24", "mail1.example.com")
    assert policy_levels({"0": "secure match=x", "1": "", "2": "none"}) == ("secure", "none")


def postfix(**settings: str) -> PostfixConfig:
    """
    A Postfix with these settings, and one in a service of its own.
    """
    own = MasterService(
        "own", "unix", True, True, False, "lmtp", (("lmtp_tls_security_level", "encrypt"),)
    )
    return PostfixConfig("3.7.11", "/etc/postfix", settings, settings, (own,), (), ())


@pytest.mark.parametrize(
    ("settings", "service", "level"),
    [
        ({}, "lmtp/unix", "none"),
        ({"lmtp_tls_security_level": "may"}, "lmtp/unix", "may"),
        ({}, "own/unix", "encrypt"),
        ({"lmtp_use_tls": "yes"}, "lmtp/unix", "may"),
        ({"lmtp_enforce_tls": "yes"}, "lmtp/unix", "encrypt"),
        (
            {"lmtp_enforce_tls": "yes", "lmtp_tls_enforce_peername": "yes"},
            "lmtp/unix",
            "verify",
        ),
    ],
)
def test_the_level_of_a_service(settings: dict[str, str], service: str, level: str) -> None:
    """
    What master.cf says wins; older settings count where the present one is empty.
    """
    assert tls_level(postfix(**settings), service) == level


def client(*routes: Route, level: str = "encrypt", hops: tuple[str, ...] = ()) -> LmtpClientFacts:
    """
    A client with these ways.
    """
    return LmtpClientFacts(routes or (WAY,), level, "lmtp/unix", "", hops, False, ())


def test_policies_for_a_next_hop_win() -> None:
    """
    One that lets mail out in clear text is enough.
    """
    assert client().encrypted
    assert not client(level="may").encrypted
    assert client(level="may", hops=("secure",)).encrypted
    assert not client(hops=("secure", "none")).encrypted


def test_all_ways_have_to_lead_there() -> None:
    """
    A socket, another port and another host are elsewhere.
    """
    socket = dataclasses.replace(way("lmtp:unix:/run/lmtp"), socket="/run/lmtp")
    assert client().uses(24)
    assert not client(WAY, socket).uses(24)
    assert not client().uses(25)
    assert not client(dataclasses.replace(WAY, client="smtp")).uses(24)
    assert client().leads_to("MAIL1.example.com", "192.0.2.7")
    assert not client().leads_to("mail2.example.com")
