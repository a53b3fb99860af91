"""
Which fact, and what became of it.
"""

from dataclasses import dataclass, field
from typing import Any

from mailvet.errors import ProbeError
from mailvet.model import Footprint
from mailvet.permit import Permit


@dataclass(frozen=True, slots=True, order=True)
class FactKey:
    """
    Which fact of which target; *endpoint* is empty for facts of the whole target.
    """

    target: str
    name: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.endpoint}" if self.endpoint else self.name


@dataclass(slots=True)
class Record:
    """
    What became of one fact.

    Attributes:
        value: The fact, if it was gathered.
        error: Why not, otherwise.
        footprint: What gathering it did.
        waited: Seconds spent waiting for other facts.
        seconds: Seconds from start to end.
        needs: The facts that it waited for.
        visits: What it may do to the partner of the target, if it was there.
    """

    value: Any = None
    error: ProbeError | None = None
    footprint: Footprint | None = None
    waited: float = 0.0
    seconds: float = 0.0
    needs: list[FactKey] = field(default_factory=list)
    visits: list[Permit] = field(default_factory=list)

    @property
    def own_seconds(self) -> float:
        """
        Seconds that it took by itself.
        """
        return max(self.seconds - self.waited, 0.0)

    @property
    def visit_refusal(self) -> ProbeError | None:
        """
        The first act at the partner that was refused.
        """
        return next((each.refusal for each in self.visits if each.refusal), None)
