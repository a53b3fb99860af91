"""
PyMySQL, held to reading: it logs in without showing the password, and asks what was planned.
"""

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, TypeVar

import pymysql
from pymysql.connections import Connection

from mailvet.facts.database import SqlRefusal
from mailvet.secret import Secret

REQUESTS = ("TLS", "LOGIN", "SET NAMES", "SELECT", "SHOW")
"""All that a session may ask for."""

MOST_ROWS = 1000
"""Rows of an answer that are looked at."""

_ASIDE = 2059
"""CR_AUTH_PLUGIN_CANNOT_LOAD."""

_OF_THE_CLIENT = range(2000, 3000)
"""Numbers of errors that no server sends."""

_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    AttributeError,
    AssertionError,
    struct.error,
)
"""What octets that are no MySQL make PyMySQL raise."""


Result = TypeVar("Result")


class RefusedError(Exception):
    """
    The database answered with an error.
    """

    def __init__(self, refusal: SqlRefusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class NoAnswerError(Exception):
    """
    What came was no answer, or nothing came.
    """


class UnknownLoginError(NoAnswerError):
    """
    The server wants a kind of login that is not made here.
    """


class _Aside:
    """
    Kinds of login that would show the password, or a hash that is as good, or take a library.
    """

    def __init__(self, _: object) -> None:
        pass

    def authenticate(self, _: object) -> None:
        """Sends nothing."""
        raise pymysql.OperationalError(
            _ASIDE, "the server wants a kind of login that is not made here"
        )


_LOGINS: dict[str, Callable[[Any], Any]] = dict.fromkeys(
    (
        "mysql_clear_password",
        "dialog",
        "mysql_old_password",
        "sha256_password",
        "client_ed25519",
    ),
    _Aside,
)


class Session:
    """
    A session in a thread of its own.

    Args:
        asks: Is told every request before it leaves.
    """

    def __init__(self, asks: Callable[[str], None]) -> None:
        self._asks = asks
        self._connection: Any = None

    def log_in(
        self,
        connected: socket.socket,
        *,
        name: str,
        user: str,
        password: Secret,
        database: str,
        tls: ssl.SSLContext | None,
        timeout: float,
    ) -> None:
        """
        Logs in on a *connected* socket, inside *tls*, which must verify the server called *name*.

        Without it the server must be on the target itself; the password is not shown even then.

        Raises:
            RefusedError: The server refuses the login.
            NoAnswerError: It does something else.
        """
        for request in ("TLS", "LOGIN", "SET NAMES") if tls else ("LOGIN", "SET NAMES"):
            self._asks(request)
        self._connection = Connection(
            host=name,
            user=user,
            password=password.reveal().encode(),  # text would go as latin-1
            database=database or None,
            ssl=tls,
            ssl_disabled=tls is None,
            auth_plugin_map=_LOGINS,
            autocommit=None,
            local_infile=False,
            read_timeout=timeout,
            write_timeout=timeout,
            defer_connect=True,
        )
        self._tried(lambda: self._connection.connect(connected))

    def ask(self, question: str) -> list[tuple[str, ...]]:
        """
        The rows that answer *question*, as text.

        Raises:
            RefusedError: The database answers with an error.
            NoAnswerError: It does something else.
        """
        self._asks(question.split(maxsplit=1)[0].upper())

        def fetch() -> list[tuple[str, ...]]:
            with self._connection.cursor() as cursor:
                cursor.execute(question)
                return [tuple(map(_text, row)) for row in cursor.fetchmany(MOST_ROWS)]

        return self._tried(fetch)

    def end(self) -> None:
        """
        Says good-bye, so that the server does not log a connection that broke.
        """
        with contextlib.suppress(pymysql.Error, OSError):
            self._connection.close()

    def _tried(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except pymysql.MySQLError as exc:
            number, words = (*exc.args, "", "")[:2]
            if isinstance(number, int) and number not in _OF_THE_CLIENT:
                raise RefusedError(SqlRefusal(number, str(words)[:300])) from exc
            kind = UnknownLoginError if number == _ASIDE else NoAnswerError
            raise kind(str(words or number or exc)[:300]) from exc
        except _BROKEN as exc:
            raise NoAnswerError(str(exc)[:300] or type(exc).__name__) from exc


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def verifying(authorities: str, *, name: bool) -> ssl.SSLContext:
    """
    TLS that completes only with whom *authorities*, as PEM, vouch for; under the right *name* too.

    Raises:
        NoAnswerError: There is no certificate in *authorities*.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = name
    try:
        context.load_verify_locations(cadata=authorities.encode("ascii", "ignore").decode())
    except (ssl.SSLError, ValueError) as exc:
        raise NoAnswerError("there is no certificate of an authority to verify it with") from exc
    return context
