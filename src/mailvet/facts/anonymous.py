"""
Logins without an account: what was tried, and whether the server let anybody in.
"""

from dataclasses import dataclass

from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.transcript import Line

_REFUSALS = frozenset({"500", "501", "502", "503", "504", "523", "530", "534", "535", "538", "554"})
"""Codes with which AUTH, a mechanism or a login is refused for good (RFC 4954 §4, §6)."""


@dataclass(frozen=True, slots=True)
class AnonymousLogin:
    """
    AUTH ANONYMOUS on a connection of its own.

    Attributes:
        tls: Whether it was tried inside TLS.
        offered: SASL mechanisms that were announced there.
        reply: The reply; None if there was none.
        before: Whether another command succeeded before it.
        after: Whether another command succeeded after it; None if the server hung up instead.
        failure: Why there was no reply.
    """

    tls: bool
    offered: tuple[str, ...]
    reply: Reply | None
    before: bool
    after: bool | None
    failure: str = ""

    @property
    def taken(self) -> bool:
        """
        Whether the mechanism is there, for everybody to use: it never asks for a password.
        """
        seen = self.reply is not None and (self.reply.positive or self.reply.continuation)
        return seen or "ANONYMOUS" in self.offered

    @property
    def refused(self) -> bool:
        """
        Whether it was refused for good, by a server that takes other commands.
        """
        answers = self.before if self.after is None else self.before and self.after
        return self.reply is not None and self.reply.status in _REFUSALS and answers

    def __str__(self) -> str:
        where = "inside TLS" if self.tls else "in clear text"
        offered = " (announced)" if "ANONYMOUS" in self.offered else ""
        return f"AUTH ANONYMOUS {where}{offered}: {self.reply or self.failure}"


@dataclass(frozen=True, slots=True)
class AnonymousFacts:
    """
    AUTH ANONYMOUS at one endpoint, inside TLS and before it.

    Attributes:
        standpoint: The place from which it was tried.
        logins: One for each layer that the endpoint has.
        transcript: All that was said.
    """

    standpoint: Standpoint
    logins: tuple[AnonymousLogin, ...]
    transcript: tuple[Line, ...]

    @property
    def offers_login(self) -> bool:
        """
        Whether the server offers any other way to log in.
        """
        return any(set(each.offered) - {"ANONYMOUS"} for each in self.logins)

    @property
    def taken(self) -> tuple[AnonymousLogin, ...]:
        """
        Those that were taken.
        """
        return tuple(each for each in self.logins if each.taken)

    @property
    def unclear(self) -> tuple[AnonymousLogin, ...]:
        """
        Those that were neither taken nor refused for good.
        """
        return tuple(each for each in self.logins if not each.taken and not each.refused)

    def __str__(self) -> str:
        return f"{'; '.join(map(str, self.logins))} (from {self.standpoint})"
