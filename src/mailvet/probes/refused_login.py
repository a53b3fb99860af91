"""
Logins that must fail, as few and as short as the truth allows.

Dovecot makes an address that failed wait 4, 8 and then 15 seconds before its next login, and it
decides so when an exchange begins. So all exchanges are begun first, without a password; then all
passwords are sent at once, and every answer comes after the server's own delay for one failure.
The right password goes last, through an exchange that was begun with the others: it shows without
waiting that the server was able to say yes. A good login meanwhile takes the penalty away.

Systems that lock accounts do so at the third failure, so no account gets more than two wrong
passwords before a right one. With one account for every two endpoints, one round is enough.
"""

import asyncio
import contextlib
import dataclasses
import secrets
import time
from collections.abc import Iterable, Iterator

from mailvet.acts import (
    ENVELOPE,
    Act,
    Acts,
    FailingLogins,
    Logins,
    Scope,
    logs_in,
    nothing,
    takes_logins,
)
from mailvet.context import FactSpec, Lane, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.login import Answer, FailingLoginsFacts, Login, LoginFacts, RefusedLoginFacts
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Account, Cause, Endpoint, Protocol, Security
from mailvet.places import Places
from mailvet.probes import sasl
from mailvet.probes.relay import envelope, foreign_addresses
from mailvet.probes.session import secured
from mailvet.probes.standpoint import outside
from mailvet.secret import Secret
from mailvet.transcript import Line

_CONNECTIONS = 48
"""Postfix takes 50 from one client; these wait more than they work."""

_EMPTY = Secret("")

