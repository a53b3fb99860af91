"""
Puts what each port said beside what the configuration says; makes no connection of its own.
"""

from mailvet.acts import nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts import dovecot_words, smtpd_words
from mailvet.facts.certificate import ShownFacts
from mailvet.facts.comparison import CERTIFICATE, ComparisonFacts, Sheet
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.offers import VersionFacts
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.replies import Reply
from mailvet.facts.said import Said
from mailvet.facts.session import SessionFacts
from mailvet.facts.standpoint import StandpointFacts
from mailvet.model import Agreement, Cause, Comparison, Security
from mailvet.probes.certificate import server_of

_CERTIFICATE_CONTROLS = {"dovecot": "CERT-04", "postfix": "CERT-11"}


async def probe_comparison(context: ProbeContext) -> ComparisonFacts:
    """
    Every question that the port and the configuration of its server both answer.

    Raises:
        ProbeError: There is no configuration to be read, or the port does not talk.
    """
    sheet = Sheet(context.target.key, context.service)
    server = server_of(context.target, context.service)
    said = await _said(context)
    rows = await (_postfix if server == "postfix" else _dovecot)(context, sheet, said)
    return ComparisonFacts((*rows, *await _certificate(context, sheet, server)))


async def _said(context: ProbeContext) -> Said:
    session: SessionFacts = await context.fact("session", context.service)
    security = context.service.security
    handshake = session.handshake
    if not _talks(session.greeting):
        if security is not Security.IMPLICIT_TLS or handshake is None:
            raise ProbeError(Cause.BLOCKED, f"the server turns us away: {session.greeting}")
        if not handshake.completed and not handshake.clear_text:
            raise ProbeError(Cause.BLOCKED, f"the TLS handshake fails: {handshake.failure}")
    try:
        versions: VersionFacts = await context.fact("versions", context.service)
    except ProbeError as exc:
        return Said(security, session, None, (exc.cause, exc.detail))
    return Said(security, session, versions)


def _talks(greeting: Reply | None) -> bool:
    return greeting is not None and (greeting.positive or greeting.status == "PREAUTH")


async def _postfix(context: ProbeContext, sheet: Sheet, said: Said) -> list[Comparison]:
    postfix: PostfixConfig = await context.fact("postfix")
    interfaces: InterfaceFacts = await context.fact("interfaces")
    listeners: ListenerFacts = await context.fact("listeners")
    rows = [smtpd_words.listening_row(sheet, interfaces, listeners)]
    services = [each for each in interfaces.services if each.port == context.service.port]
    # A second service on the same port answers the host itself only, as content filters need it.
    services.sort(key=lambda each: all(_loopback(address) for address in each.addresses))
    found = (
        smtpd_words.smtpd_words(postfix, services[0], await _sasl(context)) if services else None
    )
    if found is None:
        note = f"no smtpd service of master.cf has port {context.service.port}"
        return [*rows, sheet.unseen("service", "no smtpd service", Cause.BLOCKED, note)]
    return [*rows, *smtpd_words.smtpd_rows(sheet, said, found, context.target.expect.tls)]


async def _sasl(context: ProbeContext) -> DovecotConfig | None:
    if "dovecot" not in context.target.roles:
        return None
    try:
        config: DovecotConfig = await context.fact("dovecot")
    except ProbeError:
        return None
    return config


async def _dovecot(context: ProbeContext, sheet: Sheet, said: Said) -> list[Comparison]:
    config: DovecotConfig = await context.fact("dovecot")
    listeners: ListenerFacts = await context.fact("listeners")
    places: StandpointFacts = await context.fact("standpoints")
    row, listener = dovecot_words.listening_row(sheet, config, listeners)
    if listener is None:
        if row.agreement is Agreement.DIFFERENT:
            return [row]
        note = f"no listener of Dovecot has port {context.service.port}"
        return [row, sheet.unseen("service", "no listener", Cause.BLOCKED, note)]
    words = dovecot_words.DovecotWords(
        config,
        context.service.protocol,
        listener,
        context.target.name,
        any(each.on_host for each in places.standpoints[:1]),
    )
    return [row, *dovecot_words.dovecot_rows(sheet, said, words, context.target.expect.tls)]


async def _certificate(context: ProbeContext, sheet: Sheet, server: str) -> list[Comparison]:
    try:
        shown: ShownFacts = await context.fact("shown_certificates")
    except ProbeError:
        return []
    leaves = [each for each in shown.of(server) if each.endpoint == context.service.name]
    if not leaves:
        return []
    wire = leaves[0].certificate.sha256
    files = [fingerprint for name, fingerprint in shown.on_disk if name == server]
    configured = ", ".join(f"{each[:16]}…" for each in dict.fromkeys(files))
    judge = _CERTIFICATE_CONTROLS[server]
    seen = f"{wire[:16]}…"
    if not files:
        why = dict(shown.disk_detail).get(server, "no certificate on its disk could be read")
        return [sheet.left_out(CERTIFICATE, seen, "unknown", why, decided_by=judge)]
    agreement = Agreement.SAME if wire in files else Agreement.DIFFERENT
    return [sheet.written(CERTIFICATE, seen, configured, agreement, decided_by=judge)]


def _loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


FACTS = (
    FactSpec(
        "comparison",
        probe_comparison,
        ComparisonFacts,
        acts=nothing,
        needs=(
            "session",
            "versions",
            "postfix",
            "interfaces",
            "dovecot",
            "listeners",
            "standpoints",
            "shown_certificates",
        ),
        per_endpoint=True,
    ),
)
