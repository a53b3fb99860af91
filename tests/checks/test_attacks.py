"""
The checks on attacks, each with facts that pass and facts that fail.
"""

from collections.abc import Callable
from functools import partial

import pytest

from mailvet.facts.attempt import Attempt
from mailvet.facts.before_login import LINE_OCTETS, BeforeLogin, Entry, LoginMemory
from mailvet.facts.guessing import Guessing
from mailvet.facts.login import Login, RefusedLoginFacts
from mailvet.facts.privileges import PrivilegeFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.script_limits import ScriptLimits
from mailvet.facts.session import SessionFacts
from mailvet.facts.smuggling import LEGAL, VARIANTS, SmugglingFacts, Trial
from mailvet.facts.standpoint import Standpoint
from mailvet.facts.starttls_injection import Fate, Injection, InjectionFacts
from mailvet.facts.strange_smtp import ObsoleteCommands, Pipelining
from mailvet.model import Expectations, ExpectLmtp, Judgement, Protocol, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]
PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED
OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
TAKEN = Reply("250", "2.0.0 Ok", ("250 2.0.0 Ok",))
REFUSED = Reply("550", "5.5.2 bare <LF>", ("550 5.5.2 bare <LF>",))


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "attacks")


@pytest.mark.parametrize(
    ("fates", "verdict"),
    [
        ((Fate.DISCARDED,) * 3, PASS),
        ((Fate.CLOSED, Fate.REFUSED, Fate.DISCARDED), PASS),
        ((Fate.DISCARDED, Fate.EXECUTED), FAIL),
        ((Fate.ANSWERED_IN_CLEAR,), FAIL),
    ],
)
def test_atk_01(check: Load, fates: tuple[Fate, ...], verdict: Verdict) -> None:
    """One trial that did harm is enough."""
    facts = InjectionFacts(tuple(Injection("NOOP", None, each, "", ()) for each in fates))
    assert check("test_injection", "test_commands_do_not_get_into_tls")(facts).verdict is verdict
    same = check("test_injection", "test_commands_do_not_get_into_tls_of_lmtp")
    assert same(facts, make_target()).verdict is verdict
    implicit = make_target(expect=Expectations(lmtp=ExpectLmtp(implicit_tls=True)))
    assert same(facts, implicit).verdict is Verdict.NOT_APPLICABLE


def ended(ending: bytes, reply: Reply | None = None, failure: str = "") -> Trial:
    """A trial of one ending."""
    return Trial(ending, reply, failure, "<x@example.com>")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({b"\n.\n": ended(b"\n.\n", REFUSED)}, PASS),
        ({b"\n.\n": ended(b"\n.\n", TAKEN)}, FAIL),
        ({b"\n.\n": ended(b"\n.\n", failure="connection refused")}, OPEN),
        (
            {
                b"\n.\n": ended(b"\n.\n", failure="connection refused"),
                b"\r\n.\n": ended(b"\r\n.\n", TAKEN),
            },
            FAIL,
        ),
    ],
)
def test_atk_02(check: Load, changes: dict[bytes, Trial], verdict: Verdict) -> None:
    """Silence and refusals pass; what did not come so far leaves it open."""
    trials = tuple(changes.get(each, ended(each)) for each in VARIANTS)
    facts = SmugglingFacts(OUTSIDE, ended(LEGAL, TAKEN), trials)
    run = check("test_smuggling", "test_only_the_legal_end_ends_a_message")
    assert run(facts).verdict is verdict


def words(*names: str) -> Capabilities:
    """What EHLO announces."""
    return Capabilities(tuple((name, ()) for name in names))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (PrivilegeFacts(OUTSIDE, words("SIZE", "STARTTLS"), words("SIZE"), "", ()), PASS),
        (PrivilegeFacts(OUTSIDE, None, words("SIZE"), "", ()), PASS),
        (PrivilegeFacts(OUTSIDE, words("SIZE", "XCLIENT"), words("SIZE"), "", ()), FAIL),
        (PrivilegeFacts(OUTSIDE, words("SIZE"), words("SIZE", "XFORWARD"), "", ()), FAIL),
        (PrivilegeFacts(OUTSIDE, words("SIZE", "STARTTLS"), None, "not inside TLS", ()), OPEN),
        (PrivilegeFacts(OUTSIDE, None, None, "not inside TLS", ()), OPEN),
        (PrivilegeFacts(OUTSIDE, words("XCLIENT"), None, "not inside TLS", ()), FAIL),
    ],
)
def test_atk_03(check: Load, facts: PrivilegeFacts, verdict: Verdict) -> None:
    """Neither before TLS nor inside it, and where nobody could look is open."""
    run = check("test_exposure", "test_privileged_commands_are_not_offered")
    assert run(facts).verdict is verdict


