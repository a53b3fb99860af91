"""
The relay probes against small servers that relay, refuse, greylist, hang up, or trust us.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.relay import Outcome, RelayFacts, SubmissionRelayFacts, worst
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.relay import probe_relay, probe_trusted_relay
from mailvet.probes.standpoint import probe_standpoints
from mailvet.probes.submission_relay import probe_submission_relay
from tests.fakes.context import PASSWORD, make_context, make_target
from tests.fakes.stubs import StubHost, Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
INSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=True)

DENIED = "454 4.7.1 Relay access denied"
Policy = Callable[[str, str, bool], str]
"""The reply to RCPT for a sender, a recipient, and whether the client logged in."""


def local_only(sender: str, recipient: str, logged_in: bool) -> str:
    """
    What a right server says.
    """
    return "250 Ok" if recipient.endswith("example.com") or logged_in else DENIED


def submission(sender: str, recipient: str, logged_in: bool) -> str:
    """
    What a right submission service says.
    """
    return "250 Ok" if logged_in else "554 5.7.1 Client host rejected: Access denied"


def mail_server(policy: Policy, *, tls: bool = True) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers RCPT as *policy* says, and speaks STARTTLS.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub ESMTP\r\n")
        sender, logged_in = "", False
        while True:
            line = await visit.line()
            verb = line.upper()
            if verb.startswith("EHLO"):
                offer = "250-STARTTLS\r\n" if tls and not visit.secured else ""
                await visit.send(f"250-stub\r\n{offer}250 AUTH PLAIN\r\n")
            elif verb == "STARTTLS":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb.startswith("MAIL"):
                sender = line.partition("<")[2].partition(">")[0]
                await visit.send("250 Ok\r\n")
            elif verb.startswith("RCPT"):
                recipient = line.partition("<")[2].partition(">")[0]
                await visit.send(f"{policy(sender, recipient, logged_in)}\r\n")
            elif verb.startswith("AUTH"):
                logged_in = True
                await visit.send("235 Ok\r\n")
            elif verb == "QUIT":
                return
            else:
                assert verb == "RSET", f"the probe goes beyond RCPT: {line}"
                await visit.send("250 Ok\r\n")

    return play


def observe(
    probe: Callable[[ProbeContext], Coroutine[Any, Any, Any]],
    policy: Policy,
    *,
    place: Standpoint = OUTSIDE,
    kind: tuple[Protocol, Security] = (Protocol.SMTP, Security.STARTTLS),
    tls: bool = True,
    **changes: Any,  # noqa: ANN401
) -> tuple[Any, StubHost]:
    """
    What *probe* makes of a server with *policy*.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((place,), ())

    with serving(mail_server(policy, tls=tls), (("stub", *kind),)) as host:
        port = host.endpoints["stub"].port
        context = make_context(port, *kind, recall=recall, timeout=2.0, **changes)
        return asyncio.run(probe(context)), host


def relay(policy: Policy, **changes: Any) -> RelayFacts:  # noqa: ANN401
    """
    What the relay probe finds.
    """
    facts: RelayFacts = observe(probe_relay, policy, **changes)[0]
    return facts


def test_a_right_server_denies_every_form_in_clear_text_and_inside_tls() -> None:
    """
    Each form is tried twice, on a connection of its own, after an accepted local recipient.
    """
    facts, host = observe(probe_relay, local_only)
    assert worst(facts.plain) is Outcome.DENIED
    assert {each.outcome for each in facts.forms} == {Outcome.DENIED}
    assert {each.tls for each in facts.forms} == {True, False}
    assert len(host.received) == 1 + len(facts.plain) + len(facts.forms)


def test_an_open_relay_is_seen() -> None:
    """
    250 to a foreign recipient is enough.
    """
    assert worst(relay(lambda *_: "250 Ok").plain) is Outcome.RELAYED


def test_an_open_relay_that_refuses_local_mail_is_seen() -> None:
    """
    Being open needs no positive control.
    """
    facts = relay(lambda _s, recipient, _l: "250 Ok" if "example.net" in recipient else "550 No")
    assert worst(facts.plain) is Outcome.RELAYED


