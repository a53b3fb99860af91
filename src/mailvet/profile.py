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
        without: Inherited services that this host does not have.
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

    Roles are the exception: they add up.
    """

    names: tuple[str, ...]
    roles: frozenset[str]
    discover: bool
    endpoints: tuple[Endpoint, ...]
    expect: Expectations
    severities: Mapping[str, Severity]
    waivers: tuple[Waiver, ...]
    merged: Mapping[str, Any]


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
        return tuple(sorted(path.stem for path in self._folder.glob("*.toml")))

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
        merged: dict[str, Any] = {}
        waivers: list[Waiver] = []
        seen: list[str] = []
        for name in names:
            self._merge(name, source, merged, waivers, (), seen)
        if expect:
            convert(expect, Expectations, source=source, at="expect")
            _overlay(merged.setdefault("expect", {}), expect)
        for name in merged.pop("without", ()):
            merged.get("services", {}).pop(name, None)
        final = convert(merged, ProfileFile, source=source)
        return Profile(
            names=tuple(seen),
            roles=frozenset(final.roles),
            discover=final.discover,
            endpoints=tuple(_endpoint(name, entry) for name, entry in final.services.items()),
            expect=final.expect,
            severities=final.severity,
            waivers=tuple(waivers),
            merged=merged,
        )

    def _merge(
        self,
        name: str,
        source: Path,
        merged: dict[str, Any],
        waivers: list[Waiver],
        ring: tuple[Path, ...],
        seen: list[str],
    ) -> None:
        path = self._find(name, source)
        if path in ring:
            raise ConfigurationError(f"{source}: profile {name!r} extends itself in a ring")
        table = load_toml(path)
        entry = convert(table, ProfileFile, source=path)
        for parent in entry.extends:
            self._merge(parent, path, merged, waivers, (*ring, path), seen)
        for gone in entry.without:
            if gone not in merged.get("services", {}):
                inherited = tuple(merged.get("services", {}))
                raise ConfigurationError(
                    f"{path}: {unknown(gone, inherited, 'service', 'without')}"
                )
        roles = [*merged.get("roles", ()), *entry.roles]
        _overlay(merged, {key: table[key] for key in table if key not in {"extends", "waivers"}})
        merged["roles"] = list(dict.fromkeys(roles))
        waivers.extend(
            Waiver(each.control, each.reason, each.owner, each.until, each.endpoint, str(path))
            for each in entry.waivers
        )
        if path.stem not in seen:
            seen.append(path.stem)

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
