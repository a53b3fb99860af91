"""
What a run really did to its targets, counted where it left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PortFootprint:
    """
    Connections to one port.

    Attributes:
        port: The port.
        direct: Connections that started here.
        through: Connections that started at a vantage.
        verbs: How often each command was sent.
    """

    port: int
    direct: int
    through: int
    verbs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Footprint:
    """
    What gathering one fact did.

    Attributes:
        target: Key of the target.
        fact: Kind of the fact.
        endpoint: Name of the endpoint; empty for facts of the whole target.
        ports: Connections, by port.
        commands: Scripts that ran as root on the target.
        vantage_commands: Commands that ran on vantages.
        messages: Messages that were handed over to be stored.
        logins: Logins with the right password, by account.
        failing_logins: Logins with any other password.
        backend_connections: Connections from the target to the backend of its accounts.
        backend_requests: How often each request was made there.
    """

    target: str
    fact: str
    endpoint: str
    ports: tuple[PortFootprint, ...] = ()
    commands: int = 0
    vantage_commands: int = 0
    messages: int = 0
    logins: Mapping[str, int] = field(default_factory=dict)
    failing_logins: int = 0
    backend_connections: int = 0
    backend_requests: Mapping[str, int] = field(default_factory=dict)

    def key(self) -> tuple[str, str, str]:
        """
        What sorts footprints.
        """
        return self.target, self.fact, self.endpoint

    @property
    def idle(self) -> bool:
        """
        Whether it did nothing at all.
        """
        left = (self.ports, self.commands, self.vantage_commands, self.messages)
        return not any((*left, self.logins, self.failing_logins, self.backend_connections))
