"""
The drawing of which controls notice which mutants.
"""

import pytest

from lab.matrix import render_matrix
from lab.mutant import Mutant, load_mutants
from lab.place import CHECKOUT
from lab.scenario import Scenario, load_scenario, scenario_names
from lab.verdicts import Expected, load_expected

EXPECTED = Expected({"AUTH-01": "pass", "AUTH-02": "pass", "TLS-01": "pass", "TLS-02": "pass"})
MUTANT = Mutant("m", "mail1", "AUTH in the clear", "true", ("AUTH-01",), {"TLS-01": "unverified"})


def test_mutant_stands_in_the_table_of_every_area_that_it_changes(scenario: Scenario) -> None:
    """
    What a mutant changes in other areas is told at the end of its row.
    """
    lines = render_matrix(scenario, EXPECTED, [MUTANT]).splitlines()

    assert "| m: AUTH in the clear | **F** |  | TLS-01 u |" in lines
    assert "| m: AUTH in the clear | u |  | AUTH-01 **F** |" in lines


def test_head_counts_controls_and_mutants(scenario: Scenario) -> None:
    """
    The reader learns how much is proved.
    """
    assert "of the 4 controls notice which of the 1 deliberate" in render_matrix(
        scenario, EXPECTED, [MUTANT]
    )


@pytest.mark.parametrize("name", scenario_names())
def test_drawing_in_the_documentation_is_that_of_today(name: str) -> None:
    """
    Whoever changes a mutant draws anew, as docs/writing-a-control.md says.
    """
    scenario = load_scenario(name)
    expected = load_expected(scenario.folder / "expected.toml")

    drawn = render_matrix(scenario, expected, load_mutants(scenario, expected))

    assert (CHECKOUT / "docs/detection" / f"{name}.md").read_text() == drawn
