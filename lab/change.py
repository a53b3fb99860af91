"""
Read what is done to a host of a scenario on purpose: mutants break it, variants do not.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import LabError
from lab.scenario import Scenario, reject_unknown
from lab.verdicts import SEVEREST_FIRST, Expected, nearest

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """
    Something that is done to a host.

    Attributes:
        id: Its name.
        host: The server to which it is done.
        summary: What is different then, in words.
        apply: The commands that do it.
    """

    id: str
    host: str
    summary: str
    apply: str


Kind = TypeVar("Kind", bound=Change)
Entry = Mapping[str, Any]


def load_changes(
    kind: str,
    scenario: Scenario,
    only: Iterable[str],
    build: Callable[[str, Entry], Kind],
    keys: Collection[str],
) -> tuple[Kind, ...]:
    """
    Read all changes of a *kind*, or those that *only* names.

    Args:
        kind: What they are called, and the folder with an s.
        scenario: Whose they are.
        only: Ids; none means all.
        build: Makes one out of where it stands and what stands there.
        keys: What may stand there, besides what every change has.
    """
    found: dict[str, Kind] = {}
    for path in sorted((scenario.folder / f"{kind}s").glob("*.toml")):
        for change in _read(path, kind, build, {"id", "host", "summary", "apply", *keys}):
            where = f"{path}: {kind} {change.id}"
            if change.id in found:
                raise LabError(f"{path}: there are two {kind}s called {change.id!r}")
            if not _ID.fullmatch(change.id):
                raise LabError(f"{where}: an id is small letters, digits and hyphens, like no-tls")
            if change.host not in {machine.id for machine in scenario.servers}:
                raise LabError(f"{where}: {change.host!r} is no server of {scenario.name}")
            found[change.id] = change
    wanted = tuple(only)
    for name in wanted:
        if name not in found:
            raise LabError(f"no {kind} {name!r}{nearest(name, found)}")
    return tuple(found[name] for name in wanted or found)


def _read(
    path: Path, kind: str, build: Callable[[str, Entry], Kind], keys: set[str]
) -> Iterable[Kind]:
    try:
        data = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from None
    reject_unknown(str(path), data, {kind})
    for number, entry in enumerate(data.get(kind, ()), start=1):
        where = f"{path}: {kind} {entry.get('id', number)}"
        reject_unknown(where, entry, keys)
        try:
            yield build(where, entry)
        except KeyError as error:
            raise LabError(f"{where}: key {error} is missing") from None


def check_verdicts(
    where: str, changes: Mapping[str, str], expected: Expected, allowed: Collection[str]
) -> None:
    """
    Raise unless *changes* are verdicts of known controls, allowed, and others than without it.
    """
    for control, verdict in changes.items():
        if control not in expected.verdicts:
            hint = nearest(control, expected.verdicts)
            raise LabError(f"{where}: control {control!r} is not in expected.toml{hint}")
        if verdict not in SEVEREST_FIRST:
            raise LabError(f"{where}: {verdict!r} is no verdict{nearest(verdict, SEVEREST_FIRST)}")
        if verdict not in allowed:
            raise LabError(f"{where}: {control} may not be {verdict!r}")
        if expected.verdicts[control] == verdict:
            raise LabError(f"{where}: {control} is {verdict} without it as well")
