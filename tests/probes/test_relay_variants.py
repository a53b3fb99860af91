"""
The probe of odd recipients against small servers.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.relay_variants import RelayVariantsFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.relay_variants import ERRORS, MAX_SESSIONS, probe_relay_variants
from tests.fakes.context import make_context
from tests.fakes.stubs import StubHost, Visit, serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
SMTP = (Protocol.SMTP, Security.STARTTLS)
DENIED = "454 4.7.1 Relay access denied"


def mail_server(
    answer: Callable[[str], str], *, errors: int = 20, tls_only: bool = False
) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers RCPT so, and hangs up on clients that make too many errors.
    """

    async def play(visit: Visit) -> None:
        await visit.send("220 stub ESMTP\r\n")
        made = 0
        while True:
            line = await visit.line()
            verb = line[:4].upper()
            if verb == "EHLO":
                await visit.send("250-stub\r\n250 STARTTLS\r\n")
            elif verb == "STAR":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb == "QUIT":
                return
            elif verb == "MAIL" and tls_only and not visit.secured:
                await visit.send("530 5.7.0 Must issue a STARTTLS command first\r\n")
            elif verb == "RCPT":
                reply = answer(line[9:-1])
                made += not reply.startswith("2")
                if made >= errors:
                    await visit.send("421 4.7.0 Error: too many errors\r\n")
                    return
                await visit.send(f"{reply}\r\n")
            else:
                assert verb in {"MAIL", "RSET"}, f"the probe goes beyond RCPT: {line}"
                await visit.send("250 Ok\r\n")

    return play


def right(recipient: str) -> str:
    """
    What a right server says.
    """
    return "250 Ok" if recipient.endswith(("alice@example.com", "bob@example.com")) else DENIED


def observe(play: Callable[[Visit], Awaitable[None]]) -> tuple[RelayVariantsFacts, StubHost]:
    """
    What the probe makes of a server.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((OUTSIDE,), ())

    with serving(play, (("stub", *SMTP),)) as host:
        context = make_context(host.endpoints["stub"].port, *SMTP, recall=recall, timeout=2.0)
        return asyncio.run(probe_relay_variants(context)), host


def test_a_right_server_refuses_all_in_a_few_sessions() -> None:
    """
    Each session has fewer errors than a server minds, and all forms are asked.
    """
    facts, host = observe(mail_server(right))
    assert all(each.refused for each in facts.attempts)
    assert len(facts.attempts) > 30
    assert len(host.received) == -(-len(facts.attempts) // ERRORS)


def test_a_server_that_wants_tls_is_asked_inside_it() -> None:
    """
    Its demand costs one session.
    """
    facts, _ = observe(mail_server(right, tls_only=True))
    assert all(each.refused for each in facts.attempts)


def test_a_server_that_bears_few_errors_gets_fewer() -> None:
    """
    What it said before it hung up counts for nothing, and is asked again.
    """
    facts, host = observe(mail_server(right, errors=5))
    assert all(each.refused for each in facts.attempts)
    assert len(host.received) <= MAX_SESSIONS


def test_a_server_that_bears_none_leaves_the_question_open() -> None:
    """
    The number of sessions is bounded, and every form is accounted for.
    """
    facts, host = observe(mail_server(right, errors=1))
    assert not any(each.refused for each in facts.attempts)
    assert len(facts.unclear) == len(facts.attempts)
    assert len(host.received) <= MAX_SESSIONS


@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted", "554 5.7.1 No"])
def test_a_server_that_refuses_everything_has_proved_nothing(answer: str) -> None:
    """
    Without an accepted local recipient no form is tried.
    """
    facts, _ = observe(mail_server(lambda _: answer))
    assert len(facts.unclear) == len(facts.attempts) > 0


def test_a_percent_hack_that_is_accepted_is_suspect_without_a_shell() -> None:
    """
    Nobody can tell where it leads, and the words say so.
    """

    def answer(recipient: str) -> str:
        return "250 Ok" if "%" in recipient else right(recipient)

    facts, _ = observe(mail_server(answer))
    assert facts.suspect
    assert not facts.relayed
    assert "root shell" in facts.doubt


def test_a_foreign_domain_with_a_dot_behind_it_is_relaying() -> None:
    """
    There is no other way to read it.
    """

    def answer(recipient: str) -> str:
        return "250 Ok" if recipient.endswith("example.net.") else right(recipient)

    facts, _ = observe(mail_server(answer))
    assert [each.form.technique for each in facts.relayed] == ["trailing dot"]


def test_a_server_that_stops_taking_mail_has_refused_nothing() -> None:
    """
    The local recipient behind the forms is refused, too.
    """
    angry = {"now": False}

    def answer(recipient: str) -> str:
        angry["now"] = angry["now"] or "%" in recipient
        return "554 5.7.1 Go away" if angry["now"] else right(recipient)

    facts, _ = observe(mail_server(answer))
    assert not any(each.refused for each in facts.attempts)


def test_a_server_that_hangs_up_at_once_is_no_observation() -> None:
    """
    The probe says so instead of listing forms.
    """

    async def hang_up(visit: Visit) -> None:
        await visit.send("220 stub\r\n")
        await visit.line()

    with pytest.raises(ProbeError):
        observe(hang_up)
