"""
Logins: what the server says to a right password, and to wrong ones.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.certificate import CertificateFacts
from mailvet.facts.replies import Capabilities, Reply
from mailvet.model import Protocol
from mailvet.transcript import Line


class Answer(StrEnum):
    """
    What a server's reply says about a password.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


_REFUSAL_CODES = frozenset({"", "AUTHENTICATIONFAILED", "AUTH"})
"""Response codes of RFC 5530 and RFC 3206 for a refused password; none at all will do as well."""

_NOT_WITHOUT_LOGIN = frozenset({"454", "530", "535", "550", "551", "553", "554"})
"""Codes with which submission refuses recipients to clients that did not log in."""

_CODE = re.compile(r"[\[(]([A-Z][A-Z/-]*)")
_OTHER_TROUBLE = re.compile(
    r"temporar|unavailable|internal|too many|try (?:again )?later|limit|maintenance"
    r"|unsupported|mechanism|disabled|not enabled",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Login:
    """
    One login.

    Attributes:
        protocol: What is spoken there.
        user: Login name that was used.
        mechanism: SASL mechanism.
        reply: The server's verdict on the password; None if none came.
        failure: Why none came.
        seconds: How long the server thought about it.
    """

    protocol: Protocol
    user: str
    mechanism: str
    reply: Reply | None
    failure: str
    seconds: float

    @property
    def answer(self) -> Answer:
        """
        Whether the password was accepted or refused; trouble of another kind proves neither.
        """
        if self.reply is None:
            return Answer.UNCLEAR
        if self.reply.positive:
            return Answer.ACCEPTED
        if self.protocol in {Protocol.SMTP, Protocol.SUBMISSION}:
            return Answer.REFUSED if self.reply.status == "535" else Answer.UNCLEAR
        if self.reply.status not in {"NO", "-ERR"}:
            return Answer.UNCLEAR
        code = _CODE.match(self.reply.text)
        if (code[1] if code else "") not in _REFUSAL_CODES or _OTHER_TROUBLE.search(
            self.reply.text
        ):
            return Answer.UNCLEAR
        return Answer.REFUSED

    @property
    def impersonal(self) -> tuple[str, str]:
        """
        Status and text of the reply without the name of the user.
        """
        if self.reply is None:
            return ("", self.failure)
        return (self.reply.status, self.reply.text.replace(self.user, "USER"))

    def __str__(self) -> str:
        return str(self.reply) if self.reply else self.failure


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """
    A test account's login on one endpoint, inside TLS.

    Attributes:
        announced: SASL mechanisms on offer inside TLS.
        plain: Login with PLAIN.
        login: Login with LOGIN on another connection; None where it is not tried.
        opening: The command that opened the mailbox (``SELECT INBOX``); empty without a login.
        mailbox: The reply to it.
        capabilities: What IMAP announces after login.
        transcript: All that was said.
    """

    announced: tuple[str, ...]
    plain: Login
    login: Login | None
    opening: str
    mailbox: Reply | None
    capabilities: Capabilities
    transcript: tuple[Line, ...]

    @property
    def open(self) -> bool:
        """
        Whether the password was taken and the mailbox opened.
        """
        accepted = self.plain.answer is Answer.ACCEPTED
        return accepted and self.mailbox is not None and self.mailbox.positive

    @property
    def opened(self) -> str:
        """
        How far the user came, in words.
        """
        if self.plain.answer is not Answer.ACCEPTED:
            return f"{self.plain.user} cannot log in: {self.plain}"
        reply = self.mailbox or "no reply, but an error or the end of the connection"
        return f"{self.plain.user} is logged in; {self.opening}: {reply}"


def distrust(certificate: CertificateFacts, name: str) -> str:
    """
    Why a verifying client that connects to *name* hangs up; empty if it does not.
    """
    if certificate.trusted is False:
        return certificate.trust_detail or "it does not lead to a trusted root"
    if certificate.leaf is None:
        return "none can be read"
    return "" if certificate.leaf.valid_for(name) else f"it is not for {name}"


@dataclass(frozen=True, slots=True)
class RefusedLoginFacts:
    """
    Logins on one endpoint that must fail, with one that must not before and after them.

    Attributes:
        wrong: A test account with a wrong password.
        unknown: An account that does not exist.
        empty: A test account with an empty password; None on all endpoints but one.
        control: The test account with its right password: begun before and ended after the others.
        relay: The reply to a foreign recipient after the wrong password, on submission; None if
            there is no place outside the trusted networks to try it from.
        transcript: All that was said.
    """

    wrong: Login
    unknown: Login
    empty: Login | None
    control: Login
    relay: Reply | None
    transcript: tuple[Line, ...]

    def proves(self, login: Login) -> bool:
        """
        Whether *login* was refused by a server that took the right password after it.
        """
        return login.answer is Answer.REFUSED and self.control.answer is Answer.ACCEPTED

    @property
    def wrong_gets_in(self) -> bool:
        """
        Whether a wrong password opened the mailbox, or the way to relay.
        """
        relayed = self.relay is not None and self.relay.positive
        return relayed or self.wrong.answer is Answer.ACCEPTED

    @property
    def relaying_unknown(self) -> bool:
        """
        Whether it is not known what a client may do after a wrong password on submission.
        """
        if self.wrong.protocol is not Protocol.SUBMISSION:
            return False
        return self.relay is None or self.relay.status not in _NOT_WITHOUT_LOGIN

    @property
    def relay_not_tried(self) -> bool:
        """
        Whether that is so because there was no place outside to try it from.
        """
        return self.relaying_unknown and self.relay is None and self.proves(self.wrong)

    def described(self, login: Login) -> str:
        """
        *login* and the right one, in words.
        """
        words = f"{login}; right password: {self.control}"
        if login is not self.wrong or self.wrong.protocol is not Protocol.SUBMISSION:
            return words
        return f"{words}; foreign recipient after it: {self.relay or 'not tried'}"


@dataclass(frozen=True, slots=True)
class FailingLoginsFacts:
    """
    The failing logins on all endpoints of a target, made together.

    Attributes:
        results: Name of the endpoint, and what was seen there.
        failures: Name of the endpoint, cause and reason where nothing could be seen.
        seconds: How long all of them took.
    """

    results: tuple[tuple[str, RefusedLoginFacts], ...]
    failures: tuple[tuple[str, str, str], ...]
    seconds: float

    @property
    def empty(self) -> tuple[str, RefusedLoginFacts, Login] | None:
        """
        Where an empty password was tried, all that was seen there, and that login.
        """
        return next(((name, each, each.empty) for name, each in self.results if each.empty), None)

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        What was said where the empty password was tried.
        """
        found = self.empty
        return found[1].transcript if found else ()
