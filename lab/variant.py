"""
Read variants: other valid ways to configure a scenario, which no control may take for a mistake.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.scenario import Scenario, reject_unknown
from lab.verdicts import Expected, nearest

_KEYS = {"id", "host", "summary", "apply", "certificate", "profile", "changes"}
_CERTIFICATES = ("", "ec", "direct")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HARMLESS = ("pass", "not-applicable", "waived")


@dataclass(frozen=True, slots=True)
class Variant:
    """
    A valid alternative.

    Attributes:
        id: Its name.
        host: The mail host that is configured otherwise.
        summary: What is different, in words.
        apply: Commands that configure the host so.
        certificate: Kind of the certificate that ``/root/host.crt`` and ``/root/host.key`` hold
            while it is applied: ``ec``, or ``direct`` from the root; empty if there is none.
        profile: A profile that is merged over the scenario's, as TOML; empty if the same is
            declared.
        changes: Verdicts that are others than without it, none of them bad.
    """

    id: str
    host: str
    summary: str
    apply: str
    certificate: str
    profile: str
    changes: Mapping[str, str]


def load_variants(
    scenario: Scenario, expected: Expected, only: Iterable[str] = ()
) -> tuple[Variant, ...]:
    """
    Read the variants of *scenario*, or those that *only* names.
    """
    found: dict[str, Variant] = {}
    for path in sorted((scenario.folder / "variants").glob("*.toml")):
        for variant in _read(path, scenario, expected):
            if variant.id in found:
                raise LabError(f"{path}: there are two variants called {variant.id!r}")
            found[variant.id] = variant
    wanted = tuple(only)
    for name in wanted:
        if name not in found:
            raise LabError(f"no variant {name!r}{nearest(name, found)}")
    return tuple(found[name] for name in wanted or found)


def _read(path: Path, scenario: Scenario, expected: Expected) -> Iterable[Variant]:
    try:
        data = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from None
    reject_unknown(str(path), data, {"variant"})
    for number, entry in enumerate(data.get("variant", ()), start=1):
        yield _variant(f"{path}: variant {entry.get('id', number)}", entry, scenario, expected)


def _variant(where: str, entry: dict[str, Any], scenario: Scenario, expected: Expected) -> Variant:
    reject_unknown(where, entry, _KEYS)
    try:
        variant = Variant(
            id=entry["id"],
            host=entry["host"],
            summary=entry["summary"],
            apply=entry["apply"],
            certificate=entry.get("certificate", ""),
            profile=entry.get("profile", ""),
            changes=dict(entry.get("changes", {})),
        )
        tomllib.loads(variant.profile)
    except KeyError as error:
        raise LabError(f"{where}: key {error} is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{where}: profile: {error}") from None
    if not _ID.fullmatch(variant.id):
        raise LabError(f"{where}: an id is small letters, digits and hyphens, like single-file")
    if variant.host not in {machine.id for machine in scenario.mail_machines}:
        raise LabError(f"{where}: {variant.host!r} is no mail host of scenario {scenario.name}")
    if variant.certificate not in _CERTIFICATES:
        raise LabError(f"{where}: certificate is one of {', '.join(filter(None, _CERTIFICATES))}")
    for control, verdict in variant.changes.items():
        if control not in expected.verdicts:
            hint = nearest(control, expected.verdicts)
            raise LabError(f"{where}: control {control!r} is not in expected.toml{hint}")
        if verdict not in _HARMLESS:
            raise LabError(f"{where}: {control}: no variant may be {verdict!r}")
        if expected.verdicts[control] == verdict:
            raise LabError(f"{where}: {control} is {verdict} without the variant as well")
    return variant
