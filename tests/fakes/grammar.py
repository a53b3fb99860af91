"""
How each mail protocol says what all of them have to say: welcome, yes, no, later, go on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailvet.model import Protocol

HOST_NAME = "mail1.example.com"

LITERAL = re.compile(r"\{(\d+)(\+?)\}$")
"""The end of a line of IMAP or ManageSieve that announces octets."""


class Kind(StrEnum):
    """
    What a command asks for, whatever the protocol calls it.
    """

    HELLO = "hello"
    STARTTLS = "starttls"
    AUTH = "auth"
    RECIPIENT = "recipient"
    CONTENT = "content"
    QUIT = "quit"
    OTHER = "other"


_KINDS = {
    Kind.HELLO: ("EHLO", "LHLO", "CAPABILITY", "CAPA"),
    Kind.STARTTLS: ("STARTTLS", "STLS"),
    Kind.AUTH: ("AUTH", "AUTHENTICATE", "LOGIN", "USER", "PASS", "APOP"),
    Kind.RECIPIENT: ("RCPT",),
    Kind.CONTENT: ("DATA",),
    Kind.QUIT: ("QUIT", "LOGOUT"),
}
_KIND_OF = {verb: kind for kind, verbs in _KINDS.items() for verb in verbs}


@dataclass(frozen=True, slots=True)
class Command:
    """
    A command that a client sent.

    Attributes:
        tag: The tag of IMAP; empty elsewhere.
        verb: The command word in upper case.
        rest: What stands behind it, literals included.
    """

    tag: str
    verb: str
    rest: str

    @property
    def kind(self) -> Kind:
        """
        What it asks for.
        """
        return _KIND_OF.get(self.verb, Kind.OTHER)


@dataclass(frozen=True, slots=True)
class Grammar:
    """
    The words of one protocol; every phrase may name ``{tag}`` and ``{words}``.

    Attributes:
        greeting: Of a server that is willing.
        unavailable: Greeting of a server that is going away.
        no_service: Greeting of a server that does not want us.
        capability: One line of what is announced.
        capabilities_end: What stands before and behind those lines.
        announced: What is always announced.
        starttls: How STARTTLS is announced.
        auth: How authentication is announced.
        no_auth: How it is announced that there is none yet.
        yes: Success.
        no: Refusal that says that TLS or a login is missing.
        denied: Refusal for good, for a reason that has nothing to do with what was asked.
        later: Failure that may pass.
        more: Continuation.
        filler: One line of a reply that goes on.
        special: Success of certain commands, by verb.
        tagged: Whether commands begin with a tag.
    """

    greeting: str
    unavailable: str
    no_service: str
    capability: str
    capabilities_end: tuple[str, str]
    announced: tuple[str, ...]
    starttls: str
    auth: str
    no_auth: str
    yes: str
    no: str
    denied: str
    later: str
    more: str
    filler: str
    special: Mapping[str, str] = field(default_factory=dict)
    tagged: bool = False

    def parse(self, line: str) -> Command:
        """
        A line as a command.
        """
        tag, _, line = line.partition(" ") if self.tagged else ("", "", line)
        verb, _, rest = line.partition(" ")
        return Command(tag, verb.upper(), rest)

    def capabilities(self, tag: str = "", *, starttls: bool, auth: bool, words: str = "ok") -> str:
        """
        What is announced, as a complete reply.
        """
        last = self.auth if auth else self.no_auth
        names = [*self.announced, *([self.starttls] if starttls else ()), *([last] if last else ())]
        head, tail = self.capabilities_end
        return (
            head + "".join(map(self.capability.format, names)) + tail.format(tag=tag, words=words)
        )

    def success(self, command: Command, words: str = "Ok") -> str:
        """
        The reply to *command* when it succeeds.
        """
        return self.special.get(command.verb, self.yes).format(tag=command.tag, words=words)


_SMTP = Grammar(
    greeting=f"220 {HOST_NAME} ESMTP {{words}}\r\n",
    unavailable=f"421 4.3.2 {HOST_NAME} Service not available, closing channel\r\n",
    no_service=f"554 5.7.1 {HOST_NAME} No SMTP service here\r\n",
    capability="250-{}\r\n",
    capabilities_end=(f"250-{HOST_NAME}\r\n", "250 8BITMIME\r\n"),
    announced=("PIPELINING", "SIZE 10240000", "ENHANCEDSTATUSCODES"),
    starttls="STARTTLS",
    auth="AUTH PLAIN LOGIN",
    no_auth="",
    yes="250 2.0.0 {words}\r\n",
    no="530 5.7.0 Must issue a STARTTLS command first\r\n",
    denied="550 5.7.1 Your address is on our block list\r\n",
    later="451 4.7.1 Greylisted, please try again later\r\n",
    more="334 \r\n",
    filler="250-X-" + "A" * 60 + "\r\n",
    special={
        "AUTH": "235 2.7.0 Authentication successful\r\n",
        "STARTTLS": "220 2.0.0 Ready to start TLS\r\n",
        "DATA": "354 End data with <CR><LF>.<CR><LF>\r\n",
        "QUIT": "221 2.0.0 Bye\r\n",
    },
)

_IMAP = Grammar(
    greeting="* OK {words}\r\n",
    unavailable="* BYE Server shutting down\r\n",
    no_service="* BYE [ALERT] You are not welcome\r\n",
    capability=" {}",
    capabilities_end=("* CAPABILITY", "\r\n{tag} OK {words}\r\n"),
    announced=("IMAP4rev1", "SASL-IR", "LITERAL+", "NAMESPACE", "SPECIAL-USE", "UIDPLUS"),
    starttls="STARTTLS",
    auth="AUTH=PLAIN",
    no_auth="LOGINDISABLED",
    yes="{tag} OK {words}\r\n",
    no="{tag} NO [PRIVACYREQUIRED] Not without TLS\r\n",
    denied="{tag} NO [CONTACTADMIN] Your address is on our block list\r\n",
    later="{tag} NO [UNAVAILABLE] Try again later\r\n",
    more="+ \r\n",
    filler="* OK " + "A" * 60 + "\r\n",
    special={"LOGOUT": "* BYE\r\n{tag} OK {words}\r\n"},
    tagged=True,
)

_POP3 = Grammar(
    greeting="+OK {words}\r\n",
    unavailable="-ERR [SYS/TEMP] Server shutting down\r\n",
    no_service="-ERR [SYS/PERM] No service here\r\n",
    capability="{}\r\n",
    capabilities_end=("+OK\r\n", ".\r\n"),
    announced=("TOP", "UIDL", "RESP-CODES"),
    starttls="STLS",
    auth="USER\r\nSASL PLAIN",
    no_auth="",
    yes="+OK {words}\r\n",
    no="-ERR Not without TLS\r\n",
    denied="-ERR [SYS/PERM] Your address is on our block list\r\n",
    later="-ERR [SYS/TEMP] Try again later\r\n",
    more="+ \r\n",
    filler="+OK " + "A" * 60 + "\r\n",
    special=dict.fromkeys(("LIST", "UIDL", "RETR", "TOP"), "+OK {words}\r\n.\r\n"),
)

_SIEVE = Grammar(
    greeting='"IMPLEMENTATION" "Stub"\r\n"SIEVE" "fileinto"\r\n"SASL" "PLAIN"\r\n"STARTTLS"\r\n'
    '"VERSION" "1.0"\r\nOK "{words}"\r\n',
    unavailable='BYE (TRYLATER) "Server shutting down"\r\n',
    no_service='NO "No service here"\r\n',
    capability="{}\r\n",
    capabilities_end=("", 'OK "{words}"\r\n'),
    announced=('"IMPLEMENTATION" "Stub"', '"SIEVE" "fileinto"', '"VERSION" "1.0"'),
    starttls='"STARTTLS"',
    auth='"SASL" "PLAIN"',
    no_auth='"SASL" ""',
    yes='OK "{words}"\r\n',
    no='NO (ENCRYPT-NEEDED) "Not without TLS"\r\n',
    denied='NO "Your address is on our block list"\r\n',
    later='NO (TRYLATER) "Try again later"\r\n',
    more='""\r\n',
    filler='"X" "' + "A" * 60 + '"\r\n',
)

GRAMMARS: dict[Protocol, Grammar] = {
    Protocol.SMTP: _SMTP,
    Protocol.SUBMISSION: _SMTP,
    Protocol.IMAP: _IMAP,
    Protocol.POP3: _POP3,
    Protocol.SIEVE: _SIEVE,
}
