"""
Locks keep a second run away from the same host.
"""

from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.model import Expectations, Target
from mailvet.state import ledger_path, sole_run, state_folder


def target(key: str, address: str = "198.51.100.1") -> Target:
    """
    A target without services.
    """
    return Target(key, address, key, (), "", frozenset(), (), Expectations())


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAILVET_STATE", str(tmp_path / "state"))


def test_a_second_run_on_the_same_host_is_refused_and_names_the_first() -> None:
    """
    flock also works between two handles of one process.
    """
    with (
        sole_run((target("mail1"),)),
        pytest.raises(ConfigurationError, match=r"another audit of mail1 .*process \d+"),
        sole_run((target("mail1"),)),
    ):
        pass


def test_hosts_of_the_same_name_elsewhere_do_not_meet() -> None:
    """
    Two labs both have a mail1.
    """
    with sole_run((target("mail1"),)), sole_run((target("mail1", "203.0.113.1"),)):
        assert ledger_path(target("mail1")) != ledger_path(target("mail1", "203.0.113.1"))


def test_a_state_folder_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    With the variable that names another one.
    """
    (tmp_path / "taken").touch()
    monkeypatch.setenv("MAILVET_STATE", str(tmp_path / "taken/inside"))
    with pytest.raises(ConfigurationError, match="MAILVET_STATE"), sole_run((target("m"),)):
        pass


def test_the_state_folder_follows_the_base_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    MAILVET_STATE goes first, then XDG_STATE_HOME.
    """
    monkeypatch.delenv("MAILVET_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib/audit")
    assert state_folder() == Path("/var/lib/audit/mailvet")
