"""
Reading scenarios.
"""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.place import HOME
from lab.scenario import load_scenario, scenario_names

MINIMAL = """\
summary = "x"
[trusted]
first = 32
prefix = 28
[machines.mail1]
role = "mail"
number = 10
name = "mail1.example.com"
[accounts.alice]
address = "alice@example.com"
"""


def write(home: Path, text: str) -> None:
    """
    Make a home with one scenario, called one.
    """
    folder = home / "scenarios" / "one"
    folder.mkdir(parents=True)
    (folder / "scenario.toml").write_text(text)


@pytest.mark.parametrize("name", scenario_names(HOME))
def test_every_scenario_of_the_project_can_be_read(name: str) -> None:
    """
    A scenario has mail hosts, steps for every server, and a vantage outside.
    """
    scenario = load_scenario(name)

    assert scenario.mail_machines
    assert "outside" in {machine.id for machine in scenario.vantages}
    for machine in scenario.servers:
        assert machine.steps
        for each in machine.steps:
            step = scenario.folder.parent / each
            assert step.is_file() or list(step.iterdir())


def test_unknown_scenario_names_those_that_exist(tmp_path: Path) -> None:
    """
    A wrong name is answered with the right ones.
    """
    write(tmp_path, MINIMAL)

    with pytest.raises(LabError, match="no scenario 'two': there is one"):
        load_scenario("two", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number =", "numbr =", "unknown key 'numbr'; did you mean 'number'?"),
        ('role = "mail"', 'role = "post"', "role is mail, backend, vantage, not 'post'"),
        (
            'role = "mail"',
            'role = "mail"\ncertificate = "dsa"',
            "certificate is rsa or ec, not 'dsa'",
        ),
        ("first = 32\n", "", "key 'first' is missing"),
        ('name = "mail1.example.com"', 'name = "x"\npartner = "mail2"', "there is no 'mail2'"),
        ('summary = "x"', "summary = x", "Invalid value"),
    ],
    ids=["misspelt", "role", "certificate", "missing", "partner", "syntax"],
)
def test_mistake_in_a_scenario_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """
    A mistake leads to one line that says where it is and what is wrong.
    """
    write(tmp_path, MINIMAL.replace(old, new))

    with pytest.raises(LabError) as error:
        load_scenario("one", tmp_path)

    assert message in str(error.value)
    assert "scenario.toml" in str(error.value)


def test_unknown_host_names_those_that_exist(tmp_path: Path) -> None:
    """
    A wrong host is answered with the right ones.
    """
    write(tmp_path, MINIMAL)

    with pytest.raises(LabError, match="scenario one has no host 'mail2': it has mail1"):
        load_scenario("one", tmp_path).machine("mail2")
