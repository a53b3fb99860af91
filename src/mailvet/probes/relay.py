"""
Tries to relay, from outside and from inside, and never goes beyond RCPT.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from mailvet.acts import ENVELOPE, Acts, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.relay import Outcome, RelayAttempt, RelayFacts, TrustedRelayFacts
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Protocol, Security
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import inside, literal_address, outside
from mailvet.transcript import Line

TLS_REQUIRED = "530"
"""Reply code to all commands in clear text where TLS is mandatory (RFC 3207 §4)."""

MAX_ACCOUNTS = 1
"""Accounts that are tried as recipients; one refusal costs the server's patience."""

MAX_FORMS = 7
"""Forms of sender that are tried."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    An envelope that the server must accept from everybody.
    """

    sender: str
    recipient: str


@dataclass(slots=True)
class _Attempts:
    """
    Makes the attempts at one endpoint, one connection each.
    """

    context: ProbeContext
    place: Standpoint
    control: Envelope
    transcript: list[Line]

    async def make(self, form: str, sender: str, *, tls: bool) -> RelayAttempt:
        """
        One attempt, after the control in the same session.
        """
        layer = secured if tls else in_clear
        foreign = foreign_addresses(self.context)[1]
        control: Reply | None = None
        try:
            async with layer(self.context, through=self.place.through) as (speaker, _):
                control = await envelope(speaker, self.control.sender, self.control.recipient)
                reply = await envelope(speaker, sender, foreign)
                await speaker.quit()
                self.transcript += speaker.wire.transcript.freeze()
        except ProbeError as exc:
            self.transcript += exc.transcript
            return RelayAttempt(form, sender, foreign, tls, control, None, exc.detail)
        return RelayAttempt(form, sender, foreign, tls, control, reply)


