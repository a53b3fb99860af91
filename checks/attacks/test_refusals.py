"""
What servers must not go along with, whoever asks.
"""

from collections.abc import Iterable

from mailvet.facts.attempt import Attempt
from mailvet.facts.before_login import LINE_OCTETS, BeforeLogin, LoginMemory
from mailvet.facts.guessing import Guessing
from mailvet.facts.login import RefusedLoginFacts
from mailvet.facts.script_limits import ScriptLimits
from mailvet.facts.strange_smtp import ObsoleteCommands, Pipelining
from mailvet.model import Cause, Judgement, Verdict, judge, not_applicable, unverified
from mailvet.plugin import control

_REFUSED = "refused, or the connection ends"

LEAST_GROWTH = 1.0
"""Seconds; Dovecot lets an address that failed once wait for two before it may try again."""

LEAST_DELAY = 1.0
"""Seconds; Dovecot waits for two, and longer after the next failure."""


def _all_refused(attempts: Iterable[Attempt]) -> Judgement:
    tried = tuple(attempts)
    observed = "; ".join(map(str, tried))
    granted = any(not each.refused and not each.silent for each in tried)
    if not granted and any(each.silent for each in tried):
        return unverified(Cause.BLOCKED, observed=observed, expected=_REFUSED)
    return judge(not granted, observed=observed, expected=_REFUSED)


@control("ATK-06")
def test_nothing_before_login(before_login: BeforeLogin) -> Judgement:
    """
    Commands that need a login are refused without one, and taken from users.
    """
    found, entry = _all_refused(before_login.requests), before_login.entry
    if found.verdict is not Verdict.PASS or entry.works:
        return found
    observed = f"{found.observed}; but {entry.words}"
    return unverified(entry.cause, observed=observed, expected=f"{_REFUSED}; users get in")


@control("ATK-07")
def test_memory_is_bounded(login_memory: LoginMemory) -> Judgement:
    """
    Neither a huge literal nor a line without an end is taken.
    """
    line, literal = login_memory.line, login_memory.literal
    seen = [f"{line} (after {login_memory.taken // 1024} KiB)", *filter(None, [literal])]
    observed = "; ".join(map(str, seen))
    expected = f"refused, the line before {LINE_OCTETS // 1024} KiB"
    silent = line.silent or (literal is not None and literal.silent)
    if silent and not login_memory.unbounded:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not login_memory.unbounded, observed=observed, expected=expected)


@control("ATK-08")
def test_parentheses_are_counted(before_login: BeforeLogin) -> Judgement:
    """
    Parentheses inside parentheses are refused before login.
    """
    if before_login.nested is None:
        return not_applicable("the protocol has no parentheses")
    return _all_refused([before_login.nested])


@control("ATK-09")
def test_scripts_keep_within_bounds(script_limits: ScriptLimits) -> Judgement:
    """
    Neither a script of two gigabytes nor one outside of the user's folder is taken.
    """
    return _all_refused([script_limits.size, script_limits.name])


@control("ATK-10")
def test_obsolete_commands(obsolete_commands: ObsoleteCommands) -> Judgement:
    """
    DEBUG, WIZ, TURN and their kind are refused.
    """
    return _all_refused(obsolete_commands.attempts)


@control("ATK-11")
def test_hasty_clients_are_turned_away(pipelining: Pipelining) -> Judgement:
    """
    A client that does not wait for the reply to EHLO gets no further.
    """
    return _all_refused([pipelining.early])


@control("ATK-12")
def test_guessing_takes_time(refused_login: RefusedLoginFacts) -> Judgement:
    """
    The answer to a wrong password comes later than the one to the right one.
    """
    wrong, right = refused_login.wrong, refused_login.control
    observed = f"wrong password: {wrong.seconds:.1f} s; right password: {right.seconds:.1f} s"
    expected = f"at least {LEAST_DELAY:g} s more for the wrong one"
    if not refused_login.proves(wrong):
        return unverified(Cause.BLOCKED, observed=f"{wrong}; {right}", expected=expected)
    late = wrong.seconds - right.seconds >= LEAST_DELAY
    return judge(late, observed=observed, expected=expected)


@control("ATK-14")
def test_guessing_takes_longer_and_longer(guessing: Guessing) -> Judgement:
    """
    Of two wrong passwords in a row, the second takes longer.
    """
    expected = f"at least {LEAST_GROWTH:g} s more for the second"
    if not guessing.refused:
        observed = f"{guessing.first}; {guessing.second}; right password: {guessing.control}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    grows = guessing.growth >= LEAST_GROWTH
    if guessing.exempt and not grows:
        observed = f"{guessing}; login_trusted_networks = {guessing.exempt}"
        return unverified(Cause.VANTAGE, observed=observed, expected=expected)
    return judge(grows, observed=str(guessing), expected=expected)
