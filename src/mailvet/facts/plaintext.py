"""
Logins in clear text: what was tried, and whether the server looked at the password.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.model import Cause, Judgement, Protocol, judge, unverified
from mailvet.transcript import Line

SMTP_REFUSALS = frozenset({"502", "503", "504", "523", "530", "538"})
"""Codes with which AUTH is refused before the server looks at anything (RFC 4954 §4, §6)."""

SMTP_LOOKED = frozenset({"334", "535"})
"""Codes that ask for a password, or say that it is wrong."""

_NEEDS_TLS = re.compile(
    r"PRIVACYREQUIRED|ENCRYPT-NEEDED|plaintext|cleartext|SSL|TLS|secure|unsupported"
    r"|encryption needed|under a layer|disabled|disallowed"
    r"|not (?:allowed|enabled|available|supported|permitted)",
    re.IGNORECASE,
)
_WRONG_PASSWORD = re.compile(
    r"AUTHENTICATIONFAILED|UNAVAILABLE|(?:authentication|login|logon) fail"
    r"|invalid (?:user|pass|cred)|temporary",
    re.IGNORECASE,
)


class Treatment(StrEnum):
    """
    What the server did with a login in clear text.
    """

    REFUSED = "refused without looking"
    LOOKED = "taken"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class ClearLogin:
    """
    A login in clear text with an account that cannot exist, on a connection of its own.

    Attributes:
        command: What was sent, without the password.
        before: Whether the server answered another command before it.
        reply: The deciding reply; None if there was none.
        after: Whether another command after it succeeded; None if the server hung up instead.
        failure: Why there was no reply.
    """

    command: str
    before: bool
    reply: Reply | None
    after: bool | None
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.command}: {self.reply or self.failure}"


@dataclass(frozen=True, slots=True)
class PlaintextFacts:
    """
    What an endpoint offers and takes before TLS, seen from outside.

    Attributes:
        protocol: What is spoken there.
        standpoint: The place from which it was tried.
        announced: Capabilities before TLS.
        logins: The logins that were tried.
        transcript: All that was said.
    """

    protocol: Protocol
    standpoint: Standpoint
    announced: Capabilities
    logins: tuple[ClearLogin, ...]
    transcript: tuple[Line, ...]

    @property
    def offered(self) -> tuple[str, ...]:
        """
        SASL mechanisms on offer before TLS that send the password as it is.
        """
        found = self.announced.sasl_mechanisms
        return tuple(each for each in found if each in {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})

    @property
    def taken(self) -> tuple[ClearLogin, ...]:
        """
        Logins whose password the server asked for or looked at.
        """
        return self._with(Treatment.LOOKED)

    @property
    def unclear(self) -> tuple[ClearLogin, ...]:
        """
        Logins that ended in something else than a refusal, or beside which nothing else worked.
        """
        return self._with(Treatment.UNCLEAR)

    @property
    def open(self) -> bool:
        """
        Whether it offers or takes a password before TLS.
        """
        return bool(self.offered or self.taken)

    def seen(self) -> str:
        """
        What was announced, and all logins with their replies, in words.
        """
        offered = f"announced: {' '.join(self.offered)}; " if self.offered else ""
        return f"{offered}{'; '.join(map(str, self.logins))} (from {self.standpoint})"

    def judged(self, *, expected: str) -> Judgement:
        """
        What they come to for a control that allows neither announcement nor login.
        """
        if self.offered:
            return judge(False, observed=self.seen(), expected=expected)
        return self.judged_logins(expected=expected)

    def judged_logins(self, *, expected: str) -> Judgement:
        """
        What they come to for a control on logins only.
        """
        if self.unclear and not self.taken:
            observed = "; ".join(map(str, self.unclear))
            return unverified(Cause.BLOCKED, observed=observed, expected=expected)
        return judge(not self.taken, observed=self.seen(), expected=expected)

    def _with(self, wanted: Treatment) -> tuple[ClearLogin, ...]:
        return tuple(each for each in self.logins if treatment(self.protocol, each) is wanted)


def treatment(protocol: Protocol, login: ClearLogin) -> Treatment:
    """
    What the server did with *login*.

    A refusal counts only if another command succeeded in the same session, the next one unless
    the server hung up: who refuses that as well refuses everything.
    """
    reply = login.reply
    if reply is None:
        return Treatment.UNCLEAR
    smtp = protocol in {Protocol.SMTP, Protocol.SUBMISSION}
    found = _smtp(reply) if smtp else _other(reply)
    answers = login.before if login.after is None else login.after
    if found is Treatment.REFUSED and not answers:
        return Treatment.UNCLEAR
    return found


def _smtp(reply: Reply) -> Treatment:
    if reply.status in SMTP_LOOKED or reply.positive:
        return Treatment.LOOKED
    return Treatment.REFUSED if reply.status in SMTP_REFUSALS else Treatment.UNCLEAR


def _other(reply: Reply) -> Treatment:
    if reply.positive or reply.continuation:
        return Treatment.LOOKED
    if _WRONG_PASSWORD.search(reply.text):
        return Treatment.LOOKED
    if reply.status == "BAD" or _NEEDS_TLS.search(reply.text):
        return Treatment.REFUSED
    return Treatment.UNCLEAR


@dataclass(frozen=True, slots=True)
class ClearMailFacts:
    """
    A stranger's SMTP session in clear text, up to a local recipient.

    Attributes:
        steps: What was sent, and the replies.
        failure: How the session ended before its time; empty if it did not.
        hung_up: Whether it was the server that ended it.
        transcript: All that was said.
    """

    steps: tuple[tuple[str, Reply], ...]
    failure: str
    hung_up: bool
    transcript: tuple[Line, ...]

    @property
    def last(self) -> Reply | None:
        """
        The last reply.
        """
        return self.steps[-1][1] if self.steps else None

    @property
    def demands_tls(self) -> bool:
        """
        Whether it takes no mail at all without TLS.
        """
        return self.last is not None and self.last.status == "530"

    def __str__(self) -> str:
        said = "; ".join(f"{command}: {reply}" for command, reply in self.steps)
        return "; ".join(each for each in (said, self.failure) if each)
