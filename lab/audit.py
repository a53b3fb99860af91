"""
Run the suite against a lab, as a user would, and read what it came to.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.areas import without_intrusive
from lab.errors import LabError
from lab.place import CHECKOUT, Lab, load_record
from lab.scenario import Scenario
from lab.verdicts import read_results

Audit = Callable[[Lab, Scenario, Sequence[str]], Mapping[str, str]]
"""
Audits a lab and returns the verdict of each control, of all areas or of those that are named.
"""

PYTEST = (sys.executable, "-m", "pytest")
RESULTS = "results.json"
_SECONDS = 600
_JUDGED = (0, 1)


def audit_folder(lab: Lab, auditor: str = "audit") -> Path:
    """
    Say where the reports of the last audit of a lab are; each auditor has an own place.
    """
    return lab.state / auditor


def keep_facts(lab: Lab, path: Path) -> None:
    """
    Write what the last audit of a lab saw, and in which network, to *path*.
    """
    folder = audit_folder(lab)
    facts = {
        file.stem: json.loads(file.read_text())
        for file in sorted(folder.glob("*.json"))
        if file.name != RESULTS
    }
    record = load_record(lab)
    network = str(record.network) if record else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"network": network, "hosts": facts}))


def keep_findings(lab: Lab, name: str, auditor: str = "audit") -> None:
    """
    Keep the findings of the last audit of a lab under *name*, for whoever wonders about them.
    """
    found = audit_folder(lab, auditor) / RESULTS
    if found.exists():
        kept = lab.state.parent / "differences"
        kept.mkdir(parents=True, exist_ok=True)
        found.replace(kept / f"{name}.json")


def suite_audit(
    options: Sequence[str] = (), command: Sequence[str] = PYTEST, auditor: str = "audit"
) -> Audit:
    """
    Return an audit that runs *command*, which takes the options of the suite.

    Different auditors may audit one lab at the same time, as from different machines.
    """

    def audit(lab: Lab, scenario: Scenario, areas: Sequence[str]) -> Mapping[str, str]:
        folder = audit_folder(lab, auditor)
        shutil.rmtree(folder, ignore_errors=True)
        hosts = [word for host in scenario.audited for word in ("--host", host.id)]
        argv = [*command, *hosts, f"--inventory={lab.inventory}", f"--report-dir={folder}"]
        argv += [f"--save-facts={folder}", *(f"checks/{area}" for area in areas)]
        # Audits side by side would overwrite each other's cache of failures.
        argv += ["-q", "-p", "no:cacheprovider", *options]
        _run(argv, lab.state / f"{auditor}.log", lab.state / f"{auditor}-state")
        return _verdicts(folder / RESULTS)

    return audit


def undisturbing_audit(auditor: str = "audit") -> Audit:
    """
    Return an audit that leaves out what disturbs the host.
    """
    whole = suite_audit(auditor=auditor)
    return lambda lab, scenario, areas: without_intrusive(whole(lab, scenario, areas))


def _run(argv: Sequence[str], log: Path, state: Path) -> None:
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                argv,
                cwd=CHECKOUT,
                env={**os.environ, "MAILVET_STATE": str(state)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"the audit took longer than {_SECONDS} s (see {log})") from None
    if done.returncode not in _JUDGED:
        lines = log.read_text(errors="replace").split("\n")
        last = " | ".join([line.strip() for line in lines if line.strip()][-3:])
        raise LabError(f"the audit ended with status {done.returncode} (see {log}): {last}")


def _verdicts(path: Path) -> dict[str, str]:
    try:
        return read_results(path)
    except FileNotFoundError:
        raise LabError("the audit wrote no results.json") from None
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"the audit's results.json is not understood: {error}") from None
