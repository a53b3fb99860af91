"""
Names recipients in every odd form, as a stranger, and never goes beyond RCPT.
"""

import dataclasses
import re
from dataclasses import dataclass, field

from mailvet.acts import ENVELOPE, Acts, Commands, Scope, talks
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.recipient_forms import RecipientForm, recipient_forms
from mailvet.facts.relay_variants import RelayVariantsFacts, VariantAttempt
from mailvet.facts.replies import Reply
from mailvet.facts.routing import split_list
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause, Security
from mailvet.probes.dialogue import Dialogue
from mailvet.probes.relay import TLS_REQUIRED, Envelope, first_accepted, foreign_addresses
from mailvet.probes.resolution import resolve
from mailvet.probes.session import in_clear, secured
from mailvet.probes.standpoint import literal_address, outside
from mailvet.transcript import Line

ERRORS = 8
"""Refused recipients in one session; over ten, Postfix takes a second for each reply."""

MAX_SESSIONS = 16
"""Sessions at one endpoint before the rest of the forms is left alone."""

MAX_DOMAINS = 2
"""Further domains of the server that forms are made for."""

SETTINGS = (
    "allow_percent_hack",
    "swap_bangpath",
    "resolve_dequoted_address",
    "allow_untrusted_routing",
)
"""What Postfix is told about addresses that hold a route."""

_DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z][\w-]*", re.IGNORECASE)


