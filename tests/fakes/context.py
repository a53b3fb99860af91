"""
Probe contexts made by hand, so that a probe can be run without the engine.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn

from mailvet.acts import Scope
from mailvet.context import Lane, ProbeContext
from mailvet.errors import ProbeError
from mailvet.ledger import Ledger, Residue
from mailvet.model import (
    Account,
    Cause,
    Endpoint,
    Expectations,
    ExpectMail,
    Protocol,
    Security,
    Target,
)
from mailvet.outlet import Outlet
from mailvet.permit import Permit
from mailvet.secret import SecretReference

PASSWORD_VARIABLE = "MAILVET_TEST_PASSWORD"
PASSWORD = "correct-horse-7Q"
DOMAIN = "example.com"
HOST_NAME = "mail1.example.com"

Recall = Callable[[str, Endpoint | None], Awaitable[Any]]


class _Open(Outlet):
    """
    Lets everything pass.
    """

    def __init__(self) -> None:
        pass

    def passes(self, data: bytes) -> None:
        """Any octets."""


class AnythingGoes(Permit):
    """
    A permit that refuses nothing, for probes that are tested by themselves.
    """

    def connection(self, port: int, *, through: bool = False) -> Outlet:  # noqa: ARG002
        """A connection to any port."""
        return _Open()

    def retried(self, port: int) -> None:
        """Any connection that is tried again."""

    def backend(self, host: str, port: int) -> None:
        """Any connection to a backend."""

    def request(self, name: str) -> None:
        """Any request to it."""

    def opened(self, host: str, port: int) -> None:
        """Any connection."""

    def command(self, title: str, script: str) -> None:
        """Any script."""

    def vantage_command(self, title: str) -> None:
        """Any command on a vantage."""

    def residue(self, residue: Residue) -> None:
        """Anything left behind."""


def make_account(name: str = "alice", *, fresh: bool = False) -> Account:
    """
    An account whose password is ``PASSWORD``.
    """
    os.environ[PASSWORD_VARIABLE] = PASSWORD
    reference = SecretReference(env=PASSWORD_VARIABLE)
    return Account(name, f"{name}@{DOMAIN}", f"{name}@{DOMAIN}", reference, fresh)


def make_target(
    endpoints: Iterable[Endpoint] = (),
    *,
    address: str = "127.0.0.1",
    roles: Iterable[str] = ("dovecot", "postfix", "mx", "submission", "sieve"),
    **changes: Any,  # noqa: ANN401
) -> Target:
    """
    A target on the loopback interface with two accounts; *changes* are further fields.
    """
    fields: dict[str, Any] = {
        "key": "stub",
        "address": address,
        "name": HOST_NAME,
        "profiles": ("stub",),
        "digest": "0" * 64,
        "roles": frozenset(roles),
        "endpoints": tuple(endpoints),
        "expect": Expectations(mail=ExpectMail(domain=DOMAIN, hostname=HOST_NAME)),
        "accounts": {name: make_account(name) for name in ("alice", "bob")},
    }
    return Target(**(fields | changes))


def make_context(
    port: int,
    protocol: Protocol | str = Protocol.SMTP,
    security: Security | str = Security.STARTTLS,
    *,
    target: Target | None = None,
    recall: Recall | None = None,
    timeout: float = 1.0,
    **changes: Any,  # noqa: ANN401
) -> ProbeContext:
    """
    The context of a probe of one endpoint on the loopback interface, with short timeouts.

    Args:
        port: Port of the endpoint.
        protocol: What is spoken there.
        security: How TLS starts.
        target: The target; by default ``make_target`` with this one endpoint.
        recall: Answers ``context.fact``; by default every other fact is unavailable.
        timeout: Seconds for a connection, a reply and a login.
        changes: Further fields of ``ProbeContext``.
    """
    spoken = Protocol(protocol)
    endpoint = Endpoint(spoken.value, spoken, port, Security(security))
    target = target or make_target((endpoint,))
    fields: dict[str, Any] = {
        "target": target,
        "permit": AnythingGoes("test", Scope(target, endpoint), ()),
        "endpoint": endpoint,
        "nonce": "mailvet-test",
        "lane": Lane(),
        "ledger": Ledger(None),
        "recall": recall or _nothing_known,
        "connect_timeout": timeout,
        "reply_timeout": timeout,
        "login_timeout": timeout,
    }
    return ProbeContext(**(fields | changes))


async def _nothing_known(name: str, endpoint: Endpoint | None) -> NoReturn:
    raise ProbeError(Cause.TOOL, f"the test gives no fact {name}")
