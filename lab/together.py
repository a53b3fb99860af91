"""
Try several mutants at once where none of them touches what another one changes.

An audit costs more than breaking a host does. What differs from the sum of what the mutants change
is no verdict about any of them: then each is tried alone. With own areas that goes for those in
whose areas something differs, and the others are done.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.areas import areas_of, within
from lab.commands import attempt as try_command
from lab.errors import LabError
from lab.gate import Outcome, Result, Trial, attempt, broken, differences_from
from lab.labs import restore
from lab.mutant import Mutant
from lab.place import Lab
from lab.podman import command
from lab.settle import apply


@dataclass(frozen=True, slots=True)
class Company:
    """
    Mutants of one host that change different verdicts, and whose controls are of different areas.

    Two of one area are likely to be about the same file, and to be more than the sum of both.
    """

    members: tuple[Mutant, ...]

    @property
    def changes(self) -> dict[str, str]:
        """
        Every verdict that one of them changes.
        """
        return {control: to for each in self.members for control, to in each.changes.items()}

    @property
    def areas(self) -> frozenset[str]:
        """
        The areas of the controls that must notice.
        """
        return frozenset(areas_of(control for each in self.members for control in each.kills))

    def takes(self, mutant: Mutant, most: int) -> bool:
        """
        Whether *mutant* fits in, with *most* members at most.
        """
        return (
            len(self.members) < most
            and mutant.host == self.members[0].host
            and not set(self.changes) & set(mutant.changes)
            and not self.areas & set(areas_of(mutant.kills))
            and not any(each.either for each in (mutant, *self.members))
        )


def companies(mutants: Iterable[Mutant], most: int) -> tuple[Company, ...]:
    """
    Put *mutants* together, *most* at a time.
    """
    found: list[Company] = []
    for mutant in mutants:
        fitting = (n for n, each in enumerate(found) if each.takes(mutant, most))
        place = next(fitting, None)
        if place is None:
            found.append(Company((mutant,)))
        else:
            found[place] = Company((*found[place].members, mutant))
    return tuple(found)


def attempt_together(lab: Lab, trial: Trial, company: Company) -> Sequence[Result]:
    """
    Try all members at once, and those alone in whose areas something else changed.
    """
    members = company.members
    start = time.monotonic()
    done = _noticed(lab, trial, company) if len(members) > 1 else ()
    seconds = (time.monotonic() - start) / len(members)
    beside = len(members) - 1
    return [
        Result(each, Outcome.KILLED, seconds=seconds, beside=beside)
        if each in done
        else attempt(lab, trial, each)
        for each in members
    ]


def _noticed(lab: Lab, trial: Trial, company: Company) -> Sequence[Mutant]:
    """
    The members that were noticed by just the controls that they list.

    Where all verdicts count, nobody can say whose work another one is.
    """
    members = company.members
    areas = sorted(company.areas) if trial.own_areas else ()
    try:
        with broken(lab, trial.scenario, members[0], lambda *_: _break(lab, trial, members)):
            found = trial.audit(lab, trial.scenario, areas)
    except LabError:
        return ()
    if not trial.own_areas:
        return () if differences_from(trial.expected, company.changes, found) else members

    def as_listed(mutant: Mutant) -> bool:
        own = areas_of(mutant.kills)
        return not differences_from(trial.expected, company.changes, within(found, own), own)

    return [each for each in members if as_listed(each)]


def _break(lab: Lab, trial: Trial, members: Sequence[Mutant]) -> None:
    restore(lab, trial.scenario, backends=False)
    for each in members:
        container = lab.container(each.host)
        # systemd refuses to start a service for the sixth time in ten seconds.
        try_command([*command(), "exec", container, "systemctl", "reset-failed"])
        apply(container, trial.scenario.machine(each.host), each.apply)
