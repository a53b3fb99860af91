"""
The plaintext probe against servers that refuse, ask for, or look at passwords before TLS.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailvet.facts.plaintext import ClearMailFacts, PlaintextFacts
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Endpoint, Protocol, Security
from mailvet.probes.plaintext import probe_clear_mail, probe_plaintext
from tests.fakes.context import make_context
from tests.fakes.stubs import Received, Visit, serving

GREETINGS = {
    Protocol.SMTP: "220 stub\r\n",
    Protocol.IMAP: "* OK stub\r\n",
    Protocol.POP3: "+OK stub\r\n",
    Protocol.SIEVE: '"SASL" ""\r\n"STARTTLS"\r\nOK\r\n',
}
CAPABILITIES = {
    Protocol.SMTP: "250-stub\r\n250 STARTTLS\r\n",
    Protocol.IMAP: "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK\r\n",
    Protocol.POP3: "+OK\r\nSTLS\r\n.\r\n",
    Protocol.SIEVE: '"SASL" ""\r\nOK\r\n',
}
REFUSALS = {
    Protocol.SMTP: "503 5.5.1 Error: authentication not enabled\r\n",
    Protocol.IMAP: "{tag} NO [PRIVACYREQUIRED] Plaintext authentication disallowed\r\n",
    Protocol.POP3: "-ERR [AUTH] Plaintext authentication disallowed\r\n",
    Protocol.SIEVE: 'NO (ENCRYPT-NEEDED) "Not until TLS"\r\n',
}
WRONG = {
    Protocol.SMTP: "535 5.7.8 Error: authentication failed\r\n",
    Protocol.IMAP: "{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n",
    Protocol.POP3: "-ERR [AUTH] Authentication failed.\r\n",
    Protocol.SIEVE: 'NO "Authentication failed."\r\n',
}
DONE = {
    Protocol.SMTP: "250 Ok\r\n",
    Protocol.IMAP: "{tag} OK\r\n",
    Protocol.POP3: "+OK\r\n",
    Protocol.SIEVE: "OK\r\n",
}


def server(answer: str | None) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers every login with *answer*; None hangs up.
    """

    async def play(visit: Visit) -> None:
        protocol = visit.endpoint.protocol
        await visit.send(GREETINGS[protocol])
        while True:
            line = await visit.line()
            words = line.split()
            tag = words.pop(0) if protocol is Protocol.IMAP else ""
            verb = words[0].upper()
            if verb in {"QUIT", "LOGOUT"}:
                return
            if verb in {"AUTH", "AUTHENTICATE", "LOGIN", "USER", "PASS"}:
                if answer is None:
                    return
                await visit.send(answer.format(tag=tag))
            elif verb in {"EHLO", "CAPABILITY", "CAPA"}:
                await visit.send(CAPABILITIES[protocol].format(tag=tag))
            else:
                await visit.send(DONE[protocol].format(tag=tag))

    return play


def observe(protocol: Protocol, answer: str | None) -> tuple[PlaintextFacts, list[Received]]:
    """
    What the probe makes of a server that answers logins with *answer*.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((Standpoint("direct", None, "192.0.2.1"),), ())

    with serving(server(answer), (("stub", protocol, Security.STARTTLS),)) as host:
        context = make_context(host.endpoints["stub"].port, protocol, recall=recall)
        return asyncio.run(probe_plaintext(context)), host.received


PROTOCOLS = pytest.mark.parametrize("protocol", list(GREETINGS))


@PROTOCOLS
def test_refusals_are_recognised(protocol: Protocol) -> None:
    """
    Nothing is taken, nothing is unclear, and a made-up account is all that was shown.
    """
    facts, received = observe(protocol, REFUSALS[protocol])
    assert facts.taken == ()
    assert facts.unclear == ()
    assert not facts.open
    assert b"alice" not in b"".join(bytes(each.clear) for each in received)


@PROTOCOLS
def test_a_server_that_looks_at_the_password_is_seen(protocol: Protocol) -> None:
    """
    "Wrong password" is worse than no answer, and at most three tries were made to hear it.
    """
    facts, received = observe(protocol, WRONG[protocol])
    assert facts.open
    assert len(received) <= 4


@PROTOCOLS
def test_a_server_that_hangs_up_has_refused_nothing(protocol: Protocol) -> None:
    """
    A closed connection leaves the question open.
    """
    facts, _ = observe(protocol, None)
    assert facts.taken == ()
    assert len(facts.unclear) == len(facts.logins)


def test_a_server_that_asks_for_the_password_does_not_get_it() -> None:
    """
    334 is enough to know, and the exchange is broken off.
    """
    facts, received = observe(Protocol.SMTP, "334 \r\n")
    assert [each.command for each in facts.logins] == ["AUTH PLAIN"]
    assert bytes(received[1].clear).count(b"\r\n*\r\n") == 1


def clear_mail(play: Callable[[Visit], Awaitable[None]]) -> ClearMailFacts:
    """
    What the probe of clear-text mail makes of a server.
    """
    with serving(play, (("stub", Protocol.SMTP, Security.STARTTLS),)) as host:
        context = make_context(host.endpoints["stub"].port, timeout=0.2)
        return asyncio.run(probe_clear_mail(context))


def test_clear_text_mail_gets_to_a_local_recipient() -> None:
    """
    A right server takes it.
    """
    facts = clear_mail(server(None))
    assert facts.last is not None
    assert facts.last.positive
    assert not facts.failure


def test_a_server_that_dies_at_ehlo_is_seen() -> None:
    """
    That it hung up is told from silence.
    """

    async def dying(visit: Visit) -> None:
        await visit.send("220 stub\r\n")
        await visit.line()

    async def silent(visit: Visit) -> None:
        await visit.ignore()

    assert clear_mail(dying).hung_up
    assert not clear_mail(silent).hung_up
