"""
What a directory itself says to the account with which Dovecot searches.
"""

from dataclasses import dataclass

from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.certificate import Doubt
from mailvet.transcript import Line

_CODES = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    4: "sizeLimitExceeded",
    8: "strongerAuthRequired",
    13: "confidentialityRequired",
    32: "noSuchObject",
    34: "invalidDNSyntax",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
}
"""Result codes of RFC 4511 §4.1.9 that turn up here."""

_TEMPORARY = frozenset({51, 52})


@dataclass(frozen=True, slots=True)
class LdapResult:
    """
    The result of an operation.

    Attributes:
        code: Result code of RFC 4511 §4.1.9.
        text: Diagnostic message.
    """

    code: int
    text: str = ""

    @property
    def good(self) -> bool:
        """
        Whether the operation succeeded.
        """
        return self.code == 0

    @property
    def temporary(self) -> bool:
        """
        Whether the server said that it is busy or not available, which judges nothing.
        """
        return self.code in _TEMPORARY

    @property
    def refuses(self) -> bool:
        """
        Whether the server refused a bind without a look at the password.
        """
        return self.code in {8, 13, 48, 53}

    def __str__(self) -> str:
        name = _CODES.get(self.code, "")
        return " ".join(filter(None, (f"result {self.code}", name, self.text)))


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An entry that was found.

    Attributes:
        name: Its DN.
        attributes: Attributes that were shown, with their values if these were asked for.
    """

    name: str
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def values(self, attribute: str) -> tuple[str, ...]:
        """
        Values of an attribute in small letters.
        """
        wanted = attribute.lower()
        return tuple(
            value.lower()
            for name, values in self.attributes
            if name.lower() == wanted
            for value in values
        )

    def shows(self, attribute: str) -> bool:
        """
        Whether an attribute was shown.
        """
        return any(name.lower() == attribute.lower() for name, _ in self.attributes)

    def __str__(self) -> str:
        names = ", ".join(name for name, _ in self.attributes)
        return f"entry {self.name}{f' with {names}' if names else ''}"


@dataclass(frozen=True, slots=True)
class UserSearch:
    """
    What a search for a test account found.

    Attributes:
        account: Login name of the account, as Dovecot looks it up.
        entries: What its filter found within the scope.
        beyond: DNs that the same filter finds below the base, but beyond the scope.
        password_shown: Whether the account that searches sees the attribute with the password.
    """

    account: str
    entries: tuple[Entry, ...]
    beyond: tuple[str, ...] = ()
    password_shown: bool = False

    @property
    def minimal(self) -> bool:
        """
        Whether the entry has none of the attributes of a Unix account.
        """
        classes = [set(each.values("objectClass")) for each in self.entries]
        return bool(classes) and all(each and "posixaccount" not in each for each in classes)


@dataclass(frozen=True, slots=True)
class DirectoryAnswers:
    """
    What one server says, asked as one file of settings says.

    Attributes:
        path: That file.
        server: The server.
        account: DN that was bound; empty for an anonymous search.
        administrator: Whether it has a name that directories give their administrator.
        bound: What the server said to that; None for an anonymous search, or if nothing was asked.
        base: Result of a search for the base itself; None if nothing was asked.
        users: Searches for the test accounts.
        doubt: Why not everything was asked; None if it was.
        transcript: What was said.
    """

    path: str
    server: BackendServer
    account: str = ""
    administrator: bool = False
    bound: LdapResult | None = None
    base: LdapResult | None = None
    users: tuple[UserSearch, ...] = ()
    doubt: Doubt | None = None
    transcript: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class ClearAnswer:
    """
    What a server says to a password, an invented one, outside of TLS.

    Attributes:
        server: The server, on the port where connections begin without TLS.
        met: Whether the same host had a TLS session with us, so that it is there.
        result: What it said; None if nobody listens there.
        doubt: Why nothing was seen; None if something was.
        transcript: What was said.
    """

    server: BackendServer
    met: bool = False
    result: LdapResult | None = None
    doubt: Doubt | None = None
    transcript: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class DirectoryAnswersFacts:
    """
    What all servers of the directory say that anybody is searched for on.
    """

    answers: tuple[DirectoryAnswers, ...]
    clear: tuple[ClearAnswer, ...] = ()

    @property
    def minimal(self) -> frozenset[str] | None:
        """
        Test accounts whose entries are not those of Unix accounts; None if no entry was seen.
        """
        found = [user for each in self.answers for user in each.users if user.entries]
        return frozenset(each.account for each in found if each.minimal) if found else None

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        What was said to all of them.
        """
        said = (
            *(each.transcript for each in self.answers),
            *(each.transcript for each in self.clear),
        )
        return tuple(line for lines in said for line in lines)
