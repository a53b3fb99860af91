"""
The clean-up ledger survives the run that wrote it.
"""

from pathlib import Path

from mailvet.ledger import Ledger, Residue

MESSAGE = Residue("message", "mail1", "alice", "<mv1@example.invalid>")
SCRIPT = Residue("script", "mail1", "alice", "mv1")


def test_what_was_announced_and_not_settled_is_found_by_the_next_run(tmp_path: Path) -> None:
    """
    A killed run leaves its ledger behind.
    """
    path = tmp_path / "ledger.json"
    first = Ledger(path)
    first.announce(MESSAGE)
    first.announce(SCRIPT)
    first.settle(SCRIPT)
    assert Ledger(path).outstanding("mail1") == (MESSAGE,)
    assert Ledger(path).outstanding("mail2") == ()


def test_a_clean_run_leaves_no_file(tmp_path: Path) -> None:
    """
    Nothing outstanding, nothing on disk.
    """
    path = tmp_path / "ledger.json"
    ledger = Ledger(path)
    ledger.announce(MESSAGE)
    assert path.exists()
    ledger.settle(MESSAGE)
    assert not path.exists()


def test_a_damaged_ledger_is_taken_for_empty(tmp_path: Path) -> None:
    """
    Nothing that a damaged file says can be trusted to be ours.
    """
    path = tmp_path / "ledger.json"
    path.write_text('[{"kind": "mess', encoding="utf-8")
    assert Ledger(path).outstanding("mail1") == ()


def test_a_ledger_without_a_file_remembers_in_memory() -> None:
    """
    Judging recorded facts writes nothing.
    """
    ledger = Ledger(None)
    ledger.announce(MESSAGE)
    assert ledger.outstanding("mail1") == (MESSAGE,)
