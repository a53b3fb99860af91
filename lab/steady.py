"""
Audit unchanged hosts again and again, with another audit at the same time: nothing may flicker.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from lab.audit import keep_findings
from lab.errors import LabError
from lab.gate import Trial
from lab.place import Lab
from lab.verdicts import Differences, compare, render_differences


@dataclass(frozen=True, slots=True)
class Round:
    """
    What audits that ran at the same time came to, one entry for each.
    """

    number: int
    differences: Sequence[Differences] = field(default_factory=tuple)
    errors: Sequence[str] = field(default_factory=tuple)

    @property
    def steady(self) -> bool:
        """
        Whether every audit came to what it should.
        """
        return not self.errors and not any(self.differences)

    def __str__(self) -> str:
        if self.steady:
            return f"round {self.number}: {len(self.differences)} audits, all verdicts as expected"
        found = [*(render_differences(each) for each in self.differences if each), *self.errors]
        return f"round {self.number}: {'; '.join(found)}"


def keep_auditing(
    lab: Lab, trials: Sequence[Trial], times: int, report: Callable[[Round], None]
) -> list[Round]:
    """
    Audit the hosts of *lab* *times* times by all *trials* at once, which must not share a place.
    """
    rounds = []
    for number in range(1, times + 1):
        with ThreadPoolExecutor(max_workers=len(trials)) as pool:
            found = list(pool.map(partial(_audited, lab, number), trials))
        result = Round(
            number,
            tuple(each for each in found if not isinstance(each, str)),
            tuple(each for each in found if isinstance(each, str)),
        )
        report(result)
        rounds.append(result)
    return rounds


def _audited(lab: Lab, number: int, trial: Trial) -> Differences | str:
    try:
        found = trial.audit(lab, trial.scenario, ())
    except LabError as error:
        return str(error)
    differences = compare(trial.expected.verdicts, found)
    if differences:
        keep_findings(lab, f"round-{number}-{trial.auditor}", trial.auditor)
    return differences
