"""
Read what a scenario consists of.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from lab.addresses import host_address
from lab.errors import LabError
from lab.place import HOME
from lab.verdicts import nearest

_MACHINE_KEYS = {
    "role", "number", "name", "image", "certificate", "steps", "profile", "partner", "mta",
    "mailboxes", "audited", "shell", "cleartext", "implicit_tls",
}  # fmt: skip
_ROLES = ("mail", "backend", "vantage")
_CERTIFICATES = ("rsa", "ec")
_ACCOUNT_KEYS = {"address", "fresh"}


@dataclass(frozen=True, slots=True)
class Machine:
    """
    One host of a scenario.

    Attributes:
        id: Its short name.
        role: ``mail`` for a mail server, ``backend`` for a server that it asks, ``vantage`` for a
            host that probes start from.
        number: Its place in the lab's network.
        name: Its host name.
        image: The base image that it is made of.
        certificate: Kind of its key: ``rsa``, or ``ec`` for one on an elliptic curve.
        steps: Scripts below ``scenarios`` that configure it, or folders of such, run in the order
            of their names; a later one takes the place of one of the same name.
        profile: The file in the scenario's folder that declares what it must be.
        partner: The machine that it replicates with; empty for none.
        mta: The machine that hands mail to it over the network; empty for none.
        mailboxes: The machine that keeps the mailboxes of its mail; empty if it does so itself.
        audited: Whether the suite audits it, if it is a mail server.
        shell: Whether the suite may look at it from inside.
        cleartext: Ports that greet whoever connects.
        implicit_tls: Ports that greet inside TLS.
    """

    id: str
    role: str
    number: int
    name: str
    image: str = "mail"
    certificate: str = "rsa"
    steps: tuple[str, ...] = ()
    profile: str = "profile.toml"
    partner: str = ""
    mta: str = ""
    mailboxes: str = ""
    audited: bool = True
    shell: bool = True
    cleartext: tuple[int, ...] = ()
    implicit_tls: tuple[int, ...] = ()

    @property
    def is_mail(self) -> bool:
        """
        Whether this is a mail server, which audits leave traces on.
        """
        return self.role == "mail"

    @property
    def serves(self) -> bool:
        """
        Whether it runs servers, which mutants may break.
        """
        return self.role != "vantage"

    @property
    def ports(self) -> tuple[int, ...]:
        """
        All ports that answer when the machine is up.
        """
        return (*self.cleartext, *self.implicit_tls)


@dataclass(frozen=True, slots=True)
class Account:
    """
    A mail user of the scenario.
    """

    user: str
    address: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One deployment of real servers.

    Attributes:
        name: Its folder's name.
        folder: Where its files are.
        summary: What is special about it, in words.
        trusted_first: Number of the first host in mynetworks.
        trusted_prefix: Length of that network's prefix.
        machines: Its hosts.
        accounts: The test accounts.
        secrets: Passwords that its hosts share, by name.
        left_out: Why ``make test`` does not try its mutants; empty if it does.
    """

    name: str
    folder: Path
    summary: str
    trusted_first: int
    trusted_prefix: int
    machines: tuple[Machine, ...]
    accounts: tuple[Account, ...]
    secrets: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def mail_machines(self) -> tuple[Machine, ...]:
        """
        The mail servers.
        """
        return tuple(machine for machine in self.machines if machine.is_mail)

    @property
    def audited(self) -> tuple[Machine, ...]:
        """
        The mail servers that are audited.
        """
        return tuple(machine for machine in self.mail_machines if machine.audited)

    @property
    def servers(self) -> tuple[Machine, ...]:
        """
        The machines that run servers: mail servers, and those that they ask.
        """
        return tuple(machine for machine in self.machines if machine.serves)

    @property
    def waves(self) -> tuple[tuple[Machine, ...], ...]:
        """
        All machines in the order in which they are started: whoever is asked by others comes first.

        A mail server that found its database away waits a long time before it tries again.
        """
        first = tuple(machine for machine in self.servers if not machine.is_mail)
        return tuple(filter(None, (first, tuple(m for m in self.machines if m not in first))))

    @property
    def vantages(self) -> tuple[Machine, ...]:
        """
        The machines that probes start from.
        """
        return tuple(machine for machine in self.machines if not machine.serves)

    @property
    def images(self) -> tuple[str, ...]:
        """
        The base images that its machines are made of.
        """
        return tuple(sorted({machine.image for machine in self.machines}))

    def machine(self, name: str) -> Machine:
        """
        Return the machine called *name*.
        """
        for machine in self.machines:
            if machine.id == name:
                return machine
        known = ", ".join(machine.id for machine in self.machines)
        raise LabError(f"scenario {self.name} has no host {name!r}: it has {known}")

    def trusted_network(self, subnet: IPv4Network) -> IPv4Network:
        """
        Return the network whose clients may relay.
        """
        first = host_address(subnet, self.trusted_first)
        return IPv4Network((first, self.trusted_prefix))


