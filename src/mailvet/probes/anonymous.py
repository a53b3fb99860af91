"""
Tries to log in as nobody in particular (RFC 4505), inside TLS and before it.
"""

from mailvet.acts import LOGIN_VERBS, Acts, FailingLogins, Scope, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.anonymous import AnonymousFacts, AnonymousLogin
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Security
from mailvet.probes.sasl import encoded
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import elsewhere
from mailvet.transcript import Line


async def probe_anonymous(context: ProbeContext) -> AnonymousFacts:
    """
    AUTH ANONYMOUS in each layer, on a connection of its own.

    Raises:
        ProbeError: There is no place outside, or the server does not talk at all.
    """
    place = await elsewhere(context)
    transcript: list[Line] = []
    layers = {
        Security.IMPLICIT_TLS: (True,),
        Security.STARTTLS: (True, False),
        Security.CLEARTEXT: (False,),
    }[context.service.security]
    logins = [await _try(context, place, transcript, tls=tls) for tls in layers]
    return AnonymousFacts(place, tuple(logins), tuple(transcript))


async def _try(
    context: ProbeContext, place: Standpoint, transcript: list[Line], *, tls: bool
) -> AnonymousLogin:
    layer = secured if tls else in_clear
    offered: tuple[str, ...] = ()
    reply: Reply | None = None
    before = False
    after: bool | None = None
    failure = ""
    # The trace that RFC 4505 lets clients send says who we are.
    command = f"AUTH ANONYMOUS {encoded(context.nonce)}"
    async with context.lane.failing:
        try:
            async with layer(context, through=place.through) as (speaker, announced):
                offered = announced.sasl_mechanisms
                before = (await speaker.command("NOOP")).positive
                reply = await speaker.command(command, timeout=context.login_timeout)
                if reply.continuation:
                    await speaker.answer("*")
                after = (await speaker.command("NOOP")).positive
                await speaker.quit()
                transcript += speaker.wire.transcript.freeze()
        except PeerClosedError as exc:
            transcript += exc.transcript
            failure = exc.detail
        except ProbeError as exc:
            transcript += exc.transcript
            after, failure = False, exc.detail
    return AnonymousLogin(tls, offered, reply, before, after, failure)


def _acts(scope: Scope) -> Acts:
    layers = 2 if scope.service.security is Security.STARTTLS else 1
    verbs = (LOGIN_VERBS[scope.service.protocol], "NOOP")
    return (
        talks(scope.service, layers, *verbs, anywhere=True),
        FailingLogins(layers, "nobody in particular (ANONYMOUS), which asks for no password"),
    )


FACTS = (
    FactSpec(
        "anonymous",
        probe_anonymous,
        AnonymousFacts,
        acts=_acts,
        needs=("standpoints",),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
)