def test_a_relay_open_to_the_null_sender_only_is_seen() -> None:
    """
    The form that differs is named.
    """
    facts = relay(lambda sender, *rest: local_only(sender, *rest) if sender else "250 Ok")
    relayed = [each.form for each in facts.forms if each.outcome is Outcome.RELAYED]
    assert relayed == ["null sender:", "null sender:"]


@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted", "554 5.7.1 No", "421 4.3.2 Bye"])
def test_a_server_that_refuses_everything_has_proved_nothing(answer: str) -> None:
    """
    Greylisting and general refusal leave the question open, and the other forms are left alone.
    """
    facts = relay(lambda *_: answer)
    assert worst(facts.plain) is Outcome.UNCLEAR
    assert facts.forms == ()


def test_a_foreign_sender_that_is_refused_is_replaced() -> None:
    """
    Many servers refuse senders in domains with a null MX, such as the reserved ones.
    """

    def policy(sender: str, recipient: str, logged_in: bool) -> str:
        refused = "550 5.7.27 Sender address rejected: nullMX"
        return refused if "example.org" in sender else local_only(sender, recipient, logged_in)

    facts = relay(policy)
    assert worst(facts.plain) is Outcome.DENIED


def test_a_server_without_tls_is_tried_in_clear_text_only() -> None:
    """
    There is no second layer to try.
    """
    assert {each.tls for each in relay(local_only, tls=False).plain} == {False}


def test_there_is_no_verdict_from_a_trusted_place() -> None:
    """
    A denial seen from inside says nothing, so nothing is tried.
    """
    with pytest.raises(ProbeError) as caught:
        relay(local_only, place=INSIDE)
    assert caught.value.cause is Cause.VANTAGE


def test_a_trusted_client_gets_through() -> None:
    """
    From inside, one accepted sender is enough.
    """
    facts, _ = observe(probe_trusted_relay, lambda *_: "250 Ok", place=INSIDE)
    assert [each.outcome for each in facts.attempts] == [Outcome.RELAYED]
    assert not facts.denied


def test_submission_before_and_after_login() -> None:
    """
    Strangers are refused, the account is served, and its password is in no transcript.
    """
    kind = (Protocol.SUBMISSION, Security.STARTTLS)
    facts: SubmissionRelayFacts = observe(probe_submission_relay, submission, kind=kind)[0]
    assert facts.accepted == ()
    assert facts.unclear == ()
    assert facts.open_after_login
    assert facts.foreign is not None
    assert facts.foreign.reply.positive
    assert PASSWORD not in "".join(map(str, facts.transcript))


def test_submission_without_an_account_is_tried_without_login() -> None:
    """
    What strangers may do is seen even so.
    """
    endpoint = Endpoint("stub", Protocol.SUBMISSION, 1, Security.STARTTLS)
    target = make_target((endpoint,), accounts={})
    kind = (Protocol.SUBMISSION, Security.STARTTLS)
    facts = observe(probe_submission_relay, local_only, kind=kind, target=target)[0]
    assert facts.login is None
    assert facts.cause is Cause.CREDENTIALS
    assert facts.accepted


def test_the_servers_own_address_is_no_outside_place() -> None:
    """
    A connection from the target to itself is recognised, and nothing is tried from there.
    """
    with serving(mail_server(local_only), (("stub", Protocol.SMTP, Security.STARTTLS),)) as host:
        endpoint = host.endpoints["stub"]
        context = make_context(endpoint.port, target=make_target((endpoint,)))
        facts = asyncio.run(probe_standpoints(context))
    assert [each.on_host for each in facts.standpoints] == [True]
    assert facts.best_outside(certain=False) is None


def test_a_silent_host_is_no_place_at_all() -> None:
    """
    Why it cannot be reached is kept.
    """
    with serving(None, (("stub", Protocol.SMTP, Security.STARTTLS),)) as host:
        endpoint = host.endpoints["stub"]
        context = make_context(endpoint.port, target=make_target((endpoint,)))
        facts = asyncio.run(probe_standpoints(context))
    assert "refused" in facts.standpoints[0].failure
