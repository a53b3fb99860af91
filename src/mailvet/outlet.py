"""
What leaves through one connection: every command, password and message is seen before it goes.
"""

import base64
import re
from typing import Protocol as TypingProtocol

from mailvet.model import Protocol

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r?$")
_COMMAND = re.compile(rb"\w+ [A-Za-z]+")
_END_OF_MESSAGE = b"\r\n.\r\n"

TLS = "TLS"
"""In the place of a verb: a handshake in octets of our own making."""


class Judge(TypingProtocol):
    """
    Decides about what an outlet sees; what may not leave makes it raise.
    """

    def verb(self, name: str) -> None:
        """A command without its arguments."""

    def credentials(self, user: str, password: str) -> None:
        """A login with its password."""

    def message(self) -> None:
        """The command that a message to be stored follows."""


class Outlet:
    """
    Reads along what a client says on one connection.

    Args:
        judge: Is told everything before it leaves.
        protocol: What is spoken; None for a port that nobody declared.
        verbs: The commands that are expected: they end a login exchange.
    """

    def __init__(self, judge: Judge, protocol: Protocol | None, verbs: frozenset[str]) -> None:
        self._judge = judge
        self._tagged = protocol is Protocol.IMAP
        self._literals = protocol in {Protocol.IMAP, Protocol.SIEVE}
        self._verbs = verbs
        self._skipping = 0
        self._in_line = False
        self._body: bytes | None = None
        self._body_due = False
        self._mechanism = ""
        self._user = ""
        self._told = False

    def passes(self, data: bytes) -> None:
        """
        Looks at *data*, which may be any part of what is sent.

        Raises:
            ProbeError: It may not leave.
        """
        if data and not self._amid and (data[0] == 0x16 or data[0] & 0x80):
            self._judge.verb(TLS)
            return
        while data:
            if self._skipping:
                data = self._literal(data)
            elif self._body is not None:
                data = self._message(data)
            else:
                data = self._text(data)

    @property
    def _amid(self) -> bool:
        return bool(self._skipping or self._in_line or self._body is not None or self._body_due)

    def _literal(self, data: bytes) -> bytes:
        if len(data) < self._skipping and data.endswith(b"\r\n") and _COMMAND.match(data):
            # The server refused the literal, so another command comes in its place.
            self._skipping, self._in_line = 0, False
            return data
        taken = min(len(data), self._skipping)
        self._skipping -= taken
        return data[taken:]

    def _message(self, data: bytes) -> bytes:
        seen = (self._body or b"") + data
        end = seen.find(_END_OF_MESSAGE)
        if end < 0:
            self._body = seen[1 - len(_END_OF_MESSAGE) :]
            return b""
        self._body = None
        return seen[end + len(_END_OF_MESSAGE) :]

    def _text(self, data: bytes) -> bytes:
        line, ended, rest = data.partition(b"\n")
        if not self._in_line:
            text = line.decode("latin-1").rstrip("\r")
            if self._body_due and not self._is_command(text):
                self._body_due, self._body = False, b"\r\n"
                return data
            self._body_due = False
            self._line(text)
        self._in_line = not ended
        literal = _LITERAL.search(line) if self._literals and ended else None
        if literal:
            self._skipping, self._in_line = int(literal[1]), True
        return rest

    def _is_command(self, text: str) -> bool:
        return text.split(" ", maxsplit=1)[0].upper() in self._verbs

    def _line(self, text: str) -> None:
        if self._mechanism:
            if " " not in text and text.upper() not in self._verbs:
                self._answer(text.strip('"'))
                return
            self._mechanism = ""
        words = text.split()
        if self._tagged and len(words) > 1:
            del words[0]
        verb = words[0].upper() if words else "(empty line)"
        if verb == "UID" and len(words) > 1:
            verb = f"UID {words[1].upper()}"
        self._judge.verb(verb)
        self._follow(verb, words[1:])

    def _follow(self, verb: str, arguments: list[str]) -> None:
        """
        What a command makes of the octets behind it.
        """
        match verb, *arguments:
            case ("AUTH" | "AUTHENTICATE", mechanism, *initial):
                self._mechanism, self._user = mechanism.strip('"').upper(), ""
                self._told = False
                if initial:
                    self._answer(initial[0].strip('"'))
            case ("LOGIN", user, password):
                self._judge.credentials(user.strip('"'), password.strip('"'))
            case ("USER", user):
                self._user = user
            case ("PASS" | "APOP", *words):
                self._judge.credentials(self._user, " ".join(words))
            case ("DATA",):
                self._body_due = True
                self._judge.message()
            case ("BDAT", size, *_) if size.isdecimal():
                self._skipping = int(size)
                self._judge.message()
            case ("APPEND", *_):
                self._judge.message()

    def _answer(self, text: str) -> None:
        """
        One answer in a login exchange; a lone asterisk breaks it off.

        A server that asks for more after the password gets no second login by that.
        """
        if self._told:
            return
        if text in {"", "=", "*"}:
            self._mechanism = "" if text == "*" else self._mechanism
            return
        said = _decoded(text)
        if self._mechanism == "LOGIN" and not self._user:
            self._user = said
            return
        self._told = True
        _, user, password = said.split("\0") if said.count("\0") == 2 else ("", self._user, said)
        self._judge.credentials(user, password)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text
