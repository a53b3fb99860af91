"""
What the sessions of the honest fake host have in common, whatever the protocol.
"""

# ruff: noqa: ARG002 - each do_ method gets the command, though some need nothing of it

import asyncio
import base64
import re
import sys
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.context import DOMAIN, PASSWORD
from tests.fakes.grammar import Command
from tests.fakes.mailstore import MailStore, User
from tests.fakes.stubs import Visit

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}\r\n|([^\s()"{}]+(?:\[[^\]]*\])?)')
"""A quoted string, the announcement of a literal, or a word."""


DELAY = 1.2
"""Seconds that a wrong password costs, and the next login after it."""

MOST = 1 << 20
"""Octets of a script, or of a literal."""


class Flaw(StrEnum):
    """
    The one thing that a host does wrong.
    """

    OPEN_RELAY = "open relay"
    SENDER_OPENS_RELAY = "a local sender opens the relay"
    SUBMISSION_WITHOUT_LOGIN = "submission without login"
    AUTH_BEFORE_TLS = "AUTH before TLS"
    UNANNOUNCED_AUTH_BEFORE_TLS = "AUTH before TLS, not announced"
    TALKS_BEFORE_HANDSHAKE = "clear text between STARTTLS and the handshake"
    NO_STARTTLS = "no STARTTLS"
    ANY_PASSWORD = "any password"
    ANY_RECIPIENT = "any recipient"
    LOSES_MAIL = "loses mail"
    NO_SPECIAL_USE = "no special-use mailboxes"
    ANY_SCRIPT = "any Sieve script"
    SHARED_SCRIPTS = "all users share their Sieve scripts"
    SCRIPTS_NOT_RUN = "Sieve scripts are not run"
    NO_BOUNDS = "everybody gets as much as they ask for"
    ENDS_ANYWHERE = "messages end with any line end"
    ANSWERS_AT_ONCE = "wrong passwords are answered at once"


@dataclass(slots=True)
class HonestHost:
    """
    What all sessions of one host share.

    Attributes:
        flaw: What it does wrong, if anything.
        store: Its users and their mail.
        trusted: Networks whose clients may relay.
        failures: Messages with wrong passwords since somebody had a right one.
    """

    flaw: Flaw | None = None
    store: MailStore = field(
        default_factory=lambda: MailStore(
            {f"{name}@{DOMAIN}": PASSWORD for name in ("alice", "bob", "carol")}
            | {f"postmaster@{DOMAIN}": "nobody logs in here"}
        )
    )
    trusted: tuple[str, ...] = ("192.0.2.0/24",)
    failures: set[str] = field(default_factory=set)

    def has(self, *flaws: Flaw) -> bool:
        """
        Whether it has one of these flaws.
        """
        return self.flaw in flaws

    def check(self, name: str, password: str) -> User | None:
        """
        The user with this name and password.
        """
        if self.has(Flaw.ANY_PASSWORD):
            return self.store.users.get(name.lower()) or next(iter(self.store.users.values()))
        return self.store.check(name, password)

    def check_plain(self, token: str) -> tuple[str, User | None]:
        """
        Name and user of a SASL PLAIN message (RFC 4616).
        """
        try:
            _, name, password = base64.b64decode(token).decode().split("\0")
        except (ValueError, UnicodeDecodeError):
            return "", None
        return name, self.check(name, password)

    def deliver(self, recipients: list[str], octets: bytes) -> None:
        """
        Delivers a message, or loses it.
        """
        if not self.has(Flaw.LOSES_MAIL):
            filters = not self.has(Flaw.SCRIPTS_NOT_RUN)
            self.store.deliver(recipients, octets, filters=filters)


class Session:
    """
    One connection to an honest host; each protocol has its own kind.
    """

    def __init__(self, host: HonestHost, visit: Visit) -> None:
        self.host = host
        self.visit = visit
        self.user: User | None = None
        self.name = ""

    async def serve(self) -> None:
        """
        Greets, and answers commands until the client leaves.
        """
        await self.greet()
        while True:
            command = await self.visit.command(self.most)
            method = getattr(self, f"do_{command.verb.lower()}", None)
            if method is None or not await self.allowed(command):
                if method is None:
                    await self.unknown(command)
                continue
            await method(command)
            if command.verb in {"QUIT", "LOGOUT"}:
                return

    async def greet(self) -> None:
        """
        Sends the greeting.
        """
        await self.visit.send(self.visit.grammar.greeting.format(words="ready"))

    async def allowed(self, command: Command) -> bool:
        """
        Whether *command* may be given now; if not, it was answered.
        """
        return True

    async def unknown(self, command: Command) -> None:
        """
        Answers what is no command.
        """
        raise NotImplementedError

    async def say(self, *lines: str) -> None:
        """
        Sends whole lines.
        """
        await self.visit.send("".join(f"{line}\r\n" for line in lines).encode("latin-1"))

    async def succeed(self, command: Command, words: str = "Ok") -> None:
        """
        Says that *command* succeeded.
        """
        await self.visit.send(self.visit.grammar.success(command, words))

    async def announce(self, tag: str = "") -> None:
        """
        Says what is on offer now.
        """
        secured = self.visit.secured
        await self.visit.send(
            self.visit.grammar.capabilities(
                tag,
                starttls=not secured and not self.host.has(Flaw.NO_STARTTLS),
                auth=secured or self.host.has(Flaw.AUTH_BEFORE_TLS),
            )
        )

    @property
    def most(self) -> int:
        """
        Octets of a literal that is taken.
        """
        return sys.maxsize if self.host.has(Flaw.NO_BOUNDS) else MOST

    @property
    def may_log_in(self) -> bool:
        """
        Whether a password is looked at now.
        """
        careless = self.host.has(Flaw.AUTH_BEFORE_TLS, Flaw.UNANNOUNCED_AUTH_BEFORE_TLS)
        return self.visit.secured or careless

    async def start_tls(self, command: Command) -> None:
        """
        Turns to TLS.
        """
        more = "* unasked\r\n" if self.host.has(Flaw.TALKS_BEFORE_HANDSHAKE) else ""
        await self.visit.send(self.visit.grammar.success(command) + more)
        await self.visit.start_tls()

    async def sasl_plain(self, token: str, prompt: str) -> bool | None:
        """
        Goes through SASL PLAIN; None if the client broke it off.
        """
        delay = 0 if self.host.has(Flaw.ANSWERS_AT_ONCE) else DELAY
        await asyncio.sleep(delay if self.host.failures else 0)
        if not token:
            await self.visit.send(prompt)
            token = (await self.visit.line()).strip('"')
            if token == "*":
                return None
        self.name, self.user = self.host.check_plain("" if token == "=" else token)
        if self.user is None:
            self.host.failures.add(token)
            await asyncio.sleep(delay)
        else:
            self.host.failures.clear()
        return self.user is not None


def words(text: str) -> list[str]:
    """
    The strings, literals and words of a command line, brackets left out.
    """
    found: list[str] = []
    position = 0
    while token := TOKEN.search(text, position):
        quoted, size, word = token.groups()
        position = token.end()
        if size is not None:
            found.append(text[position : position + int(size)])
            position += int(size)
        else:
            found.append(word if word is not None else re.sub(r"\\(.)", r"\1", quoted))
    return found
