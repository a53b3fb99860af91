"""
What gathering a fact does to the world: each kind of fact declares it, and nothing else is let out.

Numbers are upper bounds, retries included. They are what an administrator tells a security team
before an audit; a host that is in order sees far less.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailvet.model import Account, Endpoint, Protocol, Security, Target

OTHER_PORTS = 0
"""In the place of a port: all that the servers are found to hold and the profile does not know."""

SESSION = {
    Protocol.SMTP: ("EHLO", "STARTTLS", "QUIT"),
    Protocol.SUBMISSION: ("EHLO", "STARTTLS", "QUIT"),
    Protocol.IMAP: ("CAPABILITY", "STARTTLS", "LOGOUT"),
    Protocol.POP3: ("CAPA", "STLS", "QUIT"),
    Protocol.SIEVE: ("STARTTLS", "LOGOUT"),
}
"""Commands that begin and end every session."""

LOGIN_VERBS = {
    Protocol.SMTP: "AUTH",
    Protocol.SUBMISSION: "AUTH",
    Protocol.IMAP: "AUTHENTICATE",
    Protocol.POP3: "AUTH",
    Protocol.SIEVE: "AUTHENTICATE",
}
"""How a login with SASL begins."""

ENVELOPE = ("MAIL", "RCPT", "RSET")
"""An envelope that is taken back: no message follows."""


REMOVE = ("LIST", "EXAMINE", "NOOP", "UID SEARCH", "UID STORE", "UID EXPUNGE", "SEARCH", "EXPUNGE")
"""Finding a message in any mailbox of an account, and expunging it."""


@dataclass(frozen=True, slots=True)
class Connections:
    """
    Connections to one port of the target; to each of its addresses, if its name has several.

    Attributes:
        port: The port, or ``OTHER_PORTS``.
        most: How many at most.
        verbs: Commands that may be sent there, without their arguments.
        security: How TLS starts there; None if nobody knows.
        anywhere: True if they may start at a vantage as well as here.
    """

    port: int
    most: int
    verbs: tuple[str, ...] = ()
    security: Security | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class BackendConnections:
    """
    Connections that start at the target and go to the backend of its accounts.

    Where that is, only the target's Dovecot says, so the declaration names no address.

    Attributes:
        backend: ``database`` or ``directory``.
        most: How many at most, to all of its servers together; second tries count.
        requests: What may be asked of it, without arguments.
        login: Whether Dovecot's own account is logged in.
    """

    backend: str
    most: int
    requests: tuple[str, ...]
    login: bool = False


@dataclass(frozen=True, slots=True)
class Commands:
    """
    Scripts that run as root on the target.

    Attributes:
        reads: What they look at, in words.
        most: How many at most.
        changes: What they change; empty if nothing.
    """

    reads: str
    most: int = 1
    changes: str = ""


@dataclass(frozen=True, slots=True)
class VantageCommands:
    """
    Commands that run on each of the vantages.
    """

    reads: str
    most: int = 1


@dataclass(frozen=True, slots=True)
class Stored:
    """
    A message that is stored on the target, and removed again.

    Attributes:
        sender: Its sender; empty for the null sender.
        recipient: Its recipient.
        account: The account in whose mail it is found.
        way: How it gets there.
        removed: How it is removed.
        most: How many of the kind at most.
    """

    sender: str
    recipient: str
    account: str
    way: str
    removed: str = "expunged from the mailbox by IMAP"
    most: int = 1


@dataclass(frozen=True, slots=True)
class MailboxChanges:
    """
    What is changed in the mail of an account besides messages, and put back.
    """

    account: str
    changes: str


@dataclass(frozen=True, slots=True)
class Logins:
    """
    Logins of a test account with its own password.
    """

    account: str
    most: int


@dataclass(frozen=True, slots=True)
class FailingLogins:
    """
    Logins that are meant to fail.

    Attributes:
        most: How many at most.
        who: The login names, in words.
    """

    most: int
    who: str


Act = (
    Connections
    | BackendConnections
    | Commands
    | VantageCommands
    | Stored
    | MailboxChanges
    | Logins
    | FailingLogins
)
Acts = tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What a fact is about.

    Attributes:
        target: The audited host.
        endpoint: Its service; None for facts of the whole target.
    """

    target: Target
    endpoint: Endpoint | None = None

    @property
    def service(self) -> Endpoint:
        """
        The endpoint of a fact that has one.
        """
        assert self.endpoint is not None, "a fact of an endpoint was planned without one"  # noqa: S101
        return self.endpoint

    def account(self, *, fresh: bool | None = None, other_than: str = "") -> Account | None:
        """
        The account that a probe gets from ``context.account``; None if there is none.
        """
        for account in self.target.accounts.values():
            if (fresh is None or account.fresh == fresh) and account.name != other_than:
                return account
        return None


Plan = Callable[[Scope], Acts]
"""What gathering a fact may do, known before anything is done."""


def nothing(_: Scope) -> Acts:
    """
    For facts that are made from other facts alone.
    """
    return ()


def reads(what: str, *, most: int = 1, changes: str = "") -> Plan:
    """
    For facts that only run scripts on the target.
    """
    return lambda _: (Commands(what, most, changes),)


def talks(endpoint: Endpoint, most: int, *verbs: str, anywhere: bool = False) -> Connections:
    """
    Sessions on *endpoint* with further *verbs* between greeting and good-bye.
    """
    known = (*SESSION[endpoint.protocol], *verbs)
    return Connections(endpoint.port, most, known, endpoint.security, anywhere)


def logs_in(
    endpoint: Endpoint, account: Account | None, most: int, *verbs: str, anywhere: bool = False
) -> Acts:
    """
    Sessions on *endpoint* with a login of *account*, and *verbs* after it.
    """
    login = LOGIN_VERBS[endpoint.protocol]
    found: Acts = (talks(endpoint, most, login, *verbs, anywhere=anywhere),)
    return (*found, Logins(account.name, most)) if account else found


def opens_mailbox(target: Target, account: Account | None, most: int, *verbs: str) -> Acts:
    """
    Sessions in the mail of *account* on whichever IMAP service takes them, each tried twice.
    """
    if account is None:
        return ()
    found: list[Act] = []
    for endpoint in mailbox_services(target):
        found += logs_in(endpoint, account, 2 * most, "SELECT", "EXAMINE", *verbs)
    return tuple(found)


def mailbox_services(target: Target) -> list[Endpoint]:
    """
    The services through which mailboxes are looked at, the preferred ones first.
    """
    services = (each for each in target.endpoints if each.protocol is Protocol.IMAP)
    secure = [each for each in services if each.security is not Security.CLEARTEXT]
    return sorted(secure, key=lambda each: each.security is Security.STARTTLS)


def takes_logins(target: Target) -> Iterator[Endpoint]:
    """
    The services on which users log in.
    """
    for endpoint in target.endpoints:
        if endpoint.protocol is not Protocol.SMTP and endpoint.security is not Security.CLEARTEXT:
            yield endpoint