@dataclass(slots=True)
class _Survey:
    """
    Goes through the forms, a few in each session, a local recipient before and behind them.
    """

    context: ProbeContext
    place: Standpoint
    tls: bool
    batch: int
    attempts: list[VariantAttempt] = field(default_factory=list)
    transcript: list[Line] = field(default_factory=list)
    control: Reply | None = None

    async def go(self, forms: tuple[RecipientForm, ...]) -> None:
        """
        All of *forms*; a server that hangs up gets fewer of them in the next session.

        Raises:
            ProbeError: The very first session does not come about.
        """
        left, failure = (
            list(forms),
            "left alone: the server takes no local recipient or too few errors",
        )
        for _ in range(MAX_SESSIONS):
            if not left:
                break
            tried, trouble = await self._session(left[: self.batch])
            if trouble is None and self._wants_tls():
                self.tls = True
                continue
            if trouble is None and not tried:
                break
            if trouble is not None and self.control is None:
                raise trouble
            kept = tried if trouble is None or self.batch == 1 else [t for t in tried if t.accepted]
            self.attempts += kept
            left = [each for each in left if each not in {t.form for t in kept}]
            if trouble is not None:
                failure = trouble.detail
                if trouble.cause is Cause.TIMEOUT:
                    break
                left = left[1:] + left[:1] if self.batch == 1 and not kept else left
                self.batch = max(1, self.batch // 2)
        self.attempts += [VariantAttempt(each, None, sound=False, failure=failure) for each in left]

    def _wants_tls(self) -> bool:
        status = self.control.status if self.control else ""
        return status == TLS_REQUIRED and not self.tls

    async def _session(
        self, forms: list[RecipientForm]
    ) -> tuple[list[VariantAttempt], ProbeError | None]:
        tried: list[tuple[RecipientForm, Reply]] = []
        layer = secured if self.tls else in_clear
        sound, trouble = False, None
        try:
            async with layer(self.context, through=self.place.through) as (speaker, _):
                envelope, refusal = await first_accepted(self.context, speaker)
                self.control = refusal
                if envelope is not None:
                    sound = await self._recipients(speaker, envelope, forms, tried)
                await speaker.quit()
                self.transcript += speaker.wire.transcript.freeze()
        except ProbeError as exc:
            self.transcript += exc.transcript
            trouble = exc
        return [VariantAttempt(form, reply, sound) for form, reply in tried], trouble

    async def _recipients(
        self,
        speaker: Dialogue,
        envelope: Envelope,
        forms: list[RecipientForm],
        tried: list[tuple[RecipientForm, Reply]],
    ) -> bool:
        """
        Names each form in one envelope; whether the server takes a local recipient to its end.
        """
        await speaker.command(f"MAIL FROM:<{envelope.sender}>")
        self.control = await speaker.command(f"RCPT TO:<{envelope.recipient}>")
        for form in forms:
            # One by one: what was said before a server hangs up has to be kept.
            reply = await speaker.command(f"RCPT TO:<{form.address}>")
            tried.append((form, reply))
        behind = await speaker.command(f"RCPT TO:<{envelope.recipient}>")
        await speaker.command("RSET")
        return self.control.positive and behind.positive


async def probe_relay_variants(context: ProbeContext) -> RelayVariantsFacts:
    """
    Every form of recipient, in clear text unless the server demands TLS.

    Raises:
        ProbeError: There is no place outside, or the server does not talk.
    """
    place = await outside(context)
    postfix = await _postfix(context)
    foreign = foreign_addresses(context)[1].rpartition("@")[2]
    tls = context.service.security is Security.IMPLICIT_TLS
    survey = _Survey(context, place, tls, _batch(postfix))
    await survey.go(await _forms(context, postfix, foreign))
    attempts, commands, unasked = await _resolved(context, postfix, survey.attempts)
    settings = tuple((name, postfix.setting(name)) for name in SETTINGS) if postfix else ()
    return RelayVariantsFacts(
        place,
        foreign,
        survey.control,
        attempts,
        settings,
        unasked.detail if unasked else "",
        unasked.cause if unasked else None,
        tuple(survey.transcript),
        commands,
    )


async def _postfix(context: ProbeContext) -> PostfixConfig | None:
    if context.target.shell is None:
        return None
    try:
        facts: PostfixConfig = await context.fact("postfix")
    except ProbeError:
        return None
    return facts


def _batch(postfix: PostfixConfig | None) -> int:
    limit = postfix.setting("smtpd_hard_error_limit") if postfix else ""
    return max(1, min(ERRORS, int(limit) - 1)) if limit.isdigit() else ERRORS


async def _forms(
    context: ProbeContext, postfix: PostfixConfig | None, foreign: str
) -> tuple[RecipientForm, ...]:
    host = context.target.hostname
    further: list[str] = []
    for name in ("relay_domains", "virtual_mailbox_domains", "virtual_alias_domains"):
        named = split_list(postfix.setting(name)) if postfix else ()
        further += [each for each in named if _DOMAIN.fullmatch(each) and each != foreign][:1]
    domain = context.target.expect.mail.domain or host
    literal = await literal_address(context)
    return recipient_forms(domain, host, literal, foreign, tuple(further[:MAX_DOMAINS]))


async def _resolved(
    context: ProbeContext, postfix: PostfixConfig | None, attempts: list[VariantAttempt]
) -> tuple[tuple[VariantAttempt, ...], tuple[CommandOutput, ...], ProbeError | None]:
    """
    The attempts, and where those lead that were accepted although they may be local.
    """
    doubtful = tuple(each.form for each in attempts if each.accepted and not each.form.foreign)
    if not doubtful:
        return tuple(attempts), (), None
    if postfix is None:
        why = "Postfix on the host could not be asked; it needs a root shell there"
        return tuple(attempts), (), ProbeError(Cause.PRIVILEGE, why)
    try:
        found, output = await resolve(context, postfix, doubtful)
    except ProbeError as exc:
        return tuple(attempts), (), exc
    by_form = dict(zip(doubtful, found, strict=True))
    known = (
        dataclasses.replace(each, resolution=by_form.get(each.form)) if each.accepted else each
        for each in attempts
    )
    return tuple(known), (output,), None


def _acts(scope: Scope) -> Acts:
    return (
        talks(scope.service, MAX_SESSIONS, *ENVELOPE, anywhere=True),
        Commands("where odd recipients lead that were accepted"),
    )


FACTS = (
    FactSpec(
        "relay_variants",
        probe_relay_variants,
        RelayVariantsFacts,
        acts=_acts,
        needs=("standpoints", "postfix"),
        per_endpoint=True,
    ),
)