async def probe_relay(context: ProbeContext) -> RelayFacts:
    """
    All forms of sender, in clear text and inside TLS, as far as the endpoint has both.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    place = await outside(context)
    transcript: list[Line] = []
    layers, control, tls_only = await _reconnoitre(context, place, transcript)
    attempts = _Attempts(context, place, control or harmless_envelopes(context)[0], transcript)
    plain: list[RelayAttempt] = []
    forms: list[RelayAttempt] = []
    for tls in layers:
        plain.append(await attempts.make("plain:", foreign_addresses(context)[0], tls=tls))
        if plain[-1].outcome is Outcome.SENDER_REFUSED:
            plain.append(await attempts.make("null sender:", "", tls=tls))
        if control is None:
            # Without an accepted control the other forms would prove nothing and cost errors.
            continue
        for form, sender in await _sender_forms(context):
            forms.append(await attempts.make(form, sender, tls=tls))
    return RelayFacts(place, tuple(plain), tuple(forms), tls_only, tuple(transcript))


async def probe_trusted_relay(context: ProbeContext) -> TrustedRelayFacts:
    """
    A foreign recipient from inside, with the sender addresses that a client there may have.

    Raises:
        ProbeError: There is no place inside, or the server does not talk.
    """
    trusted = context.target.expect.relay.trusted_networks
    if trusted and all(ip_network(each, strict=False).is_loopback for each in trusted):
        return TrustedRelayFacts(None, (), ())
    place = await inside(context)
    tls = context.service.security is not Security.CLEARTEXT
    layer = secured if tls else in_clear
    stranger, recipient = foreign_addresses(context)
    senders = [account.address for account in context.target.accounts.values()][:1]
    attempts: list[RelayAttempt] = []
    async with layer(context, through=place.through) as (speaker, _):
        for sender in (*senders, stranger, ""):
            reply = await envelope(speaker, sender, recipient)
            attempts.append(RelayAttempt("from inside:", sender, recipient, tls, None, reply))
            if reply.positive:
                break
        await speaker.quit()
        return TrustedRelayFacts(place, tuple(attempts), speaker.wire.transcript.freeze())


def foreign_addresses(context: ProbeContext) -> tuple[str, str]:
    """
    A sender and a recipient that are both none of the target's business.
    """
    sender, recipient = context.target.expect.relay.foreign_domains[:2]
    return f"probe@{sender}", f"probe@{recipient}"


def local_recipients(context: ProbeContext) -> tuple[str, ...]:
    """
    Addresses that the target must accept mail for.

    The bare postmaster (RFC 5321 §4.5.1) is the last resort: Postfix takes its mail past all
    restrictions, so that it says nothing about other recipients.
    """
    domain = context.target.expect.mail.domain
    found = [account.address for account in context.target.accounts.values() if not account.fresh]
    known = (*found[:MAX_ACCOUNTS], *([f"postmaster@{domain}"] if domain else []))
    return known or ("postmaster",)


async def envelope(speaker: Dialogue, sender: str, recipient: str) -> Reply:
    """
    MAIL and RCPT, and RSET behind them: the reply to RCPT, or to MAIL if that is refused.
    """
    reply = await speaker.command(f"MAIL FROM:<{sender}>")
    if reply.positive:
        reply = await speaker.command(f"RCPT TO:<{recipient}>")
    if reply.status != "421":
        await speaker.command("RSET")
    return reply


def harmless_envelopes(context: ProbeContext) -> tuple[Envelope, ...]:
    """
    Envelopes that must be accepted; some servers take no mail from domains without a mail server.
    """
    senders = (foreign_addresses(context)[0], "")
    return tuple(Envelope(sender, each) for sender in senders for each in local_recipients(context))


async def _reconnoitre(
    context: ProbeContext, place: Standpoint, transcript: list[Line]
) -> tuple[tuple[bool, ...], Envelope | None, str]:
    """
    The layers to try (True is TLS), an envelope that is accepted, and the demand for TLS.
    """
    security = context.service.security
    if security is not Security.IMPLICIT_TLS:
        async with in_clear(context, through=place.through) as (speaker, announced):
            control, refusal = await first_accepted(context, speaker)
            await speaker.quit()
            transcript += speaker.wire.transcript.freeze()
        if refusal is None or refusal.status != TLS_REQUIRED:
            return (False, True) if "STARTTLS" in announced else (False,), control, ""
        tls_only = str(refusal)
    else:
        tls_only = ""
    async with secured(context, through=place.through) as (speaker, _):
        control, _refusal = await first_accepted(context, speaker)
        await speaker.quit()
        transcript += speaker.wire.transcript.freeze()
    return (True,), control, tls_only


async def first_accepted(
    context: ProbeContext, speaker: Dialogue
) -> tuple[Envelope | None, Reply | None]:
    """
    The first harmless envelope that the server takes, else the reply that was the last word.
    """
    reply: Reply | None = None
    for candidate in harmless_envelopes(context):
        reply = await envelope(speaker, candidate.sender, candidate.recipient)
        if reply.positive:
            return candidate, None
        if reply.status in {TLS_REQUIRED, "421"}:
            break
    return None, reply


async def _sender_forms(context: ProbeContext) -> tuple[tuple[str, str], ...]:
    """
    Senders that some servers take for their own people's.
    """
    literal = await literal_address(context)
    domain = context.target.expect.mail.domain
    users = [account.address for account in context.target.accounts.values()][:1]
    return (
        ("null sender:", ""),
        *(("a local user as sender:", each) for each in users),
        *([("local domain as sender:", f"probe@{domain}")] if domain else []),
        ("the server as sender:", f"postmaster@{context.target.hostname}"),
        ("unqualified sender:", "probe"),
        ("localhost as sender:", "probe@localhost"),
        ("address literal as sender:", f"probe@{literal}"),
    )


def _acts(scope: Scope) -> Acts:
    if scope.service.protocol is not Protocol.SMTP:
        return ()
    # In clear text and inside TLS: one look, two plain attempts, and each form of sender.
    return (talks(scope.service, 2 * (1 + 2 + MAX_FORMS), *ENVELOPE, anywhere=True),)


def _trusted_acts(scope: Scope) -> Acts:
    return (talks(scope.service, 1, *ENVELOPE, anywhere=True),)


FACTS = (
    FactSpec(
        "relay", probe_relay, RelayFacts, acts=_acts, needs=("standpoints",), per_endpoint=True
    ),
    FactSpec(
        "trusted_relay",
        probe_trusted_relay,
        TrustedRelayFacts,
        acts=_trusted_acts,
        needs=("standpoints",),
        per_endpoint=True,
    ),
)