def scenario_names(home: Path = HOME) -> tuple[str, ...]:
    """
    List the scenarios that there are.
    """
    return tuple(sorted(path.parent.name for path in home.glob("scenarios/*/scenario.toml")))


def load_scenario(name: str, home: Path = HOME) -> Scenario:
    """
    Read the scenario called *name*.
    """
    path = home / "scenarios" / name / "scenario.toml"
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        known = ", ".join(scenario_names(home)) or "none"
        raise LabError(f"no scenario {name!r}: there is {known}") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from None
    try:
        return _scenario(name, path, data)
    except KeyError as error:
        raise LabError(f"{path}: key {error} is missing") from None


def reject_unknown(where: str, table: Mapping[str, Any], known: set[str]) -> None:
    """
    Raise if *table* has a key that is not *known*, and name the nearest that is.
    """
    for key in table:
        if key not in known:
            hint = nearest(key, known) or f"; known are {', '.join(sorted(known))}"
            raise LabError(f"{where}: unknown key {key!r}{hint}")


def _scenario(name: str, path: Path, data: dict[str, Any]) -> Scenario:
    reject_unknown(
        str(path), data, {"summary", "secrets", "left_out", "trusted", "machines", "accounts"}
    )
    reject_unknown(f"{path}: trusted", data["trusted"], {"first", "prefix"})
    for key, value in data["machines"].items():
        for word in ("partner", "mta", "mailboxes"):
            if value.get(word, key) not in data["machines"]:
                raise LabError(f"{path}: machines.{key}: {word}: there is no {value[word]!r}")
    return Scenario(
        name=name,
        folder=path.parent,
        summary=data["summary"],
        trusted_first=data["trusted"]["first"],
        trusted_prefix=data["trusted"]["prefix"],
        machines=tuple(_machine(path, key, value) for key, value in data["machines"].items()),
        accounts=tuple(_account(path, key, value) for key, value in data["accounts"].items()),
        secrets=tuple(data.get("secrets", ())),
        left_out=data.get("left_out", ""),
    )


def _machine(path: Path, key: str, data: dict[str, Any]) -> Machine:
    where = f"{path}: machines.{key}"
    reject_unknown(where, data, _MACHINE_KEYS)
    if data["role"] not in _ROLES:
        raise LabError(f"{where}: role is {', '.join(_ROLES)}, not {data['role']!r}")
    certificate = data.get("certificate", "rsa")
    if certificate not in _CERTIFICATES:
        raise LabError(f"{where}: certificate is rsa or ec, not {certificate!r}")
    return Machine(
        id=key,
        role=data["role"],
        number=data["number"],
        name=data["name"],
        image=data.get("image", "mail"),
        certificate=certificate,
        steps=tuple(data.get("steps", ())),
        profile=data.get("profile", "profile.toml"),
        partner=data.get("partner", ""),
        mta=data.get("mta", ""),
        mailboxes=data.get("mailboxes", ""),
        audited=data.get("audited", True),
        shell=data.get("shell", True),
        cleartext=tuple(data.get("cleartext", ())),
        implicit_tls=tuple(data.get("implicit_tls", ())),
    )


def _account(path: Path, key: str, data: dict[str, Any]) -> Account:
    reject_unknown(f"{path}: accounts.{key}", data, _ACCOUNT_KEYS)
    return Account(key, data["address"], data.get("fresh", False))
