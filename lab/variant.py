"""
Read variants: other valid ways to configure a scenario, which no control may take for a mistake.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.change import Change, Entry, check_verdicts, load_changes
from lab.errors import LabError
from lab.scenario import Scenario
from lab.verdicts import Expected

_CERTIFICATES = ("", "ec", "direct")
_HARMLESS = ("pass", "not-applicable", "waived")


@dataclass(frozen=True, slots=True)
class Variant(Change):
    """
    A valid alternative.

    Attributes:
        certificate: Kind of the certificate that ``/root/host.crt`` and ``/root/host.key`` hold
            while it is applied: ``ec``, or ``direct`` from the root; empty if there is none.
        profile: A profile that is merged over the scenario's, as TOML; empty if the same is
            declared.
        changes: Verdicts that are others than without it, none of them bad.
    """

    certificate: str
    profile: str
    changes: Mapping[str, str]


def load_variants(
    scenario: Scenario, expected: Expected, only: Iterable[str] = ()
) -> tuple[Variant, ...]:
    """
    Read the variants of *scenario*, or those that *only* names.
    """

    def build(where: str, entry: Entry) -> Variant:
        variant = Variant(
            id=entry["id"],
            host=entry["host"],
            summary=entry["summary"],
            apply=entry["apply"],
            certificate=entry.get("certificate", ""),
            profile=entry.get("profile", ""),
            changes=dict(entry.get("changes", {})),
        )
        try:
            tomllib.loads(variant.profile)
        except tomllib.TOMLDecodeError as error:
            raise LabError(f"{where}: profile: {error}") from None
        if variant.certificate not in _CERTIFICATES:
            kinds = ", ".join(filter(None, _CERTIFICATES))
            raise LabError(f"{where}: certificate is one of {kinds}")
        check_verdicts(where, variant.changes, expected, _HARMLESS)
        return variant

    return load_changes("variant", scenario, only, build, {"certificate", "profile", "changes"})
