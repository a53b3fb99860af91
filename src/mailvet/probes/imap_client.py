"""
IMAPClient's connection, held to bounds from the first octet on.

IMAPClient greets and asks for capabilities in its constructor, so a hostile server has it fast
before anybody has a client to close. Bounds that are laid on a finished client come too late.
"""

import imaplib
import socket
import ssl

from imapclient import IMAPClient, SocketTimeout

from mailvet.context import ProbeContext
from mailvet.model import Endpoint, Security
from mailvet.outlet import Outlet

MAX_TOTAL = 16 * 1024 * 1024
"""Octets that are read from one connection before the server is taken for hostile."""


class Guard:
    """
    What one connection may do: it is counted from outside, and ended from any thread.

    Args:
        outlet: Sees what leaves.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self._total = 0
        self._over = False

    def end(self) -> None:
        """
        Lets the next read of the connection fail, for a thread that nobody waits for any more.
        """
        self._over = True

    def came(self, octets: int) -> None:
        """
        Counts what was received.

        Raises:
            imaplib.IMAP4.abort: It is too much, or nobody wants it any more.
        """
        self._total += octets
        if self._over:
            raise imaplib.IMAP4.abort("the connection was given up")
        if self._total > MAX_TOTAL:
            raise imaplib.IMAP4.abort(f"over {MAX_TOTAL} octets in one connection")


class _Connection(imaplib.IMAP4):
    """
    What IMAPClient talks through.
    """

    def __init__(
        self, guard: Guard, host: str, port: int, tls: ssl.SSLContext | None, timeout: float
    ) -> None:
        self._guard = guard
        self._tls = tls
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain: socket.socket = super()._create_socket(timeout)  # type: ignore[misc]
        # IMAPClient sends a command in pieces; the server's kernel takes 40 ms to acknowledge each.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain

    def read(self, size: int) -> bytes:
        data = super().read(size)
        self._guard.came(len(data))
        return data

    def readline(self) -> bytes:
        line = super().readline()
        self._guard.came(len(line))
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]  # imaplib sends nothing else
        self._guard.outlet.passes(data)
        super().send(data)


class GuardedClient(IMAPClient):  # type: ignore[misc]  # it has no annotations
    """
    An IMAPClient inside TLS to *service* of the context's target.

    Whom the certificate names is judged elsewhere; here it matters what is in the mailbox.

    Args:
        context: Names the target and the time limits.
        service: An IMAP service with TLS.
        guard: Bounds the connection.

    Raises:
        imaplib.IMAP4.error: The server does not talk IMAP, or refuses STARTTLS.
        OSError: There is no connection, or it was lost.
    """

    def __init__(self, context: ProbeContext, service: Endpoint, guard: Guard) -> None:
        self._guard = guard
        implicit = service.security is Security.IMPLICIT_TLS
        trusting = _trusting()
        super().__init__(
            context.target.address,
            service.port,
            ssl=implicit,
            ssl_context=trusting if implicit else None,
            timeout=SocketTimeout(context.connect_timeout, context.reply_timeout),
        )
        if not implicit:
            self.starttls(trusting)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  # the hook's name
        return _Connection(
            self._guard, self.host, self.port, self.ssl_context, self._timeout.connect
        )


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