def session(
    greeting: str, after: Capabilities | None = None, before: Capabilities | None = None
) -> SessionFacts:
    """A session with a greeting, and what is announced."""
    reply = Reply("OK", greeting, (greeting,)) if greeting else None
    return SessionFacts(reply, before, None, "", None, after, "", ())


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (Capabilities((("SIEVE", ("fileinto reject envelope",)),)), PASS),
        (Capabilities((("SIEVE", ("fileinto vnd.dovecot.pipe",)),)), FAIL),
        (Capabilities((("SIEVE", ("fileinto vnd.dovecot.Execute",)),)), FAIL),
        (Capabilities(()), OPEN),
        (None, OPEN),
    ],
)
def test_atk_04(check: Load, after: Capabilities | None, verdict: Verdict) -> None:
    """One of the three extensions is enough."""
    run = check("test_exposure", "test_sieve_runs_no_programs")
    assert run(session("OK", after)).verdict is verdict


SIEVE_VERSION = ("VERSION", ("1.0",))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (session("220 mail1.example.com ESMTP Postfix (Debian/GNU)"), PASS),
        (session("220 mail1.2.example.com ESMTP"), PASS),
        (session("220 10.2.example.com ESMTP"), PASS),
        (session("220 [192.0.2.1] ESMTP at 12.30:45"), PASS),
        (session("+OK ready <1896.697170952@mail1.example.com>"), PASS),
        (session("220 mail1.example.com ESMTP Postfix 3.5.25"), FAIL),
        (session("220 mail1.example.com ESMTP Exim 4.96 Thu, 26 Nov 2026 12:00:00"), FAIL),
        (session("* OK Dovecot (v2.3.16) ready."), FAIL),
        (session("* OK mail1.example.com Cyrus IMAP 3.6.1-Debian-3.6.1-4+deb12u5 ready"), FAIL),
        (session("220 mail-1.2-b.example.com ESMTP"), PASS),
        (session("220 192.0.2.1 ESMTP"), PASS),
        (session("220 mail1.example.com hello from 198.51.100.7"), PASS),
        (session("220 mail1.example.com ESMTP Postfix-3.5.25"), FAIL),
        (session("220 mail1.example.com ESMTP Exim 4.94.2.1"), FAIL),
        (session("220 mail1.example.com ESMTP Exim 4.96_2"), FAIL),
        (session("220 m ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-2+deb12u2"), FAIL),
        (session("220 mail1.example.com ESMTP Service, Version: 10.0.17763.1697 ready"), FAIL),
        (session("* OK Axigen 10.5.0a ready"), FAIL),
        (session(""), OPEN),
        (
            session(
                '"VERSION" "1.0"',
                before=Capabilities((("IMPLEMENTATION", ("Dovecot Pigeonhole",)), SIEVE_VERSION)),
            ),
            PASS,
        ),
        (
            session(
                '"VERSION" "1.0"',
                before=Capabilities((("IMPLEMENTATION", ("Server 2.4.1",)), SIEVE_VERSION)),
            ),
            FAIL,
        ),
    ],
)
def test_atk_05(check: Load, facts: SessionFacts, verdict: Verdict) -> None:
    """Names, addresses, times and versions of protocols are no versions of programs."""
    assert check("test_exposure", "test_greeting_tells_no_version")(facts).verdict is verdict


GRANTED = Attempt("X", Reply("OK", "done", ("OK done",)))
NO = Attempt("X", Reply("NO", "not you", ("NO not you",)))
CLOSED = Attempt("X", None, closed=True)
SILENT = Attempt("X", None, detail="no reply within 10 s")


def before(
    *requests: Attempt, nested: Attempt | None = NO, entry: Entry | None = None
) -> BeforeLogin:
    """What a server says to strangers; it is right unless told otherwise."""
    return BeforeLogin(requests or (NO, CLOSED), entry or Entry(True, "alice gets in"), nested, ())


def memory(
    *, literal: Attempt | None = NO, line: Attempt = CLOSED, taken: int = 65536
) -> LoginMemory:
    """What it keeps for strangers."""
    return LoginMemory(literal, line, taken, ())


