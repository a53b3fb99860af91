"""
Every control notices the mistakes that it is there for.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.place import CHECKOUT, find_lab
from lab.scenario import load_scenario, scenario_names

pytestmark = pytest.mark.lab

TOGETHER = 6
"""Mutants that are tried at once, where they may be."""


@pytest.mark.parametrize("scenario", scenario_names())
def test_every_mutant_is_killed(
    scenario: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """
    No mutant of the scenario survives, and none changes a verdict of its areas that it should not.
    """
    if reason := load_scenario(scenario).left_out:
        pytest.skip(f"{scenario}: {reason}")
    name = f"{find_lab(None).name}-m"
    argv = [sys.executable, "-m", "lab", "--lab", name, "mutants", "--scenario", scenario]
    results = tmp_path / "results.json"
    argv += ["--own-areas", "--undisturbed", f"--together={TOGETHER}", f"--json={results}"]
    with capfd.disabled():
        # Takes minutes: who waits for it wants to see it move.
        sys.stdout.write("\n")
        sys.stdout.flush()
        done = subprocess.run(argv, cwd=CHECKOUT, check=False)

    assert results.exists(), "the campaign ended early; the lines above say why"
    mutants = json.loads(results.read_text())["mutants"]
    assert [each for each in mutants if each["outcome"] != "killed"] == []
    assert done.returncode == 0
