"""
A lab of the tests' own, and scenarios without containers.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.lifecycle import down, up
from lab.place import Lab, find_lab
from lab.scenario import Scenario, load_scenario


@pytest.fixture
def scenario() -> Scenario:
    """
    The scenario that ships with the project.
    """
    return load_scenario("single")


@pytest.fixture
def cold_lab(tmp_path: Path) -> Lab:
    """
    A lab that was never started, with a place of its own.
    """
    lab = Lab("cold", home=tmp_path)
    lab.state.mkdir(parents=True)
    return lab


@pytest.fixture(scope="session")
def live_lab() -> Iterator[Lab]:
    """
    A running lab that the user's own knows nothing of.
    """
    lab = find_lab(f"{find_lab(None).name}-t")
    up(lab, "single")
    yield lab
    down(lab)
