"""
What outlasts a run on the auditing machine: clean-up ledgers, and locks on test accounts.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from mailvet.errors import ConfigurationError
from mailvet.model import Target


def state_folder() -> Path:
    """
    ``$MAILVET_STATE``, else ``mailvet`` in the user's state folder (XDG base directories).
    """
    named = os.environ.get("MAILVET_STATE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local/state") / "mailvet"


def ledger_path(target: Target) -> Path:
    """
    Where the clean-up ledger of *target* is.
    """
    return state_folder() / f"{_label(target)}.ledger.json"


@contextlib.contextmanager
def sole_run(targets: tuple[Target, ...]) -> Iterator[None]:
    """
    Keeps a second run on this machine from the same hosts: it would meet our messages and logins.

    Raises:
        ConfigurationError: Another run is under way, or the state folder cannot be written.
    """
    with contextlib.ExitStack() as stack:
        for target in targets:
            stack.enter_context(_lock(target))
        yield


@contextlib.contextmanager
def _lock(target: Target) -> Iterator[None]:
    path = state_folder() / f"{_label(target)}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(
            f"{path}: {exc.strerror} (MAILVET_STATE names another folder)"
        ) from exc
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            accounts = ", ".join(target.accounts) or "none"
            raise ConfigurationError(
                f"another audit of {target.key} is under way (process {holder}) with the same "
                f"accounts ({accounts}); wait until it has ended"
            ) from exc
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _label(target: Target) -> str:
    unique = f"{target.key}\0{target.address}\0{[e.port for e in target.endpoints]}"
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in target.key)
    return f"{safe}-{hashlib.sha256(unique.encode()).hexdigest()[:12]}"
