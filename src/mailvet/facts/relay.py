"""
Attempts to relay: what was tried, how the server answered, and what that proves.

A refusal proves something only if the server was taking mail: each attempt is preceded in the same
session by a recipient that the server must accept.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause
from mailvet.transcript import Line

DENIAL_CODES = frozenset({"454", "550", "551", "553", "554"})
"""
Codes with which servers refuse to relay.

Postfix says 454 4.7.1 (defer_unauth_destination) or 554 5.7.1 (reject_unauth_destination), others
550, 551 or 553. The code alone is not enough: a block list answers 554 5.7.1 as well.
"""

_DENIAL_WORDS = re.compile(r"relay|rcpthosts", re.IGNORECASE)

_SENDER_ENHANCED = frozenset({"5.1.7", "5.1.8", "5.5.4", "5.7.27"})
"""Bad sender address, bad sender domain, invalid argument, sender domain that takes no mail."""

# The last one is Exim's.
_SENDER_WORDS = re.compile(
    r"sender|MAIL FROM|not owned|null ?MX|domain literals not allowed", re.IGNORECASE
)

_NO_AUTHENTICATION = frozenset({"530", "550", "553", "554"})
"""Codes with which a submission service refuses clients that did not log in."""


def is_relay_denial(reply: Reply) -> bool:
    """
    Whether *reply* to RCPT refuses relaying, and not something else.
    """
    return reply.status in DENIAL_CODES and bool(_DENIAL_WORDS.search(reply.text))


def is_sender_refusal(reply: Reply) -> bool:
    """
    Whether *reply* to MAIL or RCPT refuses the sender address for good.
    """
    if not reply.status.startswith("5"):
        return False
    return reply.enhanced in _SENDER_ENHANCED or bool(_SENDER_WORDS.search(reply.text))


class Outcome(StrEnum):
    """
    What an attempt to relay came to.
    """

    RELAYED = "relayed"
    DENIED = "denied"
    SENDER_REFUSED = "sender refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class RelayAttempt:
    """
    One attempt to send from a foreign address to a foreign one, on a connection of its own.

    Attributes:
        form: What is special about the sender, in words.
        sender: The address in MAIL FROM.
        recipient: The address in RCPT TO.
        tls: Whether it was made inside TLS.
        control: The reply to the local recipient before it; None if it came not so far.
        reply: The deciding reply: to RCPT, or to MAIL if that was refused; None if there was none.
        failure: Why there was none.
    """

    form: str
    sender: str
    recipient: str
    tls: bool
    control: Reply | None
    reply: Reply | None
    failure: str = ""

    @property
    def outcome(self) -> Outcome:
        """
        What it proves; nothing about denial if the local recipient was not accepted either.
        """
        if self.reply is not None and self.reply.positive:
            return Outcome.RELAYED
        if self.reply is None or self.control is None or not self.control.positive:
            return Outcome.UNCLEAR
        if is_relay_denial(self.reply):
            return Outcome.DENIED
        return Outcome.SENDER_REFUSED if is_sender_refusal(self.reply) else Outcome.UNCLEAR

    def __str__(self) -> str:
        where = "inside TLS" if self.tls else "in clear text"
        if self.failure:
            seen = self.failure
        elif self.control is not None and not self.control.positive:
            seen = f"the local recipient is refused as well: {self.control}"
        else:
            seen = str(self.reply)
        return f"{self.form} MAIL FROM:<{self.sender}> RCPT TO:<{self.recipient}> {where}: {seen}"


@dataclass(frozen=True, slots=True)
class RelayFacts:
    """
    All attempts to relay through one endpoint, seen from outside.

    Attributes:
        standpoint: The place from which they were made.
        plain: A foreign sender to a foreign recipient (and the null sender, if the foreign one is
            not taken for reasons of its own), in clear text and inside TLS.
        forms: The other forms of sender.
        tls_only: The refusal of all mail in clear text, if there was one.
        transcript: All that was said.
    """

    standpoint: Standpoint
    plain: tuple[RelayAttempt, ...]
    forms: tuple[RelayAttempt, ...]
    tls_only: str
    transcript: tuple[Line, ...]


def worst(attempts: tuple[RelayAttempt, ...]) -> Outcome:
    """
    What several attempts amount to: one that was relayed outweighs all, then one that is unclear.

    If only senders were refused, nothing was learned about relaying.
    """
    outcomes = {each.outcome for each in attempts}
    if Outcome.RELAYED in outcomes:
        return Outcome.RELAYED
    if Outcome.UNCLEAR in outcomes or Outcome.DENIED not in outcomes:
        return Outcome.UNCLEAR
    return Outcome.DENIED


def those(attempts: tuple[RelayAttempt, ...], outcome: Outcome) -> str:
    """
    The attempts with this outcome, in words; all of them if none has it.
    """
    found = [str(each) for each in attempts if each.outcome is outcome]
    return "; ".join(found or [str(each) for each in attempts]) or "no attempt was possible"


@dataclass(frozen=True, slots=True)
class TrustedRelayFacts:
    """
    A client in a trusted network that sends to an outside address.

    Attributes:
        standpoint: The place from which it was tried; None if only the host itself is trusted.
        attempts: One for each sender that was tried, up to the first that was accepted.
        transcript: All that was said.
    """

    standpoint: Standpoint | None
    attempts: tuple[RelayAttempt, ...]
    transcript: tuple[Line, ...]

    @property
    def denied(self) -> bool:
        """
        Whether relaying was refused, and not the sender or something else.
        """
        return any(each.reply and is_relay_denial(each.reply) for each in self.attempts)


@dataclass(frozen=True, slots=True)
class Submission:
    """
    What a submission service says to one sender and recipient.

    Attributes:
        sender: The address in MAIL FROM.
        recipient: The address in RCPT TO.
        tls: Whether it was tried inside TLS.
        reply: The deciding reply: to RCPT, or to MAIL if that was refused.
    """

    sender: str
    recipient: str
    tls: bool
    reply: Reply

    @property
    def demands_login(self) -> bool:
        """
        Whether it is refused for good, as it must be without a login.
        """
        return self.reply.status in _NO_AUTHENTICATION or is_relay_denial(self.reply)

    def __str__(self) -> str:
        where = "inside TLS" if self.tls else "in clear text"
        return f"MAIL FROM:<{self.sender}> RCPT TO:<{self.recipient}> {where}: {self.reply}"


@dataclass(frozen=True, slots=True)
class SubmissionRelayFacts:
    """
    A submission service before and after login.

    Attributes:
        standpoint: The place from which it was tried.
        strangers: What was tried without a login.
        login: The reply to AUTH; None if the inventory has no account.
        local: A local recipient after login; None if there was no login.
        foreign: A foreign recipient after login; None if there was no login.
        transcript: All that was said, password removed.
    """

    standpoint: Standpoint
    strangers: tuple[Submission, ...]
    login: Reply | None
    local: Submission | None
    foreign: Submission | None
    transcript: tuple[Line, ...]

    @property
    def accepted(self) -> tuple[Submission, ...]:
        """
        What the service took without a login.
        """
        return tuple(each for each in self.strangers if each.reply.positive)

    @property
    def open_after_login(self) -> bool:
        """
        Whether a local recipient was accepted after login.
        """
        return self.local is not None and self.local.reply.positive

    @property
    def foreign_denied(self) -> bool:
        """
        Whether relaying was refused in spite of the login.
        """
        return self.foreign is not None and is_relay_denial(self.foreign.reply)

    @property
    def cause(self) -> Cause:
        """
        Why there is nothing to compare with, where there was no login or no use in it.
        """
        no_login = self.login is None or self.login.status == "535"
        return Cause.CREDENTIALS if no_login else Cause.BLOCKED

    def after_login(self) -> str:
        """
        What the login and the local recipient after it came to, in words.
        """
        if self.login is None:
            return "not tried with a login: the inventory has no usable account"
        return f"after login: {self.local}" if self.local else f"AUTH is refused: {self.login}"

    @property
    def unclear(self) -> tuple[Submission, ...]:
        """
        What it refused for a time, or in words that say nothing about a login.
        """
        return tuple(
            each for each in self.strangers if not each.reply.positive and not each.demands_login
        )
