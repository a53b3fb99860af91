"""
The clean-up ledger: what a run creates on a server is written down before it is created.
"""

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Residue:
    """
    Something that a run creates and must remove.

    Attributes:
        kind: ``message`` (found by its Message-ID), ``folder``, ``script`` (a Sieve script),
            ``active-script`` (the scripts that there were before), ``subscription``.
        target: Key of the target.
        account: Name of the account whose mailbox holds it.
        name: What identifies it there.
    """

    kind: str
    target: str
    account: str
    name: str


class Ledger:
    """
    Residue that was announced and not yet removed, on disk at every moment.

    A run that was killed leaves its ledger behind; the next run reads it and cleans up first.
    The file holds names of accounts and of what was created, never a password.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open: dict[Residue, None] = dict.fromkeys(self._read())

    def _read(self) -> list[Residue]:
        if self._path is None or not self._path.exists():
            return []
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
            return [Residue(**entry) for entry in entries]
        except (OSError, ValueError, TypeError):
            # A ledger cut off in mid-write names nothing that could be trusted.
            return []

    def announce(self, residue: Residue) -> None:
        """
        Writes *residue* down; call it before creating it.
        """
        with self._lock:
            self._open[residue] = None
            self._write()

    def settle(self, residue: Residue) -> None:
        """
        Strikes *residue* out; call it after removing it.
        """
        with self._lock:
            self._open.pop(residue, None)
            self._write()

    def outstanding(self, target: str) -> tuple[Residue, ...]:
        """
        What is still to be removed on *target*.
        """
        with self._lock:
            return tuple(each for each in self._open if each.target == target)

    def _write(self) -> None:
        if self._path is None:
            return
        if not self._open:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps([asdict(each) for each in self._open]), encoding="utf-8")
        draft.replace(self._path)
