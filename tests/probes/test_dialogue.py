"""
The dialogues of the text protocols against servers that say exactly what a test wants.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.replies import Reply, parse_sieve_capability
from mailvet.model import Cause, Protocol, Security
from mailvet.probes.dialogue import Dialogue, Imap, Pop3, Sieve, Smtp, dialogue
from mailvet.probes.wire import dial
from tests.fakes.context import make_context
from tests.fakes.stubs import Play, Visit, serving

SIEVE_GREETING = '"SIEVE" "fileinto"\r\n"STARTTLS"\r\n"SASL" "PLAIN"\r\nOK "ready"\r\n'

Talk = Callable[[Dialogue], Awaitable[object]]


def saying(*replies: str) -> Play:
    """
    A server that sends the first text at once, and each of the others after a line.
    """

    async def play(visit: Visit) -> None:
        await visit.send(replies[0])
        for reply in replies[1:]:
            await visit.line()
            await visit.send(reply)
        await visit.ignore()

    return play


def hold(protocol: Protocol, play: Play, talk: Talk) -> object:
    """
    What *talk* returns after a dialogue in *protocol* with a server that does *play*.
    """
    services = (("stub", protocol, Security.CLEARTEXT),)

    async def connect(port: int) -> object:
        context = make_context(port, protocol, Security.CLEARTEXT)
        async with dial(context) as wire:
            return await talk(dialogue(wire, protocol, "client.invalid"))

    with serving(play, services) as host:
        return asyncio.run(connect(host.endpoints["stub"].port))


async def greet(speaker: Dialogue) -> Reply:
    """
    Reads the greeting.
    """
    return await speaker.greeting()


def after_greeting(command: str) -> Talk:
    """
    Reads the greeting and gives one command.
    """

    async def talk(speaker: Dialogue) -> Reply:
        await speaker.greeting()
        return await speaker.command(command)

    return talk


class TestSmtp:
    """
    SMTP.
    """

    def test_reads_all_lines_of_a_reply(self) -> None:
        """
        The last line decides, the others are kept.
        """
        play = saying("220-first\r\n220 mail1 ESMTP\r\n", "550-5.7.1 no\r\n550 5.7.1 denied\r\n")
        reply = hold(Protocol.SMTP, play, after_greeting("RCPT TO:<a@example.org>"))
        assert isinstance(reply, Reply)
        assert (reply.status, reply.enhanced) == ("550", "5.7.1")
        assert reply.lines == ("550-5.7.1 no", "550 5.7.1 denied")

    def test_a_bare_code_is_a_reply(self) -> None:
        """
        RFC 5321 §4.2 lets a server leave the text out.
        """
        reply = hold(Protocol.SMTP, saying("220\r\n"), greet)
        assert reply == Reply("220", "", ("220",))

    @pytest.mark.parametrize("line", ["* OK ready", "+OK ready", "25 ok", "999 no", "", "\0\xff"])
    def test_what_is_no_reply_is_said_to_be_none(self, line: str) -> None:
        """
        Another protocol on the port is no refusal.
        """
        with pytest.raises(ProbeError, match="not an SMTP reply") as caught:
            hold(Protocol.SMTP, saying(f"{line}\r\n"), greet)
        assert caught.value.cause is Cause.BLOCKED

    def test_a_reply_without_an_end_is_given_up(self) -> None:
        """
        After hundreds of lines the server is taken for hostile.
        """
        with pytest.raises(ProbeError, match="without an end") as caught:
            hold(Protocol.SMTP, saying("220-more\r\n" * 2000), greet)
        assert caught.value.cause is Cause.BLOCKED

    @pytest.mark.parametrize(
        ("protocol", "unasked"),
        [(Protocol.SMTP, "554 no"), (Protocol.POP3, "-ERR no"), (Protocol.SIEVE, 'NO "no"')],
    )
    def test_a_reply_to_nothing_is_not_taken_for_one(
        self, protocol: Protocol, unasked: str
    ) -> None:
        """
        A refusal that was sent before the command says nothing about the command.
        """
        greeting = {
            Protocol.SMTP: "220 ready\r\n",
            Protocol.POP3: "+OK ready\r\n",
            Protocol.SIEVE: SIEVE_GREETING,
        }[protocol]
        with pytest.raises(ProbeError, match="out of turn") as caught:
            hold(protocol, saying(f"{greeting}{unasked}\r\n"), after_greeting("NOOP"))
        assert caught.value.cause is Cause.BLOCKED

    def test_hanging_up_is_not_a_reply(self) -> None:
        """
        A connection that ends instead of a reply is an error of its own kind.
        """

        async def play(visit: Visit) -> None:
            await visit.send("220 ready\r\n")
            await visit.line()

        with pytest.raises(PeerClosedError):
            hold(Protocol.SMTP, play, after_greeting("NOOP"))

    def test_a_server_without_ehlo_announces_nothing(self) -> None:
        """
        A refused EHLO is kept, and there are no keywords.
        """

        async def talk(speaker: Dialogue) -> None:
            assert isinstance(speaker, Smtp)
            await speaker.greeting()
            assert (await speaker.capabilities()).items == ()
            assert speaker.ehlo_reply is not None
            assert speaker.ehlo_reply.status == "502"

        hold(Protocol.SMTP, saying("220 old\r\n", "502 what?\r\n"), talk)


class TestImap:
    """
    IMAP.
    """

    def test_untagged_lines_belong_to_the_reply(self) -> None:
        """
        Whatever comes before the tagged line is kept with it.
        """
        play = saying("* OK ready\r\n", "* 3 EXISTS\r\n* FLAGS ()\r\nm1 OK done\r\n")
        reply = hold(Protocol.IMAP, play, after_greeting("NOOP"))
        assert reply == Reply("OK", "done", ("* 3 EXISTS", "* FLAGS ()", "m1 OK done"))

    def test_bye_ends_a_command(self) -> None:
        """
        A server that says BYE answers nothing any more.
        """
        play = saying("* OK ready\r\n", "* BYE too many\r\n")
        reply = hold(Protocol.IMAP, play, after_greeting("LOGIN a b"))
        assert isinstance(reply, Reply)
        assert reply.status == "BYE"
        assert not reply.positive

    def test_a_continuation_is_answered(self) -> None:
        """
        The reply to the answer is the one of the command.
        """

        async def talk(speaker: Dialogue) -> Reply:
            assert isinstance(speaker, Imap)
            await speaker.greeting()
            assert (await speaker.command("AUTHENTICATE PLAIN")).continuation
            return await speaker.answer("*")

        reply = hold(Protocol.IMAP, saying("* OK\r\n", "+ \r\n", "m1 BAD cancelled\r\n"), talk)
        assert isinstance(reply, Reply)
        assert reply.status == "BAD"

    def test_the_reply_to_another_command_is_none(self) -> None:
        """
        A tag that was not used belongs to nobody.
        """
        with pytest.raises(ProbeError, match="not an IMAP reply"):
            hold(Protocol.IMAP, saying("* OK\r\n", "m7 OK done\r\n"), after_greeting("NOOP"))

    def test_endless_untagged_lines_are_given_up(self) -> None:
        """
        After hundreds of lines the server is taken for hostile.
        """
        play = saying("* OK\r\n", "* OK still here\r\n" * 2000)
        with pytest.raises(ProbeError, match="without an end"):
            hold(Protocol.IMAP, play, after_greeting("NOOP"))


class TestPop3:
    """
    POP3.
    """

    def test_multiline_replies_end_with_a_dot(self) -> None:
        """
        Lines that begin with a dot were doubled on the way.
        """

        async def talk(speaker: Dialogue) -> Reply:
            assert isinstance(speaker, Pop3)
            await speaker.greeting()
            return await speaker.multiline("TOP 1 9")

        reply = hold(Protocol.POP3, saying("+OK\r\n", "+OK\r\na\r\n..b\r\n.\r\n"), talk)
        assert isinstance(reply, Reply)
        assert reply.lines == ("+OK", "a", ".b")

    def test_a_refused_capa_announces_nothing(self) -> None:
        """
        CAPA is optional.
        """

        async def talk(speaker: Dialogue) -> object:
            await speaker.greeting()
            return (await speaker.capabilities()).items

        assert hold(Protocol.POP3, saying("+OK\r\n", "-ERR what?\r\n"), talk) == ()


class TestSieve:
    """
    ManageSieve.
    """

    def test_a_capability_without_a_value_is_no_challenge(self) -> None:
        """
        ``"STARTTLS"`` on a line of its own looks like a SASL challenge.
        """

        async def talk(speaker: Dialogue) -> object:
            greeting = await speaker.greeting()
            assert greeting.positive
            return "STARTTLS" in await speaker.capabilities()

        assert hold(Protocol.SIEVE, saying(SIEVE_GREETING), talk)

    def test_a_challenge_is_answered(self) -> None:
        """
        In a SASL exchange a lone string is a continuation.
        """

        async def talk(speaker: Dialogue) -> Reply:
            assert isinstance(speaker, Sieve)
            await speaker.greeting()
            assert (await speaker.command('AUTHENTICATE "PLAIN"')).continuation
            return await speaker.answer('"*"')

        reply = hold(Protocol.SIEVE, saying(SIEVE_GREETING, '""\r\n', 'NO "cancelled"\r\n'), talk)
        assert isinstance(reply, Reply)
        assert reply.status == "NO"

    def test_literals_are_read_wherever_they_stand(self) -> None:
        """
        Pigeonhole sends compiler errors of several lines in one.
        """
        error = "line 3: error: what\r\nis that?\r\n"
        play = saying(
            SIEVE_GREETING, f'{{5}}\r\nmine" ACTIVE\r\nNO {{{len(error)}}}\r\n{error}\r\n'
        )
        reply = hold(Protocol.SIEVE, play, after_greeting("LISTSCRIPTS"))
        assert isinstance(reply, Reply)
        assert reply.lines[0] == '"mine\\"" ACTIVE'
        assert (reply.status, reply.text) == ("NO", '"line 3: error: what is that?"')

    def test_what_follows_a_literal_is_the_next_reply(self) -> None:
        """
        Nothing of it is left over to be taken for an answer.
        """

        async def talk(speaker: Dialogue) -> Reply:
            await speaker.greeting()
            await speaker.command("GETSCRIPT")
            return await speaker.command("NOOP")

        play = saying(SIEVE_GREETING, "{4}\r\nNO\r\n\r\nOK\r\n", 'OK "still here"\r\n')
        reply = hold(Protocol.SIEVE, play, talk)
        assert isinstance(reply, Reply)
        assert reply.text == '"still here"'

    @pytest.mark.parametrize("announced", ["{999999999}", "{70000}"])
    def test_a_literal_without_measure_is_given_up(self, announced: str) -> None:
        """
        A server must not make us wait for, or keep, whatever it announces.
        """
        play = saying(SIEVE_GREETING, f"NO {announced}\r\n")
        with pytest.raises(ProbeError, match="literal") as caught:
            hold(Protocol.SIEVE, play, after_greeting("LISTSCRIPTS"))
        assert caught.value.cause is Cause.BLOCKED

    @pytest.mark.parametrize("line", ['"' + '\\"' * 30_000, '"' * 60_000, '"a"' + "\\" * 60_000])
    def test_a_hostile_line_is_parsed_in_no_time(self, line: str) -> None:
        """
        Quotes without an end must not take time that grows with the square of their number.
        """
        begun = time.perf_counter()
        parse_sieve_capability((line,))
        assert time.perf_counter() - begun < 1.0
