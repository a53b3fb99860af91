"""
What a run will do: the acts of all facts that its checks ask for, and of those that these need.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mailvet.acts import (
    OTHER_PORTS,
    Act,
    Acts,
    BackendConnections,
    Commands,
    Connections,
    FailingLogins,
    Logins,
    Scope,
    Stored,
    VantageCommands,
)
from mailvet.context import FactSpec
from mailvet.model import Endpoint, Target
from mailvet.record import FactKey

Wanted = Mapping[FactKey, tuple[Target, Endpoint | None]]
"""The facts that checks ask for."""

CLEAN_UP = "clean-up"
"""Name of what removes the leftovers of runs that were killed."""

CLEAN_UPS = 2
"""Once before the facts are gathered, once after it."""


Kind = TypeVar("Kind", bound=Act)


@dataclass(frozen=True, slots=True)
class Step:
    """
    What one fact, or the clean-up, may do.
    """

    fact: str
    endpoint: str
    acts: Acts

    @property
    def name(self) -> str:
        """
        The fact, and the endpoint that it is about.
        """
        return f"{self.fact}:{self.endpoint}" if self.endpoint else self.fact


@dataclass(frozen=True, slots=True)
class PortPlan:
    """
    All connections to one port.

    Attributes:
        port: The port, or ``OTHER_PORTS``.
        security: How TLS starts there; empty if nobody knows.
        most: How many at most, from wherever.
        through: How many of these may come from a vantage.
        verbs: Commands that may be sent there.
    """

    port: int
    security: str
    most: int
    through: int
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostPlan:
    """
    Everything that a run may do to one target.

    Attributes:
        target: The target.
        steps: All that do something, in the order of their names.
    """

    target: Target
    steps: tuple[Step, ...]

    @property
    def ports(self) -> tuple[PortPlan, ...]:
        """
        Connections by port, those to ports that are not known yet last.
        """
        acts = [act for step in self.steps for act in step.acts if isinstance(act, Connections)]
        numbers = sorted({each.port for each in acts}, key=lambda port: (port == OTHER_PORTS, port))
        return tuple(
            self._port(number, [each for each in acts if each.port == number]) for number in numbers
        )

    def _port(self, number: int, acts: list[Connections]) -> PortPlan:
        security = next((str(each.security) for each in acts if each.security), "")
        anywhere = sum(each.most for each in acts if each.anywhere)
        # A vantage is asked a second time when a port refuses the connection.
        through = 2 * anywhere if self.target.vantages else 0
        most = sum(each.most for each in acts if not each.anywhere) + max(through, anywhere)
        verbs = tuple(sorted({verb for each in acts for verb in each.verbs}))
        return PortPlan(number, security, most, through, verbs)

    @property
    def logins(self) -> dict[str, int]:
        """
        Logins with the right password, by account.
        """
        found = dict.fromkeys(self.target.accounts, 0)
        for _, act in self.of(Logins):
            found[act.account] = found.get(act.account, 0) + act.most
        return {name: most for name, most in found.items() if most}

    def of(self, kind: type[Kind]) -> Iterator[tuple[Step, Kind]]:
        """
        All acts of a kind, with the steps that they belong to.
        """
        for step in self.steps:
            for act in step.acts:
                if isinstance(act, kind):
                    yield step, act

    def total(
        self, kind: type[BackendConnections | Commands | VantageCommands | Stored | FailingLogins]
    ) -> int:
        """
        How many of a kind there are at most.
        """
        return sum(act.most for step in self.steps for act in step.acts if isinstance(act, kind))


def dependents(specs: Mapping[str, FactSpec]) -> dict[str, int]:
    """
    How many kinds of facts wait for each, directly or because another one does.
    """
    found = dict.fromkeys(specs, 0)
    for spec in specs.values():
        waiting, seen = list(spec.needs), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                found[name] += 1
                waiting += specs[name].needs
    return found


def with_needs(specs: Mapping[str, FactSpec], wanted: Wanted) -> dict[FactKey, Scope]:
    """
    All facts that may be gathered when *wanted* are.
    """
    found: dict[FactKey, Scope] = {}
    waiting = [(key, Scope(*about)) for key, about in wanted.items()]
    while waiting:
        key, scope = waiting.pop()
        if key not in found:
            found[key] = scope
            for name in specs[key.name].needs:
                waiting += _needed(specs[name], scope)
    return dict(sorted(found.items()))


def _needed(spec: FactSpec, by: Scope) -> Iterator[tuple[FactKey, Scope]]:
    """
    A need of one endpoint is about the same endpoint, one of the whole target about all of them.
    """
    target = by.target
    if not spec.per_endpoint:
        yield FactKey(target.key, spec.name), Scope(target)
        return
    for endpoint in (by.endpoint,) if by.endpoint else target.endpoints:
        yield FactKey(target.key, spec.name, endpoint.name), Scope(target, endpoint)


def host_plans(
    specs: Mapping[str, FactSpec],
    wanted: Wanted,
    targets: Iterable[Target],
    clean_ups: Mapping[str, Acts],
) -> tuple[HostPlan, ...]:
    """
    The plan of a run for each target; *clean_ups* has the acts of a clean-up by target.
    """
    steps: dict[str, list[Step]] = {}
    for key, scope in with_needs(specs, wanted).items():
        acts = tuple(each for each in specs[key.name].acts(scope) if _possible(each, scope.target))
        steps.setdefault(key.target, []).append(Step(key.name, key.endpoint, acts))
        for _, neighbour, there in specs[key.name].visits(scope.target):
            visit = tuple(each for each in there(scope) if _possible(each, neighbour))
            name = f"{key.name} of {key.target}"
            steps.setdefault(neighbour.key, []).append(Step(name, key.endpoint, visit))
    for name, acts in clean_ups.items():
        steps.setdefault(name, []).append(Step(CLEAN_UP, "", CLEAN_UPS * acts))
    return tuple(
        HostPlan(each, tuple(step for step in steps.get(each.key, ()) if step.acts))
        for each in targets
    )


def _possible(act: object, target: Target) -> bool:
    """
    Whether the inventory gives what the act takes.
    """
    if isinstance(act, BackendConnections | Commands):
        return target.shell is not None
    if isinstance(act, VantageCommands):
        return bool(target.vantages)
    return not isinstance(act, Connections | Logins | FailingLogins | Stored) or act.most > 0
