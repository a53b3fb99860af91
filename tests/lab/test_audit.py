"""
Running the suite as a command.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.audit import suite_audit
from lab.errors import LabError
from lab.place import Lab
from lab.scenario import Scenario

WRITES = """
import json, pathlib, sys
said = dict(word.split("=", 1) for word in sys.argv if "=" in word)
folder = pathlib.Path(said["--report-dir"])
folder.mkdir()
finding = {"control": "A-01", "verdict": "fail"}
(folder / "results.json").write_text(json.dumps({"findings": [finding]}))
pathlib.Path(said["--inventory"]).write_text(" ".join(sys.argv[1:]))
sys.exit(1)
"""


def audit(
    script: str, lab: Lab, scenario: Scenario, areas: Sequence[str] = ()
) -> Mapping[str, str]:
    """
    Audit with a program in place of pytest.
    """
    return suite_audit(["--allow", "x"], (sys.executable, "-c", script))(lab, scenario, areas)


def test_verdicts_are_read_from_the_report(cold_lab: Lab, scenario: Scenario) -> None:
    """
    An audit that found failures is an audit; it was asked for the lab's own hosts.
    """
    assert audit(WRITES, cold_lab, scenario) == {"A-01": "fail"}

    words = Path(cold_lab.inventory).read_text()
    assert words.startswith(f"--host mail1 --inventory={cold_lab.inventory}")
    assert words.endswith("--allow x")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; print('usage: no such host'); sys.exit(4)", "status 4 .*usage: no such host"),
        ("pass", "wrote no results.json"),
        (WRITES.replace('"findings"', '"found"'), "is not understood: 'findings'"),
    ],
    ids=["usage-error", "no-report", "other-report"],
)
def test_audit_that_did_not_take_place_is_an_error(
    cold_lab: Lab, scenario: Scenario, script: str, message: str
) -> None:
    """
    What is no audit must not be taken for one without failures.
    """
    with pytest.raises(LabError, match=message):
        audit(script, cold_lab, scenario)


def test_audit_of_areas_names_their_checks(cold_lab: Lab, scenario: Scenario) -> None:
    """
    The suite is told which parts of it to run.
    """
    audit(WRITES, cold_lab, scenario, ["relay", "tls"])

    assert " checks/relay checks/tls " in Path(cold_lab.inventory).read_text()
