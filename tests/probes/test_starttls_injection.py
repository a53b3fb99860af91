"""
Commands behind STARTTLS, against servers that drop them, keep them, answer them, or hang up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.guarded_ports import GuardedPort
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.facts.starttls_injection import Fate, InjectionFacts
from mailvet.model import Cause, Endpoint, Expectations, ExpectLmtp, ExpectMail, Protocol, Security
from mailvet.probes.lmtp_session import probe_lmtp_session
from mailvet.probes.session import probe_session
from mailvet.probes.starttls_injection import (
    TRIALS,
    UNKNOWN,
    probe_lmtp_injection,
    probe_starttls_injection,
)
from tests.fakes.context import DOMAIN, make_context, make_target
from tests.fakes.stubs import Visit, serving

MTA = "192.0.2.1"

Play = Callable[[Visit], Awaitable[None]]

STARTING_CLEAR = (Protocol.SMTP, Protocol.SUBMISSION, Protocol.IMAP, Protocol.POP3, Protocol.SIEVE)
READY = {
    Protocol.IMAP: "* OK ready\r\n",
    Protocol.POP3: "+OK ready\r\n",
    Protocol.SIEVE: '"STARTTLS"\r\nOK "ready"\r\n',
}
ANNOUNCED = {
    Protocol.IMAP: "* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n",
    Protocol.POP3: "+OK\r\nSTLS\r\n.\r\n",
    Protocol.SIEVE: '"STARTTLS"\r\nOK "done"\r\n',
}


def answer(protocol: Protocol, line: str) -> str:
    """
    What a server says to a command.
    """
    tag = line.split(" ", maxsplit=1)[0]
    if tag == UNKNOWN:
        return {Protocol.POP3: "-ERR what?\r\n", Protocol.SIEVE: 'NO "What?"\r\n'}.get(
            protocol, "502 5.5.2 what?\r\n"
        )
    if "CAPA" in line.upper():
        return ANNOUNCED[protocol].format(tag=tag)
    match protocol:
        case Protocol.IMAP:
            return f"{tag} OK done\r\n"
        case Protocol.POP3:
            return "+OK\r\n"
        case Protocol.SIEVE:
            return 'OK "Begin TLS."\r\n'
        case _:
            several = line.upper().startswith(("EHLO", "LHLO"))
            return "250-stub\r\n250 STARTTLS\r\n" if several else "250 2.0.0 Ok\r\n"


def server(start: Callable[[Visit], Awaitable[None]]) -> Play:
    """
    A server that does *start* when it is asked for TLS.
    """

    async def play(visit: Visit) -> None:
        protocol = visit.endpoint.protocol
        await visit.send(READY.get(protocol, "220 stub ESMTP\r\n"))
        while True:
            line = await visit.line()
            if line.upper().endswith(("STARTTLS", "STLS")) and not visit.secured:
                await visit.send(answer(protocol, line))
                await start(visit)
                if protocol is Protocol.SIEVE:
                    await visit.send(READY[protocol])
            elif line.upper().endswith(("QUIT", "LOGOUT")):
                return
            else:
                await visit.send(answer(protocol, line))

    return play


async def drop(visit: Visit) -> None:
    """
    What Postfix does: only what comes after the handshake counts.
    """
    await visit.start_tls()


async def keep(visit: Visit) -> None:
    """
    CVE-2011-0411.
    """
    await visit.start_tls(keep_pending=True)


async def hang_up(visit: Visit) -> None:
    """
    What Dovecot does when something came too early.
    """
    if visit.early:
        raise EOFError
    await visit.start_tls()


async def answer_in_clear(visit: Visit) -> None:
    """
    The handshake is begun only when everything that came is answered.
    """
    if visit.early:
        await visit.send(answer(visit.endpoint.protocol, await visit.line()))
    await visit.start_tls()


def observe(protocol: Protocol, start: Callable[[Visit], Awaitable[None]]) -> InjectionFacts:
    """
    What the probe makes of a server.
    """
    kind = (protocol, Security.STARTTLS)

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        return await probe_session(context)

    with serving(server(start), (("stub", *kind),)) as host:
        context = make_context(host.endpoints["stub"].port, *kind, recall=recall, timeout=2.0)
        return asyncio.run(probe_starttls_injection(context))


@pytest.mark.parametrize("protocol", STARTING_CLEAR)
@pytest.mark.parametrize(
    ("start", "fate"),
    [
        (drop, Fate.DISCARDED),
        (keep, Fate.EXECUTED),
        (hang_up, Fate.CLOSED),
        (answer_in_clear, Fate.ANSWERED_IN_CLEAR),
    ],
)
def test_what_becomes_of_the_command_is_seen(
    protocol: Protocol, start: Callable[[Visit], Awaitable[None]], fate: Fate
) -> None:
    """
    In every protocol; harm ends the trials.
    """
    facts = observe(protocol, start)

    assert {each.fate for each in facts.trials} == {fate}
    harmful = fate in {Fate.EXECUTED, Fate.ANSWERED_IN_CLEAR}
    assert len(facts.trials) == (1 if harmful else TRIALS)
    assert (facts.harm is not None) is harmful


def observe_lmtp(start: Callable[[Visit], Awaitable[None]]) -> InjectionFacts:
    """
    What the probe makes of a server behind the LMTP port.
    """
    with serving(server(start), (("stub", Protocol.SMTP, Security.STARTTLS),)) as host:
        port = host.endpoints["stub"].port

        async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
            if name == "lmtp_port":
                return GuardedPort(port, (MTA,), (), ())
            if name == "lmtp_session":
                return await probe_lmtp_session(context)
            return StandpointFacts((Standpoint("mta", None, MTA),), ())

        expect = Expectations(mail=ExpectMail(domain=DOMAIN), lmtp=ExpectLmtp(port=port))
        target = make_target(tuple(host.endpoints.values()), expect=expect)
        context = make_context(port, target=target, recall=recall, timeout=2.0)
        return asyncio.run(probe_lmtp_injection(context))


@pytest.mark.parametrize(
    ("start", "fate"),
    [
        (drop, Fate.DISCARDED),
        (keep, Fate.EXECUTED),
        (hang_up, Fate.CLOSED),
        (answer_in_clear, Fate.ANSWERED_IN_CLEAR),
    ],
)
def test_what_becomes_of_the_command_is_seen_with_lmtp(
    start: Callable[[Visit], Awaitable[None]], fate: Fate
) -> None:
    """
    It greets with LHLO, from where an SMTP server does.
    """
    assert {each.fate for each in observe_lmtp(start).trials} == {fate}


def test_lmtp_without_tls_shows_nothing() -> None:
    """
    As with the other protocols.
    """

    async def never(_: Visit) -> None:
        raise EOFError

    with pytest.raises(ProbeError, match="TLS does not come about"):
        observe_lmtp(never)


def test_a_server_without_tls_shows_nothing() -> None:
    """
    A closed connection would look like a server that is safe.
    """

    async def never(_: Visit) -> None:
        raise EOFError

    with pytest.raises(ProbeError) as caught:
        observe(Protocol.IMAP, never)

    assert caught.value.cause is Cause.BLOCKED


@pytest.mark.parametrize(
    ("start", "cause"),
    [("busy", Cause.BLOCKED), ("silent", Cause.TIMEOUT), ("unwelcome", Cause.BLOCKED)],
)
def test_a_trial_that_did_not_come_about_shows_nothing(start: str, cause: Cause) -> None:
    """
    The server has no room for TLS now, says nothing in the handshake, or turns us away.
    """
    visits = 0

    async def play(visit: Visit) -> None:
        nonlocal visits
        visits += 1
        if visits == 1:
            # The session before, which shows that TLS is possible.
            await server(drop)(visit)
        await visit.send("554 not you\r\n" if start == "unwelcome" else "220 stub ESMTP\r\n")
        while line := await visit.line():
            if line == "STARTTLS" and start == "silent":
                await visit.send("220 go\r\n")
                while await visit.receive():
                    pass
            busy = line == "STARTTLS"
            await visit.send("454 busy\r\n" if busy else "250-stub\r\n250 STARTTLS\r\n")

    kind = (Protocol.SMTP, Security.STARTTLS)

    async def recall(name: str, endpoint: Endpoint | None) -> Any:  # noqa: ANN401
        return await probe_session(context)

    with serving(play, (("stub", *kind),)) as host:
        context = make_context(host.endpoints["stub"].port, *kind, recall=recall, timeout=1.0)
        with pytest.raises(ProbeError) as caught:
            asyncio.run(probe_starttls_injection(context))

    assert caught.value.cause is cause
