"""
The checks on odd recipients, log lines and owners of addresses, on facts made by hand.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.recipient_forms import RecipientForm
from mailvet.facts.relay_log import RelayLogFacts, parse_relay_log
from mailvet.facts.relay_variants import RelayVariantsFacts, VariantAttempt
from mailvet.facts.replies import Reply
from mailvet.facts.resolution import Resolution
from mailvet.facts.sender_maps import OwnedAddress, SenderMaps, SenderMapsFacts
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause, Judgement, Verdict

Load = Callable[[str, str, str], Callable[..., Judgement]]

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
OK = Reply("250", "2.1.5 Ok", ("250 2.1.5 Ok",))
DENIED = Reply("454", "4.7.1 Relay access denied", ())
UNKNOWN = Reply("550", "5.1.1 User unknown in local recipient table", ())
GREYLISTED = Reply("450", "4.2.0 Greylisted", ())
HACK = RecipientForm("percent hack", "probe%example.net@example.com")
DOT = RecipientForm("trailing dot", "probe@example.net.", foreign=True)
STAYS = Resolution(HACK.address, "local", "mail1.example.com", 256, ())
LEAVES = Resolution(HACK.address, "smtp", "example.net", 4096, ())


def variants(*attempts: VariantAttempt, cause: Cause | None = None) -> RelayVariantsFacts:
    """
    Facts with these attempts.
    """
    return RelayVariantsFacts(OUTSIDE, "example.net", OK, attempts, (), "", cause, (), ())


def tried(
    reply: Reply | None,
    form: RecipientForm = HACK,
    *,
    sound: bool = True,
    leads: Resolution | None = None,
) -> VariantAttempt:
    """
    A recipient that was answered so.
    """
    return VariantAttempt(form, reply, sound, "" if reply else "silence", leads)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (variants(tried(DENIED), tried(UNKNOWN)), Verdict.PASS),
        (variants(tried(DENIED), tried(OK, DOT)), Verdict.FAIL),
        (variants(tried(OK)), Verdict.UNVERIFIED),
        (variants(tried(OK), cause=Cause.PRIVILEGE), Verdict.UNVERIFIED),
        (variants(tried(OK, leads=STAYS)), Verdict.PASS),
        (variants(tried(OK, leads=LEAVES)), Verdict.FAIL),
        (variants(tried(GREYLISTED)), Verdict.UNVERIFIED),
        (variants(tried(DENIED, sound=False)), Verdict.UNVERIFIED),
        (variants(tried(UNKNOWN, sound=False)), Verdict.UNVERIFIED),
        (variants(tried(None)), Verdict.UNVERIFIED),
        (variants(), Verdict.UNVERIFIED),
    ],
)
def test_odd_recipients(load_check: Load, facts: RelayVariantsFacts, verdict: Verdict) -> None:
    """
    What is accepted passes only if it is known to stay; what is refused, only beside other mail.
    """
    check = load_check("relay", "test_recipient_forms", "test_recipient_forms_denied")
    found = check(facts)
    assert found.verdict is verdict
    assert found.observed


def log(
    refused: str = "denied", lines: str = "", sources: str = "", elsewhere: str = ""
) -> RelayLogFacts:
    """
    A log with these lines.
    """
    text = f"@@lines\n{lines}\n@@sources\n{sources}\n@@elsewhere\n{elsewhere}\n"
    return parse_relay_log(refused, CommandOutput("log", 0, text, ""))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (log(lines="reject: RCPT from unknown[192.0.2.1]", sources="journal"), Verdict.PASS),
        (log(sources="journal\n/var/log/maillog"), Verdict.FAIL),
        (log(), Verdict.UNVERIFIED),
        (log(sources="/var/log/maillog", elsewhere="mail.* @@192.0.2.2"), Verdict.UNVERIFIED),
        (log(refused="", sources="journal"), Verdict.UNVERIFIED),
    ],
)
def test_log(load_check: Load, facts: RelayLogFacts, verdict: Verdict) -> None:
    """
    That nothing is found says something only where the log is known to be kept.
    """
    assert load_check("relay", "test_log", "test_refusal_logged")(facts).verdict is verdict


def maps(tables: str, *addresses: OwnedAddress) -> SenderMapsFacts:
    """
    One service with these tables.
    """
    service = SenderMaps("smtps/inet", "reject_sender_login_mismatch", tables, addresses)
    return SenderMapsFacts((service,), ())


OWN = OwnedAddress("alice", "alice@example.com", ("alice",))
OTHERS = OwnedAddress("alice", "alice@example.com", ("bob",))
BROKEN_TABLE = OwnedAddress("alice", "alice@example.com", (), ("ldap: no answer",))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (maps("hash:/x", OWN), Verdict.PASS),
        (maps("hash:/x", OWN, OTHERS), Verdict.FAIL),
        (maps(""), Verdict.FAIL),
        (maps("ldap:/x", BROKEN_TABLE), Verdict.UNVERIFIED),
        (maps("hash:/x"), Verdict.UNVERIFIED),
        (SenderMapsFacts((), ()), Verdict.NOT_APPLICABLE),
    ],
)
def test_owners(load_check: Load, facts: SenderMapsFacts, verdict: Verdict) -> None:
    """
    Without a table nobody can send, and without an account nobody can be looked up.
    """
    assert (
        load_check("relay", "test_senders", "test_addresses_have_owners")(facts).verdict is verdict
    )
