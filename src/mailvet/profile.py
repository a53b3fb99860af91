"""
Profiles: what a host is declared to be and must do.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailvet.errors import ConfigurationError
from mailvet.model import Endpoint, Expectations, Protocol, Security, Severity, Waiver
from mailvet.schema import convert, load_toml, unknown


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """
    ``[services.NAME]``: a service that clients can reach.
    """

    protocol: Protocol
    port: int
    security: Security
    optional: bool = False


@dataclass(frozen=True, slots=True)
class WaiverEntry:
    """
    ``[[waivers]]``: a deviation that somebody accepted for a time.
    """

    control: str
    reason: str
    owner: str
    until: dt.date
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """
    The keys of a profile.

    Attributes:
        title: What kind of host it describes.
        extends: Profiles that it builds on: names, or paths relative to it.
        roles: What the host is; together with inherited ones.
        discover: True if nothing is declared and whatever answers is probed.
        services: Services by name; tables merge with inherited ones of the same name.
        without: Services and roles of other profiles that this host does not have; together with
            inherited ones.
        expect: What it must be like.
        severity: Severities that differ from the catalogue's, by control id.
        waivers: Accepted deviations.
    """

    title: str = ""
    extends: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    discover: bool = False
    services: dict[str, ServiceEntry] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    expect: Expectations = field(default_factory=Expectations)
    severity: dict[str, Severity] = field(default_factory=dict)
    waivers: tuple[WaiverEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """
    Profiles merged in their order: tables merge, later scalars and lists replace earlier ones.

    Roles are the exception, and what a host is without: they add up.
    """

    names: tuple[str, ...]
    roles: frozenset[str]
    discover: bool
    endpoints: tuple[Endpoint, ...]
    expect: Expectations
    severities: Mapping[str, Severity]
    waivers: tuple[Waiver, ...]
    merged: Mapping[str, Any]


@dataclass(slots=True)
class _Sum:
    """
    What several profiles say together.

    Attributes:
        table: Their keys.
        waivers: All waivers.
        gone: Services and roles that are taken out, and the profile that says so.
        seen: The profiles' names.
    """

    table: dict[str, Any] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    gone: dict[str, Path] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def reduce(self) -> tuple[str, ...]:
        """
        Take out what the host is without, and return what there was not.
        """
        services, roles = self.table.get("services", {}), self.table.get("roles", [])
        absent = tuple(each for each in self.gone if each not in {*services, *roles})
        for name in self.gone:
            services.pop(name, None)
        self.table["roles"] = [each for each in roles if each not in self.gone]
        self.table.pop("without", None)
        return absent


class ProfileReader:
    """
    Finds profiles by name or path, and merges them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def known(self) -> tuple[str, ...]:
        """
        Names of the profiles in the folder.
        """
        found = self._folder.glob("**/*.toml")
        return tuple(sorted(p.relative_to(self._folder).with_suffix("").as_posix() for p in found))

    def read(
        self, names: Iterable[str], *, source: Path, expect: Mapping[str, Any] | None = None
    ) -> Profile:
        """
        The merged profile of a host.

        Args:
            names: Its profiles, in order.
            source: The file that names them.
            expect: Expectations of the host itself, which override the profiles'.

        Raises:
            ConfigurationError: A profile or key is unknown, or profiles form a ring.
        """
        total = _Sum()
        for name in names:
            self._add(name, source, total, ())
        known = (*total.table.get("services", ()), *total.table.get("roles", ()))
        for absent in total.reduce():
            self._check_role(absent, known, total.gone[absent])
        if expect:
            convert(expect, Expectations, source=source, at="expect")
            _overlay(total.table.setdefault("expect", {}), expect)
        final = convert(total.table, ProfileFile, source=source)
        return Profile(
            names=tuple(total.seen),
            roles=frozenset(final.roles),
            discover=final.discover,
            endpoints=tuple(_endpoint(name, entry) for name, entry in final.services.items()),
            expect=final.expect,
            severities=final.severity,
            waivers=tuple(total.waivers),
            merged=total.table,
        )

    def _add(self, name: str, source: Path, total: _Sum, ring: tuple[Path, ...]) -> None:
        path = self._find(name, source)
        if path in ring:
            raise ConfigurationError(f"{source}: profile {name!r} extends itself in a ring")
        table = load_toml(path)
        entry = convert(table, ProfileFile, source=path)
        for parent in entry.extends:
            self._add(parent, path, total, (*ring, path))
        roles = [*total.table.get("roles", ()), *entry.roles]
        own = {key: value for key, value in table.items() if key not in {"extends", "waivers"}}
        _overlay(total.table, own)
        total.table["roles"] = list(dict.fromkeys(roles))
        total.gone.update(dict.fromkeys(entry.without, path))
        total.waivers.extend(
            Waiver(each.control, each.reason, each.owner, each.until, each.endpoint, str(path))
            for each in entry.waivers
        )
        if path.stem not in total.seen:
            total.seen.append(path.stem)

    def _check_role(self, name: str, known: tuple[str, ...], source: Path) -> None:
        """
        Accept a role that this host does not have anyway, and refuse what no profile knows.
        """
        tables = (load_toml(self._folder / f"{each}.toml") for each in self.known())
        if all(name not in table.get("roles", ()) for table in tables):
            raise ConfigurationError(
                f"{source}: {unknown(name, known, 'service or role', 'without')}"
            )

    def _find(self, name: str, source: Path) -> Path:
        beside = source.parent / name
        if name.endswith(".toml"):
            if not beside.is_file():
                raise ConfigurationError(f"{source}: profile {name!r}: no such file: {beside}")
            return beside.resolve()
        path = self._folder / f"{name}.toml"
        if not path.is_file():
            raise ConfigurationError(f"{source}: {unknown(name, self.known(), 'profile')}")
        return path.resolve()


def _endpoint(name: str, entry: ServiceEntry) -> Endpoint:
    return Endpoint(name, entry.protocol, entry.port, entry.security, entry.optional)


def _overlay(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        inherited = below.get(key)
        if isinstance(value, Mapping) and isinstance(inherited, dict):
            _overlay(inherited, value)
        elif isinstance(value, Mapping):
            below[key] = {}
            _overlay(below[key], value)
        else:
            below[key] = value
