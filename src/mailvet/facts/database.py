"""
What the database says to Dovecot's own account.
"""

from dataclasses import dataclass

from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.certificate import Doubt
from mailvet.facts.host import CommandOutput
from mailvet.facts.pass_schemes import StoredScheme
from mailvet.facts.sql import Grant, UserTable
from mailvet.transcript import Line

ENCRYPTED = frozenset({"SSL", "X509", "SUBJECT", "ISSUER", "CIPHER"})
"""What an account may require that is not had without TLS."""

_NO_DATABASE = frozenset({1049})
_NO_TABLE = frozenset({1054, 1146})
_DENIED = frozenset({1044, 1045, 1142, 1143, 1370})


@dataclass(frozen=True, slots=True)
class SqlRefusal:
    """
    An error of the database.

    Attributes:
        number: Its number, which says what kind it is.
        words: Its words.
    """

    number: int
    words: str

    @property
    def absent(self) -> bool:
        """
        Whether database, table or column do not exist.
        """
        return self.number in _NO_DATABASE | _NO_TABLE

    @property
    def denied(self) -> bool:
        """
        Whether the account may not.
        """
        return self.number in _DENIED

    def __str__(self) -> str:
        return f"{self.words} ({self.number})"


@dataclass(frozen=True, slots=True)
class UserRows:
    """
    The rows behind a password query, counted.

    Attributes:
        names: How many different names there are.
        repeated: How many rows have a name that stands in another row, too.
        schemes: The stored passwords by scheme.
    """

    names: int
    repeated: int
    schemes: tuple[StoredScheme, ...]


@dataclass(frozen=True, slots=True)
class DatabaseAnswers:
    """
    What one server answers, asked as one file with settings says.

    Attributes:
        path: The file.
        server: The server.
        for_passwords: Whether passwords are asked with these settings.
        account: The account that the server takes Dovecot for; empty without a login.
        version: The server's version.
        cipher: Suite of the session; empty if it is not encrypted.
        requires: What the account requires of a connection, in capitals: ``NONE``, ``SSL`` …;
            empty if the server does not tell.
        secure_transport: Whether the server takes no connection without TLS; None if unknown.
        grants: What the account may do; None if the server does not tell.
        table: The rows behind the password query; None if that is no plain SELECT.
        refusal: The error that came in the place of a login or of these rows; None if none did.
        rows: The rows, counted; None if they could not be.
        doubt: Why nothing at all was learnt; None if something was.
        transcript: What was asked.
    """

    path: str
    server: BackendServer
    for_passwords: bool = True
    account: str = ""
    version: str = ""
    cipher: str = ""
    requires: str = ""
    secure_transport: bool | None = None
    grants: tuple[Grant, ...] | None = None
    table: UserTable | None = None
    refusal: SqlRefusal | None = None
    rows: UserRows | None = None
    doubt: Doubt | None = None
    transcript: tuple[Line, ...] = ()

    @property
    def where(self) -> str:
        """
        What is spoken of.
        """
        return f"{self.path}: {self.server}"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """
    The answers to all files with settings.

    Attributes:
        answers: By file and server.
        databases: Names of the databases that the files name, in small letters.
        defaults: Default scheme of each file, in capitals; empty if it sets none.
        known_schemes: Schemes that Dovecot knows.
        commands: What was run on the host.
    """

    answers: tuple[DatabaseAnswers, ...]
    databases: tuple[str, ...]
    defaults: tuple[tuple[str, str], ...]
    known_schemes: tuple[str, ...]
    commands: tuple[CommandOutput, ...] = ()

    def default(self, path: str) -> str:
        """
        Default scheme of the file *path*.
        """
        return dict(self.defaults).get(path, "")

    @property
    def about_passwords(self) -> tuple[DatabaseAnswers, ...]:
        """
        The answers to files with which passwords are asked.
        """
        return tuple(each for each in self.answers if each.for_passwords)

    @property
    def transcript(self) -> tuple[Line, ...]:
        """
        What was asked of all of them.
        """
        return tuple(line for each in self.answers for line in each.transcript)
