"""
Every control notices the mistakes that it is there for.
"""

import subprocess
import sys

import pytest

from lab.place import CHECKOUT, find_lab
from lab.scenario import load_scenario, scenario_names

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scenario", scenario_names())
def test_every_mutant_is_killed(scenario: str, capfd: pytest.CaptureFixture[str]) -> None:
    """
    No mutant of the scenario survives, and none changes a verdict of its areas that it should not.
    """
    if reason := load_scenario(scenario).left_out:
        pytest.skip(f"{scenario}: {reason}")
    name = f"{find_lab(None).name}-m"
    argv = [sys.executable, "-m", "lab", "--lab", name, "mutants", "--scenario", scenario]
    argv += ["--own-areas", "--undisturbed"]
    with capfd.disabled():
        # Takes minutes: who waits for it wants to see it move.
        sys.stdout.write("\n")
        sys.stdout.flush()
        done = subprocess.run(argv, cwd=CHECKOUT, check=False)

    assert done.returncode == 0, "the lines above say which mutants were not killed"