@pytest.mark.parametrize(
    ("name", "facts", "verdict"),
    [
        ("test_nothing_before_login", before(), PASS),
        ("test_nothing_before_login", before(NO, GRANTED), FAIL),
        ("test_nothing_before_login", before(SILENT, GRANTED), FAIL),
        ("test_nothing_before_login", before(NO, SILENT), OPEN),
        ("test_nothing_before_login", before(entry=Entry(False, "alice stays out")), OPEN),
        ("test_nothing_before_login", before(GRANTED, entry=Entry(False, "no account")), FAIL),
        ("test_memory_is_bounded", memory(), PASS),
        ("test_memory_is_bounded", memory(literal=None), PASS),
        ("test_memory_is_bounded", memory(literal=GRANTED), FAIL),
        ("test_memory_is_bounded", memory(line=SILENT, taken=LINE_OCTETS), FAIL),
        ("test_memory_is_bounded", memory(line=GRANTED, taken=LINE_OCTETS), FAIL),
        ("test_memory_is_bounded", memory(line=NO, taken=LINE_OCTETS), PASS),
        ("test_memory_is_bounded", memory(line=SILENT), OPEN),
        ("test_memory_is_bounded", memory(literal=SILENT), OPEN),
        ("test_parentheses_are_counted", before(), PASS),
        ("test_parentheses_are_counted", before(nested=GRANTED), FAIL),
        ("test_parentheses_are_counted", before(nested=SILENT), OPEN),
        ("test_parentheses_are_counted", before(nested=None), Verdict.NOT_APPLICABLE),
        ("test_scripts_keep_within_bounds", ScriptLimits("a", NO, NO, ()), PASS),
        ("test_scripts_keep_within_bounds", ScriptLimits("a", GRANTED, NO, ()), FAIL),
        ("test_scripts_keep_within_bounds", ScriptLimits("a", NO, GRANTED, ()), FAIL),
        ("test_scripts_keep_within_bounds", ScriptLimits("a", NO, SILENT, ()), OPEN),
        ("test_obsolete_commands", ObsoleteCommands((NO, CLOSED), ()), PASS),
        ("test_obsolete_commands", ObsoleteCommands((NO, GRANTED), ()), FAIL),
        ("test_hasty_clients_are_turned_away", Pipelining(GRANTED, CLOSED, ()), PASS),
        ("test_hasty_clients_are_turned_away", Pipelining(GRANTED, GRANTED, ()), FAIL),
    ],
)
def test_atk_06_to_11(check: Load, name: str, facts: object, verdict: Verdict) -> None:
    """What is granted fails; a closed connection is a refusal, and silence is none."""
    assert check("test_refusals", name)(facts).verdict is verdict


@pytest.mark.parametrize(
    ("wrong", "right", "verdict"),
    [
        (("NO", 2.1), ("OK", 0.1), PASS),
        (("NO", 0.1), ("OK", 0.1), FAIL),
        (("NO", 2.1), ("OK", 2.1), FAIL),
        (("OK", 2.1), ("OK", 0.1), OPEN),
        (("NO", 2.1), ("NO", 0.1), OPEN),
    ],
)
def test_atk_12(
    check: Load, wrong: tuple[str, float], right: tuple[str, float], verdict: Verdict
) -> None:
    """A server that takes its time for every answer does not slow guessing down."""

    def login(status: str, seconds: float) -> Login:
        reply = Reply(status, "", (status,))
        return Login(Protocol.IMAP, "alice", "PLAIN", reply, "", seconds)

    facts = RefusedLoginFacts(login(*wrong), login(*wrong), None, login(*right), None, ())
    assert check("test_refusals", "test_guessing_takes_time")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("first", "second", "right", "exempt", "verdict"),
    [
        (("NO", 2.1), ("NO", 4.2), "OK", "", PASS),
        (("NO", 2.1), ("NO", 2.2), "OK", "", FAIL),
        (("NO", 4.1), ("NO", 2.2), "OK", "", FAIL),
        (("NO", 2.1), ("NO", 2.2), "OK", "192.0.2.0/24", OPEN),
        (("NO", 2.1), ("NO", 4.2), "OK", "192.0.2.0/24", PASS),
        (("NO", 2.1), ("NO", 4.2), "NO", "", OPEN),
        (("NO", 2.1), ("OK", 4.2), "OK", "", OPEN),
    ],
)
def test_atk_14(
    check: Load,
    first: tuple[str, float],
    second: tuple[str, float],
    right: str,
    exempt: str,
    verdict: Verdict,
) -> None:
    """Who is exempt from being held up sees nothing of it."""

    def login(status: str, seconds: float) -> Login:
        reply = Reply(status, "", (status,))
        return Login(Protocol.IMAP, "alice", "PLAIN", reply, "", seconds)

    facts = Guessing("imaps", "outside", exempt, login(*first), login(*second), login(right, 4), ())
    found = check("test_refusals", "test_guessing_takes_longer_and_longer")(facts)
    assert found.verdict is verdict
