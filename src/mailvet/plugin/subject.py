"""
What an item of pytest judges: a control on a target, or on one of its endpoints.
"""

from dataclasses import dataclass

import pytest

from mailvet.catalogue import applies_to, why_not
from mailvet.errors import CatalogueError
from mailvet.model import Control, Endpoint, Target
from mailvet.plugin.registry import SPECS
from mailvet.store import FactKey


@dataclass(frozen=True, slots=True)
class Subject:
    """
    A control on a target.

    Attributes:
        control: The control.
        target: The target.
        endpoint: The endpoint; None for controls on the whole target.
        not_applicable: Why it does not apply, as far as the declaration tells; else empty.
    """

    control: Control
    target: Target
    endpoint: Endpoint | None
    not_applicable: str = ""

    @property
    def id(self) -> str:
        """
        How it is called in test ids.
        """
        return f"{self.target.key}:{self.endpoint.name}" if self.endpoint else self.target.key

    @property
    def planned(self) -> tuple[str, str, str]:
        """
        Target, control and endpoint by name.
        """
        endpoint = self.endpoint.name if self.endpoint else ""
        return (self.target.key, self.control.id, endpoint)

    def key(self, fact: str) -> FactKey:
        """
        The fact called *fact* of this subject.

        Raises:
            CatalogueError: The fact is one of an endpoint, and the control names no endpoints.
        """
        spec = SPECS[fact]
        if not spec.per_endpoint:
            return FactKey(self.target.key, fact)
        if self.endpoint is None:
            raise CatalogueError(
                f"{self.control.id} is judged once per target, but asks for {fact!r}, "
                "a fact of an endpoint: give it endpoints in its controls.toml"
            )
        return FactKey(self.target.key, fact, self.endpoint.name)


def subjects(control: Control, targets: tuple[Target, ...]) -> list[Subject]:
    """
    All subjects of *control*: one for each endpoint that it selects, at least one for each target.
    """
    found: list[Subject] = []
    for target in targets:
        reason = why_not(control, target)
        if reason or not control.endpoints:
            found.append(Subject(control, target, None, reason))
            continue
        found.extend(
            Subject(control, target, endpoint)
            for endpoint in target.endpoints
            if applies_to(control, endpoint)
        )
    return found


def subject_of(item: pytest.Item) -> Subject | None:
    """
    The subject of an item; None if it is no check.
    """
    call = getattr(item, "callspec", None)
    subject = call.params.get("subject") if call else None
    return subject if isinstance(subject, Subject) else None


def control_id(item: pytest.Item) -> str | None:
    """
    The id that a check names with ``@control``; None if the item is no check.
    """
    marker = item.get_closest_marker("control")
    return str(marker.args[0]) if marker else None
