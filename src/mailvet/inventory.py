"""
The inventory: which hosts there are, how they are reached, and with which accounts.
"""

import dataclasses
import hashlib
import ipaddress
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailvet.errors import ConfigurationError
from mailvet.model import Account, Expectations, Shell, Target, Vantage
from mailvet.profile import Profile, ProfileReader
from mailvet.schema import convert, load_toml, unknown
from mailvet.secret import SecretReference

DISCOVER = "discover"
"""Profile of a host that no inventory names."""

REMOTE_MAILBOXES = "remote-mailboxes"
"""Role of a host for which the inventory names another one that keeps the mailboxes."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """
    ``[hosts.NAME.accounts.ACCOUNT]``: a test account.
    """

    user: str
    password: SecretReference
    address: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class HostEntry:
    """
    ``[hosts.NAME]``: a host to audit.

    Attributes:
        address: Name or IP address where it is reached.
        name: What its clients call it; by default the address.
        profiles: Its profiles, in order; names, or paths relative to the inventory.
        ca_file: Certificates that its clients trust, relative to the inventory.
        expect: Expectations of this host alone; they override the profiles'.
        shell: How commands are run on it.
        accounts: Test accounts.
        vantages: Other places to probe from, by vantage.
        partner: The host of this inventory that it replicates with; also the vantage ``partner``.
        mta: The host of this inventory that hands mail to it over the network; also the vantage
            ``mta``.
    """

    address: str
    profiles: tuple[str, ...]
    name: str = ""
    ca_file: str | None = None
    expect: Expectations = field(default_factory=Expectations)
    shell: Shell | None = None
    accounts: dict[str, AccountEntry] = field(default_factory=dict)
    vantages: dict[Vantage, Shell] = field(default_factory=dict)
    partner: str = ""
    mta: str = ""
    mailboxes: str = ""


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """
    The keys of an inventory.
    """

    hosts: dict[str, HostEntry] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Inventory:
    """
    Hosts by name, and groups of them.

    Args:
        path: The file; None if there is none, then only ``discover`` is possible.
        profiles: Where its profiles are found.
        offline: True if no name may be looked up; every undeclared one is then taken for a host.

    Raises:
        ConfigurationError: The file cannot be read, or has an unknown key or a wrong value.
    """

    def __init__(
        self, path: Path | None, profiles: ProfileReader, *, offline: bool = False
    ) -> None:
        self._path = path
        self._offline = offline
        self._profiles = profiles
        self._table: dict[str, Any] = load_toml(path) if path else {}
        source = path or Path("(no inventory)")
        self._file = convert(self._table, InventoryFile, source=source)
        for group, members in self._file.groups.items():
            for member in members:
                if member not in self._file.hosts:
                    words = unknown(member, tuple(self._file.hosts), "host", f"groups.{group}")
                    raise ConfigurationError(f"{source}: {words}")
        for name, entry in self._file.hosts.items():
            self._refuse_odd_neighbours(name, entry, source)

    def _refuse_odd_neighbours(self, name: str, entry: HostEntry, source: Path) -> None:
        for key in ("partner", "mta", "mailboxes"):
            other: str = getattr(entry, key)
            known = tuple(each for each in self._file.hosts if each != name)
            if other and other not in known:
                words = unknown(other, known, "host", f"hosts.{name}.{key}")
                raise ConfigurationError(f"{source}: {words}")

    def targets(self, wanted: Iterable[str]) -> tuple[Target, ...]:
        """
        The targets that ``--host`` names: hosts, groups, or names and addresses to discover.

        Raises:
            ConfigurationError: A name is no host, no group, and does not resolve.
        """
        found: dict[str, Target] = {}
        for name in wanted:
            for member in self._file.groups.get(name, (name,)):
                if member not in found:
                    found[member] = self._target(member)
        return tuple(found.values())

    def _target(self, name: str) -> Target:
        entry = self._file.hosts.get(name)
        if entry is None:
            return self._discovered(name)
        partner, mta, mailboxes = (
            self._declared_target(each) if each else None
            for each in (entry.partner, entry.mta, entry.mailboxes)
        )
        target = self._declared_target(name)
        places = {
            vantage: each.shell
            for vantage, each in ((Vantage.PARTNER, partner), (Vantage.MTA, mta))
            if each is not None and each.shell is not None
        }
        vantages = {**places, **target.vantages}
        return dataclasses.replace(
            target,
            roles=target.roles | ({REMOTE_MAILBOXES} if mailboxes else set()),
            vantages=vantages,
            partner=partner,
            mta=mta,
            mailboxes=mailboxes,
        )

    def _declared_target(self, name: str) -> Target:
        entry = self._file.hosts[name]
        assert self._path is not None  # noqa: S101
        raw = self._table["hosts"][name]
        profile = self._profiles.read(entry.profiles, source=self._path, expect=raw.get("expect"))
        return Target(
            key=name,
            address=entry.address,
            name=entry.name or entry.address,
            digest=_digest(raw, profile.merged),
            accounts={key: self._account(name, key, each) for key, each in entry.accounts.items()},
            shell=self._shell(entry.shell),
            vantages={
                vantage: shell
                for vantage, each in entry.vantages.items()
                if (shell := self._shell(each)) is not None
            },
            ca_file=self._beside(entry.ca_file),
            **_declared(profile),
        )

    def _discovered(self, name: str) -> Target:
        if not self._offline and not _resolves(name):
            known = (*self._file.hosts, *self._file.groups)
            where = self._path or "no inventory was given (--inventory FILE)"
            words = unknown(name, known, "host or group") if known else f"unknown host {name!r}"
            raise ConfigurationError(f"{words}; {where}; and the name does not resolve")
        profile = self._profiles.read([DISCOVER], source=Path("--host"))
        return Target(
            key=name,
            address=name,
            name=name,
            digest=_digest({"address": name}, profile.merged),
            **_declared(profile),
        )

    def _account(self, host: str, key: str, entry: AccountEntry) -> Account:
        at = f"{self._path}: [hosts.{host}.accounts.{key}]"
        reference = entry.password
        given = [each for each in dataclasses.astuple(reference) if each is not None]
        if len(given) != 1:
            raise ConfigurationError(f"{at}: password needs exactly one of env, file, command")
        if reference.file is not None:
            reference = SecretReference(file=self._beside(reference.file))
        return Account(key, entry.user, entry.address or entry.user, reference, entry.fresh)

    def _shell(self, entry: Shell | None) -> Shell | None:
        if entry is None:
            return None
        return dataclasses.replace(entry, ssh_config=self._beside(entry.ssh_config))

    def _beside(self, name: str | None) -> str | None:
        if name is None:
            return None
        assert self._path is not None  # noqa: S101
        return str((self._path.parent / Path(name).expanduser()).resolve())


def find_inventory(option: str | None, folder: Path) -> Path | None:
    """
    The inventory: ``--inventory``, else ``MAILVET_INVENTORY``, else ``hosts.toml`` in *folder*.
    """
    named = option or os.environ.get("MAILVET_INVENTORY")
    if named:
        return Path(named).resolve()
    default = folder / "hosts.toml"
    return default if default.is_file() else None


def _declared(profile: Profile) -> dict[str, Any]:
    return {
        "profiles": profile.names,
        "roles": profile.roles,
        "endpoints": profile.endpoints,
        "expect": profile.expect,
        "waivers": profile.waivers,
        "severities": profile.severities,
        "discover": profile.discover,
    }


def _digest(entry: Mapping[str, Any], merged: Mapping[str, Any]) -> str:
    canonical = json.dumps([entry, merged], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _resolves(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        try:
            return bool(socket.getaddrinfo(name, 25, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return False
    return True
