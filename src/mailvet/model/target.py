"""
The audited host, as it is declared.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailvet.model.endpoint import Endpoint, Vantage
from mailvet.model.expectations import Expectations
from mailvet.model.verdict import Severity
from mailvet.secret import SecretReference


@dataclass(frozen=True, slots=True)
class Account:
    """
    A test account on the target.

    Attributes:
        name: The name in the inventory.
        user: Login name.
        address: Its mail address.
        password: Where its password is found.
        fresh: True if no mail client was ever used with it.
    """

    name: str
    user: str
    address: str
    password: SecretReference
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """
    How commands are run on a host.

    Attributes:
        connection: testinfra host spec, for example ``ssh://root@mail1``.
        ssh_config: Path of an OpenSSH client configuration to use with it.
        sudo: Whether commands need sudo.
    """

    connection: str
    ssh_config: str | None = None
    sudo: bool = False


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    A deviation that somebody accepted for a time.

    Attributes:
        control: Id of the control.
        reason: Why it is accepted.
        owner: Who accepted it.
        until: Last day on which it holds.
        endpoint: The one endpoint that it covers; empty means all of them.
        source: File in which it stands.
    """

    control: str
    reason: str
    owner: str
    until: dt.date
    endpoint: str = ""
    source: str = ""

    def covers(self, endpoint: Endpoint | None) -> bool:
        """
        Whether it speaks about *endpoint*.
        """
        return not self.endpoint or (endpoint is not None and endpoint.name == self.endpoint)

    def expired(self, today: dt.date) -> bool:
        """
        Whether *today* is after its last day.
        """
        return today > self.until


@dataclass(frozen=True, slots=True)
class Target:
    """
    One audited mail host, as the inventory and its profiles declare it.

    Attributes:
        key: Its name in the inventory; what ``--host`` says.
        address: Where it is reached: a name or an IP address.
        name: What clients call it: SNI and certificate name.
        profiles: Names of its profiles.
        digest: SHA-256 over all that was declared, for the report.
        roles: What it is declared to be (``dovecot``, ``postfix``, ``lmtp-socket`` …).
        endpoints: Its declared services.
        expect: What it must be like.
        accounts: Test accounts by name.
        shell: How commands are run on it; None without access.
        vantages: Hosts from which its services can be probed through SSH, by vantage.
        partner: The host that it replicates with, which has no partner of its own here; None if
            the inventory names none.
        mta: The host that hands mail to it over the network; None if the inventory names none.
        mailboxes: The host that keeps the mailboxes of its mail; None if it does so itself.
        ca_file: Certificates that its clients trust; None means the system's.
        waivers: Accepted deviations.
        severities: Severities that the profile changes, by control id.
        discover: True if it was not declared, but is probed for whatever answers.
    """

    key: str
    address: str
    name: str
    profiles: tuple[str, ...]
    digest: str
    roles: frozenset[str]
    endpoints: tuple[Endpoint, ...]
    expect: Expectations
    accounts: Mapping[str, Account] = field(default_factory=dict)
    shell: Shell | None = None
    vantages: Mapping[Vantage, Shell] = field(default_factory=dict)
    partner: "Target | None" = None
    mta: "Target | None" = None
    mailboxes: "Target | None" = None
    ca_file: str | None = None
    waivers: tuple[Waiver, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    discover: bool = False

    def endpoint(self, name: str) -> Endpoint | None:
        """
        The declared endpoint called *name*.
        """
        return next((each for each in self.endpoints if each.name == name), None)

    @property
    def hostname(self) -> str:
        """
        What the server must call itself.
        """
        return self.expect.mail.hostname or self.name
