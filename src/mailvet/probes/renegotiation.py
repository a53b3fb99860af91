"""
Asks for a second handshake, once.

Each one costs the server many times the work that it costs the client, so one connection is enough
to keep it busy where it goes along (CVE-2011-1473).
"""

from mailvet.acts import talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.offers import TLS12
from mailvet.facts.renegotiation import Renegotiation, RenegotiationFacts
from mailvet.model import Cause
from mailvet.probes.handshake import TlsOffer
from mailvet.probes.session import secured
from mailvet.probes.tls import speaks_tls12


async def probe_renegotiation(context: ProbeContext) -> RenegotiationFacts:
    """
    A session of TLS 1.2 in which the client wants to negotiate again.

    Raises:
        ProbeError: TLS does not come about with our own library.
    """
    if not await speaks_tls12(context):
        return RenegotiationFacts(Renegotiation.IMPOSSIBLE, "", ())
    async with secured(context, offer=TlsOffer(maximum=TLS12)) as (speaker, _):
        wire = speaker.wire
        outcome, detail = Renegotiation.PERFORMED, ""
        try:
            await wire.renegotiate()
        except PeerClosedError as exc:
            outcome, detail = Renegotiation.REFUSED, exc.detail
        except ProbeError as exc:
            if exc.cause is not Cause.TIMEOUT:
                raise
            outcome, detail = Renegotiation.IGNORED, exc.detail
        return RenegotiationFacts(outcome, detail, wire.transcript.freeze())


FACTS = (
    FactSpec(
        "renegotiation",
        probe_renegotiation,
        RenegotiationFacts,
        acts=lambda scope: (talks(scope.service, 1),),
        needs=("versions",),
        per_endpoint=True,
        stage=Stage.FAILING_LOGINS,
    ),
)
