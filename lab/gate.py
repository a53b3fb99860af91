"""
The mutant gate: break a scenario in every known way, and see that the right controls notice.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lab.areas import areas_of, undisturbed, within
from lab.audit import Audit, keep_facts, keep_findings, suite_audit, undisturbing_audit
from lab.errors import LabError
from lab.labs import restore
from lab.lifecycle import reset
from lab.mutant import Mutant
from lab.place import Lab
from lab.scenario import Scenario
from lab.settle import apply
from lab.verdicts import FAIL, NOT_RUN, Differences, Expected, compare, render_differences


class Outcome(StrEnum):
    """
    What became of a mutant.
    """

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    COLLATERAL = "COLLATERAL"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Result:
    """
    A mutant, and what became of it.

    Attributes:
        mutant: Which one.
        outcome: What became of it.
        differences: Verdicts that are others than they should be with it.
        error: Why nothing could be found out.
        seconds: How long it took.
        first_try: What was different the first time, if there was a second one.
        beside: How many others were tried together with it.
    """

    mutant: Mutant
    outcome: Outcome
    differences: Differences = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    first_try: str = ""
    beside: int = 0

    def __str__(self) -> str:
        detail = self.error or render_differences(self.differences)
        kills = ", ".join(self.mutant.kills)
        company = f", with {self.beside} others" if self.beside else ""
        words = f"{self.outcome:10} {self.mutant.id} ({kills}, {self.seconds:.0f} s{company})"
        if self.first_try:
            words += f" [first try: {self.first_try}]"
        return f"{words}: {detail}" if detail else words


@dataclass(frozen=True, slots=True)
class Trial:
    """
    How mutants are tried.

    Attributes:
        scenario: What the labs run.
        expected: The verdicts without a mutant.
        audit: Comes to the verdicts.
        thorough: What is expected, and the audit, where the host may be disturbed: before all
            mutants, and for those that nothing else notices; None if there is no difference.
        own_areas: Whether a mutant is judged by the areas of its kills alone; otherwise all
            verdicts count.
        facts: The folder that keeps the facts which mutants were killed on, if any.
        auditor: Whose audits these are, where several audit one lab at the same time.
    """

    scenario: Scenario
    expected: Expected
    audit: Audit
    own_areas: bool = False
    facts: Path | None = None
    auditor: str = "audit"
    thorough: tuple[Expected, Audit] | None = None

    @property
    def whole(self) -> tuple[Expected, Audit]:
        """
        All that can be asked, and the audit that asks it.
        """
        return self.thorough or (self.expected, self.audit)

    def suited_to(self, mutant: Mutant) -> tuple[Expected, Audit]:
        """
        What *mutant* is judged by.
        """
        return self.whole if self.disturbs(mutant) else (self.expected, self.audit)

    def disturbs(self, mutant: Mutant) -> bool:
        """
        Whether *mutant* shows only where the host may be disturbed.
        """
        return bool(set(mutant.kills) - set(self.expected.verdicts))


def trial_of(scenario: Scenario, expected: Expected) -> Trial:
    """
    Return a trial that disturbs hosts only where a mutant asks for it.
    """
    thorough = (expected, suite_audit(expected.options))
    return Trial(scenario, undisturbed(expected), undisturbing_audit(), thorough=thorough)


COMPLIANT = "compliant"
"""Names the facts of hosts without a mutant."""

Breaker = Callable[[Lab, Scenario, Mutant], None]
"""Resets a lab and applies a mutant to it."""


def differences_from(
    expected: Expected,
    changes: Mapping[str, str],
    found: Mapping[str, str],
    areas: Sequence[str] = (),
) -> Differences:
    """
    Return what differs from *expected* with *changes*; with *areas*, only theirs were asked.
    """
    wanted = {**expected.verdicts, **changes}
    return compare(within(wanted, areas) if areas else wanted, found)


def judge(
    mutant: Mutant, expected: Expected, found: Mapping[str, str], areas: Sequence[str] = ()
) -> Result:
    """
    Decide whether *mutant* was noticed by the controls that must, and by no other.

    With *areas*, only theirs were asked.
    """
    differed = differences_from(expected, mutant.changes, found, areas)
    differences = {
        control: each for control, each in differed.items() if control not in mutant.either
    }
    missed = {control for control in mutant.kills if found.get(control, NOT_RUN) != FAIL}
    if missed:
        return Result(mutant, Outcome.SURVIVED, differences)
    return Result(mutant, Outcome.COLLATERAL if differences else Outcome.KILLED, differences)


def break_host(lab: Lab, scenario: Scenario, mutant: Mutant) -> None:
    """
    Apply *mutant* to hosts that were fresh a moment ago.
    """
    restore(lab, scenario, backends=False)
    apply(lab.container(mutant.host), scenario.machine(mutant.host), mutant.apply)


@contextlib.contextmanager
def broken(
    lab: Lab, scenario: Scenario, mutant: Mutant, breaker: Breaker = break_host
) -> Iterator[None]:
    """
    Hosts with *mutant*; a backend is put back at once, for ``break_host`` takes it for fresh.
    """
    try:
        breaker(lab, scenario, mutant)
        yield
    finally:
        if not scenario.machine(mutant.host).is_mail:
            reset(lab, mutant.host)


def check_baseline(lab: Lab, trial: Trial) -> None:
    """
    Raise unless the scenario without any mutant has the verdicts that it should have.

    As with mutants, there is a second try, and the findings of the first one are kept.
    """
    if _baseline_differences(lab, trial):
        keep_findings(lab, COMPLIANT)
        differences = _baseline_differences(lab, trial)
        if differences:
            raise LabError(
                "without a mutant, verdicts are not those of expected.toml (in brackets): "
                + render_differences(differences)
            )


def _baseline_differences(lab: Lab, trial: Trial) -> Differences:
    restore(lab, trial.scenario)
    expected, audit = trial.whole
    found = audit(lab, trial.scenario, ())
    if trial.facts:
        keep_facts(lab, trial.facts / f"{COMPLIANT}.json")
    return compare(expected.verdicts, found)


def attempt(lab: Lab, trial: Trial, mutant: Mutant, breaker: Breaker = break_host) -> Result:
    """
    Try *mutant*, twice if the first time other verdicts changed than it lists.

    A control that missed the mutant gets no second chance. What differed the first time stays in
    the result, so that an unsteady verdict does not go unseen, and so do that audit's findings.
    """
    start = time.monotonic()
    result = _once(lab, trial, mutant, breaker)
    first = ""
    if result.outcome is not Outcome.KILLED:
        keep_findings(lab, mutant.id)
    if result.outcome in {Outcome.COLLATERAL, Outcome.BROKEN}:
        first = result.error or render_differences(result.differences)
        result = _once(lab, trial, mutant, breaker)
    return dataclasses.replace(result, first_try=first, seconds=time.monotonic() - start)


def _once(lab: Lab, trial: Trial, mutant: Mutant, breaker: Breaker) -> Result:
    areas = areas_of(mutant.kills) if trial.own_areas else ()
    expected, audit = trial.suited_to(mutant)
    try:
        with broken(lab, trial.scenario, mutant, breaker):
            found = audit(lab, trial.scenario, areas)
    except LabError as error:
        return Result(mutant, Outcome.BROKEN, error=str(error))
    if trial.facts:
        keep_facts(lab, trial.facts / f"{mutant.id}.json")
    return judge(mutant, expected, found, areas)
