"""
The variants: configure a scenario in other valid ways, and see that no control takes offence.
"""

import argparse
import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lab.areas import undisturbed
from lab.audit import keep_findings, undisturbing_audit
from lab.campaign import Campaign, add_options, conduct, singly
from lab.errors import LabError
from lab.gate import Trial
from lab.inventory import render_inventory
from lab.labs import restore
from lab.lifecycle import opened
from lab.pki import other_certificate
from lab.place import Lab
from lab.scenario import Machine, Scenario
from lab.settle import apply
from lab.trials import Commands, named
from lab.variant import Variant, load_variants
from lab.verdicts import Differences, compare, render_differences


class Outcome(StrEnum):
    """
    What became of a variant.
    """

    ACCEPTED = "accepted"
    FALSE_ALARM = "FALSE ALARM"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Result:
    """
    A variant, and what the audit said about it.

    Attributes:
        variant: How the host was configured.
        outcome: What became of it.
        differences: Verdicts that are others than they should be.
        error: Why there are none, if it is broken.
        seconds: How long it took.
        first_try: What differed at first, if it was tried twice.
    """

    variant: Variant
    outcome: Outcome
    differences: Differences = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    first_try: str = ""

    def __str__(self) -> str:
        words = f"{self.outcome:11} {self.variant.id} ({self.seconds:.0f} s)"
        if self.first_try:
            words += f" [first try: {self.first_try}]"
        detail = self.error or render_differences(self.differences)
        return f"{words}: {detail}" if detail else words


Configurer = Callable[[Lab, Scenario, Variant], None]
"""Resets a lab and configures it as a variant says."""


def configure(lab: Lab, scenario: Scenario, variant: Variant) -> None:
    """
    Configure hosts that were fresh a moment ago as *variant* says, and declare it.
    """
    restore(lab, scenario)
    declare(lab, scenario, variant.profile)
    machine = scenario.machine(variant.host)
    script = _certificate(lab, machine, variant.certificate) + variant.apply
    apply(lab.container(variant.host), machine, script)


def _certificate(lab: Lab, machine: Machine, kind: str) -> str:
    """
    Commands that put another certificate of *kind* into root's home.
    """
    if not kind:
        return ""
    chain = other_certificate(lab.state, machine.id, machine.name, kind)
    files = {"host.crt": chain.read_text(), "host.key": chain.with_suffix(".key").read_text()}
    written = (f"cat > /root/{name} <<'END'\n{text}END\n" for name, text in files.items())
    return "umask 077\n" + "".join(written) + "umask 022\n"


def declare(lab: Lab, scenario: Scenario, profile: str = "") -> None:
    """
    Write the inventory of *lab* anew, with *profile* merged over the scenario's own.
    """
    own = lab.state / "variant.toml"
    own.write_text(profile)
    profiles = [f".state/{lab.name}/{own.name}"] if profile else []
    text = render_inventory(lab, scenario, opened(lab)[1].subnet, profiles)
    lab.inventory.write_text(text)


def attempt(lab: Lab, trial: Trial, variant: Variant, configurer: Configurer = configure) -> Result:
    """
    Try *variant*, twice if verdicts differ the first time; what differed then stays visible.
    """
    start = time.monotonic()
    result = _once(lab, trial, variant, configurer)
    first = ""
    if result.outcome is not Outcome.ACCEPTED:
        first = result.error or render_differences(result.differences)
        keep_findings(lab, variant.id)
        result = _once(lab, trial, variant, configurer)
    return dataclasses.replace(result, first_try=first, seconds=time.monotonic() - start)


def _once(lab: Lab, trial: Trial, variant: Variant, configurer: Configurer) -> Result:
    try:
        configurer(lab, trial.scenario, variant)
        found = trial.audit(lab, trial.scenario, ())
    except LabError as error:
        return Result(variant, Outcome.BROKEN, error=str(error))
    differences = compare({**trial.expected.verdicts, **variant.changes}, found)
    return Result(variant, Outcome.FALSE_ALARM if differences else Outcome.ACCEPTED, differences)


def add_commands(commands: Commands) -> None:
    """
    Describe the command of this module.
    """
    parser = commands.add_parser("variants", help="configure hosts in other valid ways")
    add_options(parser)
    parser.set_defaults(run=variants)


def variants(lab: Lab, options: argparse.Namespace) -> int:
    """
    Try the variants of a scenario, or those that are named.
    """
    scenario, expected = named(lab, options)
    return conduct(
        VARIANTS, lab, Trial(scenario, undisturbed(expected), undisturbing_audit()), options
    )


def render_results(results: Sequence[Result]) -> str:
    """
    Repeat the bad news, and say how many variants were accepted.
    """
    rows = [str(each) for each in results if each.outcome is not Outcome.ACCEPTED]
    counts = Counter(each.outcome for each in results)
    total = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return "\n".join([*rows, f"{len(results)} variants: {total or 'none'}"])


def _entry(result: Result) -> Mapping[str, Any]:
    return {
        "id": result.variant.id,
        "summary": result.variant.summary,
        "outcome": result.outcome.lower(),
        "differences": {
            control: {"expected": wanted, "found": found}
            for control, (wanted, found) in result.differences.items()
        },
        "error": result.error,
        "first_try": result.first_try,
        "seconds": round(result.seconds, 1),
    }


VARIANTS = Campaign(
    name="variants",
    load=load_variants,
    attempt=singly(attempt),
    good=lambda result: result.outcome is Outcome.ACCEPTED,
    render=render_results,
    entry=_entry,
    finish=declare,
)
