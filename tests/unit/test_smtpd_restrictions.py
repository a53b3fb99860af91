"""
Restriction lists of Postfix, evaluated for a stranger's foreign recipient.
"""

import pytest

from mailvet.facts.smtpd import SmtpdService, access_tables, gate, granting, restrictions

USUAL = "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"


def service(relay: str = "", recipient: str = "", client: str = "") -> SmtpdService:
    """
    A service with these lists.
    """
    lists = {
        "smtpd_client_restrictions": client,
        "smtpd_relay_restrictions": relay,
        "smtpd_recipient_restrictions": recipient,
    }
    return SmtpdService(
        "smtp/inet",
        tuple((name, restrictions(value, {"guard": USUAL})) for name, value in lists.items()),
        sasl=True,
        auth_only=True,
        tls_level="may",
        implicit_tls=False,
    )


@pytest.mark.parametrize(
    "lists",
    [
        {"relay": USUAL},
        {"relay": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"},
        {"recipient": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"},
        {"relay": USUAL, "recipient": "check_client_access static:OK, permit"},
        {"relay": "permit_sasl_authenticated,reject"},
        {"client": "permit_sasl_authenticated,reject", "relay": "permit_mynetworks"},
        {"relay": "guard"},
        {"relay": "reject_rbl_client bl.example.net, permit_sasl_authenticated, reject"},
    ],
)
def test_valid_ways_to_refuse_relaying_are_closed(lists: dict[str, str]) -> None:
    """
    One list that refuses before it permits is enough, wherever it stands.
    """
    found = gate(service(**lists), {})
    assert found.closed is True
    assert found.before_login == ()


@pytest.mark.parametrize(
    "relay",
    [
        "",
        "permit_mynetworks",
        "permit_mynetworks, check_client_access static:ok, reject_unauth_destination",
        "check_client_access inline:{192.0.2.99=OK} reject_unauth_destination",
        "check_sender_access inline:{{example.com = OK}} reject_unauth_destination",
        "permit, reject_unauth_destination",
        "warn_if_reject reject_unauth_destination",
        "permit_dnswl_client list.example.net, reject_unauth_destination",
        "check_client_access hash:/etc/postfix/clients reject_unauth_destination",
    ],
)
def test_permissions_before_the_refusal_leave_it_open(relay: str) -> None:
    """
    A list that lets somebody pass first refuses nobody for sure.
    """
    tables = {"hash:/etc/postfix/clients": ("192.0.2.99 OK",)}
    assert gate(service(relay), tables).closed is False


def test_policy_servers_leave_the_question_open() -> None:
    """
    What a policy server will say is written nowhere.
    """
    relay = "check_policy_service inet:127.0.0.1:10023 reject_unauth_destination"
    assert gate(service(relay), {}).closed is None


def test_refusal_before_login_is_found() -> None:
    """
    A list without permit_sasl_authenticated before its refusal keeps users out.
    """
    found = gate(
        service("permit_mynetworks reject_unauth_destination permit_sasl_authenticated"), {}
    )
    assert found.before_login == ("smtpd_relay_restrictions (reject_unauth_destination)",)


def test_tables_to_be_read_are_named() -> None:
    """
    Tables on disk have to be read; those in the value itself and policy servers have not.
    """
    relay = (
        "check_client_access hash:/a check_helo_access pcre:/b check_sender_access static:OK "
        "check_recipient_access inline:{x=OK} check_policy_service unix:private/policy reject"
    )
    assert access_tables(service(relay)) == ("hash:/a", "pcre:/b")


def test_only_granting_entries_of_a_table_count() -> None:
    """
    DUNNO and REJECT grant nothing; OK, PERMIT, RELAY and numbers do.
    """
    text = (
        "# clients\na.example OK\nb.example REJECT no\nc.example DUNNO\n/^d/ RELAY\ne.example 1\n"
    )
    assert granting(text) == ("a.example OK", "/^d/ RELAY", "e.example 1")
