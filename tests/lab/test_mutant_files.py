"""
Reading mutants.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.mutant import load_mutants
from lab.scenario import Scenario
from lab.verdicts import Expected

EXPECTED = Expected({"AUTH-01": "pass", "AUTH-02": "pass", "TLS-01": "not-applicable"})
GOOD = """\
[[mutant]]
id = "plaintext-allowed"
host = "mail1"
summary = "x"
apply = "true"
kills = ["AUTH-01"]
also = { AUTH-02 = "unverified" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A scenario's folder without mutants.
    """
    (tmp_path / "mutants").mkdir()
    return tmp_path


def write(folder: Path, text: str, name: str = "a.toml") -> None:
    """
    Add a file of mutants.
    """
    (folder / "mutants" / name).write_text(text)


def test_mutant_is_read(scenario: Scenario, folder: Path) -> None:
    """
    All that a file says about a mutant is there.
    """
    write(folder, GOOD)

    (mutant,) = load_mutants(replace(scenario, folder=folder), EXPECTED)

    assert mutant.id == "plaintext-allowed"
    assert mutant.changes == {"AUTH-01": "fail", "AUTH-02": "unverified"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kills =", "kill =", "mutant plaintext-allowed: unknown key 'kill'; did you mean 'kills'"),
        ('summary = "x"\n', "", "mutant plaintext-allowed: key 'summary' is missing"),
        ("plaintext-allowed", "Plain_text", "an id is small letters"),
        ("mail1", "outside", "'outside' is no server"),
        ('["AUTH-01"]', "[]", "kills is empty"),
        ('["AUTH-01"]', '["AUTH-10"]', "'AUTH-10' is not in expected.toml; did you mean 'AUTH-0"),
        ('["AUTH-01"]', '["AUTH-02"]', "AUTH-02 is in kills and in also"),
        ("also = {", 'either = ["AUTH-02"]\nalso = {', "AUTH-02 is in either and in kills or also"),
        ("also = {", 'either = ["TLS-02"]\nalso = {', "'TLS-02' is not in expected.toml"),
        ('"unverified"', '"unverifed"', "'unverifed' is no verdict; did you mean 'unverified'?"),
        ('"unverified"', '"pass"', "AUTH-02 is pass without it as well"),
        ('"true"', '"true"\nremedy = "none"', "remedy is 'manual: ' and why"),
        ('"true"', '"true"\nremedy = "manual: "', "remedy is 'manual: ' and why"),
        ("[[mutant]]", "[[mutants]]", "unknown key 'mutants'; did you mean 'mutant'?"),
        ('"true"', "true'", "Expected newline"),
    ],
    ids=[
        "key", "missing", "id", "host", "kills-nothing", "control", "twice", "both", "other",
        "verdict", "no-change", "remedy", "reason", "table", "syntax",
    ],
)  # fmt: skip
def test_mistake_in_a_mutant_is_named(
    scenario: Scenario, folder: Path, old: str, new: str, message: str
) -> None:
    """
    A mistake leads to one line that says where it is and what is wrong.
    """
    write(folder, GOOD.replace(old, new))

    with pytest.raises(LabError) as error:
        load_mutants(replace(scenario, folder=folder), EXPECTED)

    assert message in str(error.value)
    assert "a.toml" in str(error.value)


def test_reason_why_no_command_repairs_a_mutant_is_read(scenario: Scenario, folder: Path) -> None:
    """
    Without one, the printed remedies must repair it.
    """
    write(folder, GOOD + 'remedy = "manual: needs a certificate"\n')

    (mutant,) = load_mutants(replace(scenario, folder=folder), EXPECTED)

    assert mutant.manual == "needs a certificate"


def test_two_mutants_of_one_name_are_refused(scenario: Scenario, folder: Path) -> None:
    """
    A name that is taken in another file is an error.
    """
    write(folder, GOOD)
    write(folder, GOOD, "b.toml")

    with pytest.raises(LabError, match="there are two mutants called"):
        load_mutants(replace(scenario, folder=folder), EXPECTED)


def test_only_the_named_mutants_are_tried(scenario: Scenario, folder: Path) -> None:
    """
    Names choose mutants, and an unknown one is an error.
    """
    write(folder, GOOD + GOOD.replace("plaintext", "ciphertext"))
    here = replace(scenario, folder=folder)

    chosen = load_mutants(here, EXPECTED, ["ciphertext-allowed"])

    assert [mutant.id for mutant in chosen] == ["ciphertext-allowed"]
    with pytest.raises(LabError, match="no mutant 'cipher-allowed'; did you mean 'ciphertext"):
        load_mutants(here, EXPECTED, ["cipher-allowed"])
