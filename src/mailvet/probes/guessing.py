"""
Guesses a password twice and looks whether the second answer takes longer.

The account does not exist, so nobody is locked out. A good login at the end makes Dovecot forget
the failures, as after all failing logins.
"""

import contextlib
import dataclasses
import secrets
import time

from mailvet.acts import Acts, FailingLogins, Scope, logs_in, mailbox_services, takes_logins
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.guessing import Guessing
from mailvet.facts.login import Login
from mailvet.facts.login_policy import TRUSTED
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause, Endpoint, Protocol, Target
from mailvet.probes import sasl
from mailvet.probes.refused_login import nobody
from mailvet.probes.session import secured
from mailvet.probes.standpoint import elsewhere
from mailvet.secret import Secret
from mailvet.transcript import Line

GUESSES = 2

_OCTETS = 12


async def probe_guessing(context: ProbeContext) -> Guessing:
    """
    One guess after the other, on a connection of its own each, on one of Dovecot's services.

    Raises:
        ProbeError: There is no account, no service with TLS, or no place outside.
    """
    endpoint = _service(context.target)
    if endpoint is None:
        raise ProbeError(Cause.BLOCKED, "no service of Dovecot's with TLS is declared")
    account = context.account()
    place = await elsewhere(context)
    # Their penalty is over when they are.
    with contextlib.suppress(ProbeError):
        await context.fact("failing_logins")
    own = dataclasses.replace(context, endpoint=endpoint)
    lines: tuple[Line, ...] = ()
    guesses: list[Login] = []
    async with context.lane.failing:
        for _ in range(GUESSES):
            login, said = await _guess(own, place, nobody(context, account))
            guesses.append(login)
            lines += said
        async with secured(own, through=place.through) as (speaker, _):
            control = await sasl.log_in(own, speaker, account)
            lines += speaker.wire.transcript.freeze()
    exempt = await _exempt(context)
    return Guessing(endpoint.name, f"{place}", exempt, guesses[0], guesses[1], control, lines)


async def _guess(
    context: ProbeContext, place: Standpoint, user: str
) -> tuple[Login, tuple[Line, ...]]:
    # Another one each time: Dovecot counts repetitions once.
    password = Secret(secrets.token_urlsafe(_OCTETS))
    async with secured(context, through=place.through) as (speaker, _):
        start = time.monotonic()
        reply = await sasl.begin(speaker)
        login = Login(context.service.protocol, user, sasl.PLAIN, reply, "", 0.0)
        if reply.continuation:
            login = await sasl.finish(context, speaker, user, password)
        # Dovecot lets who failed before wait at the beginning, and everybody who fails at the end.
        seconds = round(time.monotonic() - start, 3)
        return dataclasses.replace(login, seconds=seconds), speaker.wire.transcript.freeze()


async def _exempt(context: ProbeContext) -> str:
    try:
        dovecot: DovecotConfig = await context.fact("dovecot")
    except ProbeError:
        return ""
    return dovecot.setting(TRUSTED)


def _service(target: Target) -> Endpoint | None:
    others = (each for each in takes_logins(target) if each.protocol is not Protocol.SUBMISSION)
    return next(iter((*mailbox_services(target), *others)), None)


def _acts(scope: Scope) -> Acts:
    endpoint, account = _service(scope.target), scope.account()
    if endpoint is None or account is None:
        return ()
    return (
        *logs_in(endpoint, None, GUESSES, anywhere=True),
        *logs_in(endpoint, account, 1, anywhere=True),
        FailingLogins(GUESSES, "an account that does not exist, one after the other"),
    )


FACTS = (
    FactSpec(
        "guessing",
        probe_guessing,
        Guessing,
        acts=_acts,
        needs=("failing_logins", "standpoints", "dovecot"),
        stage=Stage.FAILING_LOGINS,
    ),
)
