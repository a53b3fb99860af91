"""
Comparing verdicts.
"""

import json
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.verdicts import compare, load_expected, read_results, render_differences


def test_severest_verdict_of_several_endpoints_counts(tmp_path: Path) -> None:
    """
    A control that passes on one port and is unverified on another is unverified.
    """
    verdicts = ["not-applicable", "pass", "unverified", "waived"]
    findings = [{"control": "TLS-01", "verdict": verdict} for verdict in verdicts]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"findings": findings}))

    assert read_results(path) == {"TLS-01": "unverified"}


def test_controls_that_were_not_run_differ() -> None:
    """
    A control that is missing on either side is a difference.
    """
    differences = compare({"A-01": "pass", "A-02": "pass"}, {"A-02": "fail", "A-03": "pass"})

    assert differences == {
        "A-01": ("pass", "not run"),
        "A-02": ("pass", "fail"),
        "A-03": ("not run", "pass"),
    }
    assert "A-02 fail (pass)" in render_differences(differences)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing"),
        ("", "table .verdicts. is missing or empty"),
        ('[verdicts]\nA-01 = "good"', "A-01: 'good' is no verdict"),
        ("[verdicts", "Expected"),
    ],
    ids=["absent", "empty", "verdict", "syntax"],
)
def test_mistake_in_the_expected_verdicts_is_named(
    tmp_path: Path, text: str | None, message: str
) -> None:
    """
    Without readable expectations nothing is compared.
    """
    path = tmp_path / "expected.toml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(LabError, match=message):
        load_expected(path)


def test_options_of_the_audit_are_read(tmp_path: Path) -> None:
    """
    A scenario may ask for an audit with other options than the default ones.
    """
    path = tmp_path / "expected.toml"
    path.write_text('options = ["--allow", "intrusive"]\n[verdicts]\nA-01 = "pass"\n')

    assert load_expected(path).options == ("--allow", "intrusive")
