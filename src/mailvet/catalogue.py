"""
The catalogue: all controls in words, and which statements of the guide they decide.
"""

import fnmatch
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailvet.errors import CatalogueError
from mailvet.model import (
    Activity,
    Area,
    Control,
    Endpoint,
    Fix,
    Protocol,
    Security,
    Severity,
    Target,
)
from mailvet.remedy import SERVERS, strangers
from mailvet.schema import convert, load_toml

MAX_TITLE = 80

_ID = re.compile(r"^[A-Z0-9]+-\d\d$")
_VERSION = re.compile(r"^\d+(\.\d+)*$")
_KINDS = tuple(f"{p}/{s}" for p, s in itertools.product(Protocol, Security))
_REMEDIES = frozenset({"postfix", "dovecot", "host", "verify"})


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """
    ``[[control]]`` in a ``controls.toml``; the attributes are those of Control.
    """

    id: str
    title: str
    statement: str
    severity: Severity
    consequence: str
    activity: Activity
    references: tuple[str, ...]
    remedy: dict[str, str]
    fix: tuple[Fix, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    guide: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    proof: str = "mutant"
    negative: bool = False


@dataclass(frozen=True, slots=True)
class AreaFile:
    """
    The keys of a ``controls.toml``.
    """

    area: str
    title: str
    control: tuple[ControlEntry, ...]


@dataclass(frozen=True, slots=True)
class GuideFile:
    """
    The keys of ``guide.toml``: the guide's verifiable statements by id.

    Attributes:
        statements: Ids by section of the guide.
        not_checkable: Why a statement cannot be checked from outside or on the host.
    """

    statements: dict[str, tuple[str, ...]]
    not_checkable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How many of the guide's statements the controls decide.
    """

    decided: Mapping[str, str]
    not_checkable: Mapping[str, str]
    open: tuple[str, ...]

    @property
    def total(self) -> int:
        """
        Number of verifiable statements in the guide.
        """
        return len(self.decided) + len(self.not_checkable) + len(self.open)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """
    All areas and controls, validated.
    """

    areas: tuple[Area, ...]
    controls: Mapping[str, Control]
    coverage: Coverage


def load_catalogue(folder: Path) -> Catalogue:
    """
    Reads and validates every ``controls.toml`` below *folder*, and its ``guide.toml``.

    Raises:
        CatalogueError: Words are missing, or ids clash or lead nowhere.
        ConfigurationError: A file is no TOML or has an unknown key.
    """
    areas: list[Area] = []
    controls: dict[str, Control] = {}
    for path in sorted(folder.glob("*/controls.toml")):
        area = convert(load_toml(path), AreaFile, source=path)
        areas.append(Area(area.area, area.title))
        for entry in area.control:
            _validate(entry, path)
            if entry.id in controls:
                raise CatalogueError(f"{path}: control id {entry.id} is used twice")
            controls[entry.id] = _control(area.area, entry)
    guide = folder / "guide.toml"
    statements = convert(load_toml(guide), GuideFile, source=guide)
    coverage = _coverage(controls.values(), statements, guide)
    return Catalogue(tuple(areas), controls, coverage)


def applies_to(control: Control, endpoint: Endpoint) -> bool:
    """
    Whether *control* is judged on *endpoint*.
    """
    return endpoint.is_kind(control.endpoints)


def why_not(control: Control, target: Target) -> str:
    """
    Why *control* does not apply to *target*, as far as the declaration tells; else empty.
    """
    missing = [role for role in control.requires if role not in target.roles]
    if missing:
        return f"the profile does not declare the role {', '.join(missing)}"
    excluded = [role for role in control.excludes if role in target.roles]
    if excluded:
        return f"it is not about hosts with the role {', '.join(excluded)}"
    if control.endpoints and not any(applies_to(control, each) for each in target.endpoints):
        return f"the profile declares no service of kind {', '.join(control.endpoints)}"
    return ""


def _control(area: str, entry: ControlEntry) -> Control:
    return Control(
        id=entry.id,
        area=area,
        title=entry.title,
        statement=entry.statement,
        severity=entry.severity,
        consequence=entry.consequence,
        activity=entry.activity,
        requires=entry.requires,
        excludes=entry.excludes,
        endpoints=entry.endpoints,
        guide=entry.guide,
        statements=entry.statements,
        references=entry.references,
        remedy=entry.remedy,
        fix=entry.fix,
        proof=entry.proof,
        negative=entry.negative,
    )


def _validate(entry: ControlEntry, path: Path) -> None:
    at = f"{path}: {entry.id}"
    if not _ID.match(entry.id):
        raise CatalogueError(f"{at}: a control id is AREA-NN")
    if not entry.title or len(entry.title) > MAX_TITLE or entry.title.startswith("Ensure"):
        raise CatalogueError(f"{at}: the title is a fact of at most {MAX_TITLE} characters")
    if not entry.references:
        raise CatalogueError(f"{at}: references are missing")
    if not entry.remedy or not _REMEDIES.issuperset(entry.remedy):
        raise CatalogueError(f"{at}: remedy has one of {', '.join(sorted(_REMEDIES))}")
    if entry.proof != "mutant" and not entry.proof.startswith("recorded: "):
        raise CatalogueError(f"{at}: proof is 'mutant' or 'recorded: WHY'")
    _validate_endpoints(entry.endpoints, at)
    for fix in entry.fix:
        _validate_fix(fix, at)


def _validate_endpoints(patterns: Iterable[str], at: str) -> None:
    for pattern in patterns:
        if not fnmatch.filter(_KINDS, pattern):
            raise CatalogueError(f"{at}: endpoints: {pattern!r} matches no protocol/security")


def _validate_fix(fix: Fix, at: str) -> None:
    if fix.server not in SERVERS:
        raise CatalogueError(f"{at}: fix: server is one of {', '.join(SERVERS)}")
    for version in filter(None, (fix.since, fix.before)):
        if fix.server == "host" or not _VERSION.match(version):
            raise CatalogueError(f"{at}: fix: {version!r} is no version of Postfix or Dovecot")
    for name in strangers(fix.run):
        raise CatalogueError(f"{at}: fix: there is no placeholder {{{name}}}")
    _validate_endpoints(fix.endpoints, at)


def _coverage(controls: Iterable[Control], guide: GuideFile, path: Path) -> Coverage:
    known = {name: None for names in guide.statements.values() for name in names}
    claims = Counter(name for control in controls for name in control.statements)
    decided = {name: control.id for control in controls for name in control.statements}
    for name, times in claims.items():
        if name not in known:
            raise CatalogueError(f"{decided[name]}: statement {name!r} is not in {path}")
        if times > 1:
            raise CatalogueError(f"{path.parent}: statement {name!r} is claimed by two controls")
        if name in guide.not_checkable:
            raise CatalogueError(
                f"{path}: {name!r} is decided by {decided[name]}, yet not checkable"
            )
    left = tuple(name for name in known if name not in decided and name not in guide.not_checkable)
    ordered = {name: decided[name] for name in known if name in decided}
    return Coverage(ordered, guide.not_checkable, left)