_Told = tuple[Login, Reply | None, tuple[Line, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Seat:
    """
    An endpoint, the account that is used there, and whether an empty password is tried.
    """

    endpoint: Endpoint
    account: Account
    empty: bool

    @property
    def attempts(self) -> int:
        """
        Exchanges that are begun there: wrong, unknown, the right one, and perhaps an empty one.
        """
        return 3 + self.empty


class _Turn:
    """
    What the attempts of one round share.

    Attributes:
        wrong: The wrong password: the same everywhere, for Dovecot counts repetitions once.
        nobody: The account that does not exist.
        punished: Set when the server has refused something.
    """

    def __init__(self, seats: tuple[_Seat, ...], wrong: Secret, nobody: str) -> None:
        self._missing = sum(seat.attempts for seat in seats)
        self._all_begun = asyncio.Event()
        self.wrong = wrong
        self.nobody = nobody
        self.punished = asyncio.Event()

    def begun(self) -> None:
        """
        Counts an attempt that has begun, or never will; the last one lets all others go on.
        """
        self._missing -= 1
        if self._missing == 0:
            self._all_begun.set()

    async def all_begun(self) -> None:
        """
        Waits until no attempt is missing.
        """
        await self._all_begun.wait()


async def probe_failing_logins(context: ProbeContext) -> FailingLoginsFacts:
    """
    Wrong password, unknown account and once an empty password, wherever users log in.

    Raises:
        ProbeError: There is no account.
    """
    accounts = tuple(context.target.accounts.values()) or (context.account(),)
    endpoints, failures = await _promising(context)
    wrong, stranger = Secret(secrets.token_urlsafe(12)), nobody(context, accounts[0])
    seen: dict[str, RefusedLoginFacts | ProbeError] = {}
    async with context.lane.failing:
        start = time.monotonic()
        for seats in _rounds(endpoints, accounts):
            seen |= await _play(context, seats, _Turn(seats, wrong, stranger))
        again = tuple(each for each in endpoints if _undecided(seen[each.name]))
        if len(endpoints) + len(again) <= _limit(context):
            # The processes of an old configuration end some seconds after a reload of Dovecot.
            for seats in _rounds(again, accounts):
                seen |= await _play(context, seats, _Turn(seats, wrong, stranger))
        seconds = round(time.monotonic() - start, 3)
    for name, outcome in seen.items():
        if isinstance(outcome, ProbeError):
            failures.append((name, str(outcome.cause), outcome.detail))
    results = [(name, each) for name, each in seen.items() if isinstance(each, RefusedLoginFacts)]
    return FailingLoginsFacts(tuple(results), tuple(failures), seconds)


def _undecided(outcome: RefusedLoginFacts | ProbeError) -> bool:
    """
    Whether not even the right password worked.
    """
    return isinstance(outcome, ProbeError) or outcome.control.answer is not Answer.ACCEPTED


def _limit(context: ProbeContext) -> int:
    """
    How often the profile's number of failing logins allows an endpoint to be tried.
    """
    return (context.target.expect.login.failing_logins - 2) // 2


async def _promising(
    context: ProbeContext,
) -> tuple[tuple[Endpoint, ...], list[tuple[str, str, str]]]:
    """
    The endpoints on which a good login works, and why the others are not worth a failing one.
    """
    limit = _limit(context)
    found: list[Endpoint] = []
    failures: list[tuple[str, str, str]] = []
    for endpoint in sorted(_login_endpoints(context), key=_imap_first):
        try:
            facts: LoginFacts = await context.fact("login", endpoint)
        except ProbeError as exc:
            failures.append((endpoint.name, str(exc.cause), exc.detail))
            continue
        if facts.plain.answer is not Answer.ACCEPTED:
            reason = f"the good login does not work there: {facts.plain}"
        elif len(found) >= limit:
            reason = f"the profile allows only {limit} services of it (expect.login.failing_logins)"
        else:
            found.append(endpoint)
            continue
        failures.append((endpoint.name, str(Cause.BLOCKED), reason))
    return tuple(found), failures


def _login_endpoints(context: ProbeContext) -> list[Endpoint]:
    return [
        each
        for each in context.target.endpoints
        if each.protocol is not Protocol.SMTP and each.security is not Security.CLEARTEXT
    ]


def _imap_first(endpoint: Endpoint) -> tuple[bool, bool]:
    return (endpoint.protocol is not Protocol.IMAP, endpoint.security is Security.STARTTLS)


def nobody(context: ProbeContext, like: Account) -> str:
    """
    A login name that does not exist, in the form that the existing ones have.
    """
    _, at, domain = like.user.partition("@")
    return f"nobody-{context.nonce}{at}{domain}"


def _rounds(
    endpoints: tuple[Endpoint, ...], accounts: tuple[Account, ...]
) -> Iterator[tuple[_Seat, ...]]:
    """
    Who tries what together, so that no account gets a third wrong password in a row.
    """
    rest = list(endpoints)
    turns = (*accounts, *accounts[1:])
    while rest:
        pairs = list(zip(rest, turns, strict=False))
        first = len(rest) == len(endpoints)
        yield tuple(
            _Seat(endpoint, account, empty=first and number == 0)
            for number, (endpoint, account) in enumerate(pairs)
        )
        rest = rest[len(pairs) :]
        turns = (*accounts, *accounts)


async def _play(
    context: ProbeContext, seats: tuple[_Seat, ...], turn: _Turn
) -> dict[str, RefusedLoginFacts | ProbeError]:
    """
    What was seen, by the name of the endpoint.
    """
    lane = Lane(connections=Places(_CONNECTIONS))
    contexts = [dataclasses.replace(context, endpoint=seat.endpoint, lane=lane) for seat in seats]
    jobs = [_sit(place, seat, turn) for place, seat in zip(contexts, seats, strict=True)]
    clearing = asyncio.create_task(_clear(contexts[0], seats[0], turn))
    try:
        outcomes = await asyncio.gather(*jobs)
    finally:
        await clearing
    names = [seat.endpoint.name for seat in seats]
    return dict(zip(names, outcomes, strict=True))


async def _sit(context: ProbeContext, seat: _Seat, turn: _Turn) -> RefusedLoginFacts | ProbeError:
    try:
        right = context.password(seat.account)
        place = await _stranger(context)
    except ProbeError as exc:
        for _ in range(seat.attempts):
            turn.begun()
        return exc
    user = seat.account.user
    failing = [
        asyncio.create_task(_attempt(context, user, turn.wrong, turn, place)),
        asyncio.create_task(_attempt(context, turn.nobody, turn.wrong, turn)),
    ]
    if seat.empty:
        failing.append(asyncio.create_task(_attempt(context, user, _EMPTY, turn)))
    control = _attempt(context, user, right, turn, after=failing)
    told = await asyncio.gather(*failing, control, return_exceptions=True)
    turn.punished.set()
    return _together(told)


def _together(told: list[_Told | BaseException]) -> RefusedLoginFacts | ProbeError:
    """
    One fact out of all attempts; trouble in one of them leaves the others without meaning.
    """
    done: list[_Told] = []
    for each in told:
        if isinstance(each, ProbeError):
            return each
        if isinstance(each, BaseException):
            raise each
        done.append(each)
    (wrong, relay, _), (unknown, _, _), *between, (control, _, _) = done
    empty = between[0][0] if between else None
    lines = tuple(line for each in done for line in each[2])
    return RefusedLoginFacts(wrong, unknown, empty, control, relay, lines)


async def _stranger(context: ProbeContext) -> Standpoint | None:
    """
    A place that may not relay without a login, for submission; None if there is none.
    """
    if context.service.protocol is not Protocol.SUBMISSION:
        return None
    try:
        return await outside(context)
    except ProbeError:
        return None


async def _attempt(
    context: ProbeContext,
    user: str,
    password: Secret,
    turn: _Turn,
    place: Standpoint | None = None,
    *,
    after: Iterable[asyncio.Task[_Told]] = (),
) -> _Told:
    """
    One exchange, at *place* with an attempt to relay behind it.
    """
    with contextlib.ExitStack() as missing:
        missing.callback(turn.begun)
        async with secured(context, through=place.through if place else None) as (speaker, _):
            reply = await sasl.begin(speaker)
            missing.close()
            await turn.all_begun()
            if after:
                await asyncio.wait(after)
            login = Login(context.service.protocol, user, sasl.PLAIN, reply, "", 0.0)
            if reply.continuation:
                login = await sasl.finish(context, speaker, user, password)
                turn.punished.set()
            relay: Reply | None = None
            if place is not None and login.answer is Answer.REFUSED:
                sender, recipient = foreign_addresses(context)
                relay = await envelope(speaker, sender, recipient)
            return login, relay, speaker.wire.transcript.freeze()


async def _clear(context: ProbeContext, seat: _Seat, turn: _Turn) -> None:
    """
    Logs in well as soon as something was refused, which makes Dovecot forget the failures.

    The penalty at that moment is the shortest, and all other failures are counted before it ends.
    """
    await turn.punished.wait()
    with contextlib.suppress(ProbeError):
        async with secured(context) as (speaker, _):
            await sasl.log_in(context, speaker, seat.account)


async def probe_refused_login(context: ProbeContext) -> RefusedLoginFacts:
    """
    What was seen of the failing logins on this endpoint.

    Raises:
        ProbeError: Nothing could be seen there.
    """
    facts: FailingLoginsFacts = await context.fact("failing_logins")
    for name, found in facts.results:
        if name == context.service.name:
            return found
    for name, cause, detail in facts.failures:
        if name == context.service.name:
            raise ProbeError(Cause(cause), detail)
    raise ProbeError(Cause.TOOL, f"nobody logs in at {context.service.name}")


def _acts(scope: Scope) -> Acts:
    """
    Two rounds at most: the second for endpoints on which not even the right password worked.
    """
    accounts = scope.target.accounts.values()
    if not accounts:
        return ()
    endpoints = tuple(takes_logins(scope.target))
    found: list[Act] = []
    for endpoint in endpoints:
        submission = endpoint.protocol is Protocol.SUBMISSION
        verbs = ENVELOPE if submission else ()
        # Wrong, unknown, empty and right password, and the good login that ends the penalty.
        found += logs_in(endpoint, None, 2 * 5, *verbs, anywhere=submission)
    rounds = -(-len(endpoints) // (2 * len(accounts) - 1))
    found += [Logins(each.name, 2 * 3 * rounds) for each in accounts]
    most = min(4 * len(endpoints) + 2, scope.target.expect.login.failing_logins)
    return (*found, FailingLogins(most, "the test accounts, and one that does not exist"))


FACTS = (
    FactSpec(
        "failing_logins",
        probe_failing_logins,
        FailingLoginsFacts,
        acts=_acts,
        needs=("login", "standpoints"),
        stage=Stage.FAILING_LOGINS,
    ),
    FactSpec(
        "refused_login",
        probe_refused_login,
        RefusedLoginFacts,
        acts=nothing,
        needs=("failing_logins",),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
)
