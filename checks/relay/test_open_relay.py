"""
Who may send through the server without a password, as it behaves.
"""

from mailvet.facts.relay import (
    Outcome,
    RelayFacts,
    SubmissionRelayFacts,
    TrustedRelayFacts,
    those,
    worst,
)
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("RELAY-01")
def test_relay_denied(relay: RelayFacts) -> Judgement:
    """
    A stranger's mail to a foreign domain is refused where mail to a local recipient is taken.
    """
    expected = "454 4.7.1 or 554 5.7.1 Relay access denied, after a local recipient was accepted"
    outcome = worst(relay.plain)
    observed = f"{those(relay.plain, outcome)} (from {relay.standpoint})"
    if outcome is Outcome.UNCLEAR:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(outcome is Outcome.DENIED, observed=observed, expected=expected)


@control("RELAY-02")
def test_sender_forms_denied(relay: RelayFacts) -> Judgement:
    """
    No form of sender address, local or odd, opens the relay.
    """
    expected = "every sender is refused relaying, after a local recipient was accepted"
    outcomes = {each.outcome for each in relay.forms}
    if Outcome.RELAYED in outcomes:
        observed = those(relay.forms, Outcome.RELAYED)
        return judge(False, observed=f"{observed} (from {relay.standpoint})", expected=expected)
    if Outcome.UNCLEAR in outcomes or not relay.forms:
        observed = those(relay.forms or relay.plain, Outcome.UNCLEAR)
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"{len(relay.forms)} sender forms refused from {relay.standpoint}"
    return judge(True, observed=observed, expected=expected)


@control("RELAY-03")
def test_submission_demands_login(submission_relay: SubmissionRelayFacts) -> Judgement:
    """
    The submission service takes no recipient before login, and takes one after it.
    """
    facts = submission_relay
    expected = "every recipient refused before login (530, 550, 553, 554), accepted after it"
    if facts.accepted:
        observed = f"without a login: {'; '.join(map(str, facts.accepted))}"
        if facts.standpoint.outside is None:
            return unverified(Cause.VANTAGE, observed=observed, expected=expected)
        return judge(False, observed=observed, expected=expected)
    if not facts.open_after_login:
        return unverified(facts.cause, observed=facts.after_login(), expected=expected)
    if facts.unclear:
        observed = "; ".join(map(str, facts.unclear))
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed="; ".join(map(str, facts.strangers)), expected=expected)


@control("RELAY-08")
def test_trusted_client_relays(trusted_relay: TrustedRelayFacts) -> Judgement:
    """
    A client in a trusted network may send to an outside address.
    """
    if trusted_relay.standpoint is None:
        return not_applicable("the profile trusts no network but the host itself")
    expected = "250 to an outside recipient from a trusted network"
    observed = f"{those(trusted_relay.attempts, Outcome.RELAYED)} (from {trusted_relay.standpoint})"
    accepted = any(each.outcome is Outcome.RELAYED for each in trusted_relay.attempts)
    if not accepted and not trusted_relay.denied:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(accepted, observed=observed, expected=expected)


@control("RELAY-09")
def test_authenticated_client_relays(submission_relay: SubmissionRelayFacts) -> Judgement:
    """
    A client that logged in may send to an outside address.
    """
    facts = submission_relay
    expected = "235 to AUTH, then 250 to an outside recipient"
    if facts.foreign is None:
        return unverified(facts.cause, observed=facts.after_login(), expected=expected)
    if facts.foreign.reply.status.startswith("4") and not facts.foreign_denied:
        return unverified(Cause.BLOCKED, observed=str(facts.foreign), expected=expected)
    return judge(facts.foreign.reply.positive, observed=str(facts.foreign), expected=expected)
