"""
Every control on facts that were recorded on real servers.
"""

import tomllib
from pathlib import Path

import pytest

from mailvet.model import Verdict
from tests.recorded.record import mutants
from tests.recorded.replay import (
    ROOT,
    broken,
    catalogue,
    compliant,
    mutant_changes,
    store_of,
    verdicts,
)

RECORD = "record it: python -m lab mutants --facts FOLDER; python -m tests.recorded.record FOLDER"
KILLS = {entry["id"]: entry["kills"] for _, entry in mutants()}


def test_compliant_host_has_the_expected_verdicts(tmp_path: Path) -> None:
    """
    Nothing is found fault with that is right.
    """
    text = (ROOT / "lab/scenarios/single/expected.toml").read_text()
    wanted = tomllib.loads(text)["verdicts"]

    found = verdicts(store_of(compliant(), tmp_path), catalogue().controls)

    assert {control: str(verdict) for control, verdict in found.items()} == wanted, RECORD


@pytest.mark.parametrize("mutant", sorted(KILLS))
def test_mutant_is_noticed(mutant: str, tmp_path: Path) -> None:
    """
    The controls that noticed the mutant in the lab notice it in the recording.
    """
    changes = mutant_changes().get(mutant)
    assert changes is not None, f"{mutant} was never recorded; {RECORD}"

    found = verdicts(store_of(broken(changes), tmp_path), KILLS[mutant])

    assert found == dict.fromkeys(KILLS[mutant], Verdict.FAIL), RECORD
