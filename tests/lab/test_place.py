"""
Names and records of labs.
"""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.place import Lab, Record, find_lab, load_record, save_record

RECORD = Record("single", "203.0.113.0/26", "/tmp/x", {"mail1": "abc"})


def test_two_checkouts_have_different_labs(tmp_path: Path) -> None:
    """
    The name of a lab comes from where the checkout is, and stays the same there.
    """
    first, second = tmp_path / "a", tmp_path / "b"

    assert find_lab(None, first).name != find_lab(None, second).name
    assert find_lab(None, first) == find_lab(None, first)


def test_named_lab_has_an_inventory_of_its_own(tmp_path: Path) -> None:
    """
    The default lab writes hosts.toml, and any other one does not touch it.
    """
    assert find_lab(None, tmp_path).inventory == tmp_path / "hosts.toml"
    assert find_lab("a", tmp_path).inventory == tmp_path / "hosts-a.toml"


@pytest.mark.parametrize("name", ["", "A", "../x", "a b", "-a", "a" * 25])
def test_impossible_name_is_refused(name: str) -> None:
    """
    A name that would not do for a container or a file is an error.
    """
    with pytest.raises(LabError, match="cannot name a lab"):
        find_lab(name)


def test_record_is_read_back(cold_lab: Lab) -> None:
    """
    What is remembered of a lab survives the end of the command.
    """
    save_record(cold_lab, RECORD)

    assert load_record(cold_lab) == RECORD


def test_lab_without_record_is_down(cold_lab: Lab) -> None:
    """
    A lab that was never started has no record.
    """
    assert load_record(cold_lab) is None


@pytest.mark.parametrize("text", ["{", '{"x": 1}', "[]"])
def test_damaged_record_says_what_to_do(cold_lab: Lab, text: str) -> None:
    """
    A file that was cut off leads to advice, not to a traceback.
    """
    (cold_lab.state / "lab.json").write_text(text)

    with pytest.raises(LabError, match="is damaged: run `python -m lab down` first"):
        load_record(cold_lab)
