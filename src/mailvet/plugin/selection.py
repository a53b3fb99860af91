"""
Which checks run, which facts they need, and where the report goes.
"""

import inspect
from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.model import Activity, Endpoint, Report, Target
from mailvet.plugin.audit import Audit, Plan
from mailvet.plugin.registry import SPECS
from mailvet.plugin.subject import Subject, subject_of
from mailvet.schema import unknown
from mailvet.store import FactKey

REPORT = pytest.StashKey[Report]()
TROUBLE = pytest.StashKey[str]()

STANDPOINTS = "standpoints"
"""Always gathered: the report says from where the audit looked."""

REACH = "reach"
"""Gathered for every optional service: silence makes it not applicable."""


def refuse_unknown_facts(metafunc: pytest.Metafunc) -> None:
    """
    Refuses a check that names a fact which nobody gathers.
    """
    known = {*SPECS, "target", "endpoint"}
    strangers = [
        name for name in inspect.signature(metafunc.function).parameters if name not in known
    ]
    if strangers:
        words = unknown(strangers[0], tuple(known), "fact")
        pytest.fail(f"{metafunc.definition.nodeid}: {words}", pytrace=False)


def select(audit: Audit, config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Takes out intrusive checks that are not allowed, and puts one host after the other.
    """
    kept: list[pytest.Item] = []
    for item in items:
        subject = subject_of(item)
        if subject is None:
            kept.append(item)
            continue
        key = (subject.target.key, subject.control.id)
        intrusive = subject.control.activity is Activity.INTRUSIVE
        if intrusive and not audit.options.intrusive and not subject.not_applicable:
            audit.refused[key] = "intrusive; runs only with --allow intrusive"
        else:
            audit.selected.add(subject.planned)
            kept.append(item)
    hosts = [target.key for target in audit.targets]
    kept.sort(key=lambda item: hosts.index(s.target.key) if (s := subject_of(item)) else -1)
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def plan(items: list[pytest.Item]) -> Plan:
    """
    The facts that the selected checks ask for.
    """
    found: dict[FactKey, tuple[Target, Endpoint | None]] = {}
    for item in items:
        subject = subject_of(item)
        if subject is None or subject.not_applicable:
            continue
        for name in facts_of(item, subject):
            spec = SPECS[name]
            endpoint = subject.endpoint if spec.per_endpoint else None
            found[subject.key(name)] = (subject.target, endpoint)
        found[FactKey(subject.target.key, STANDPOINTS)] = (subject.target, None)
    return found


def facts_of(item: pytest.Item, subject: Subject) -> list[str]:
    """
    Names of the facts that an item needs.
    """
    names = [name for name in getattr(item, "fixturenames", ()) if name in SPECS]
    if subject.endpoint is not None and subject.endpoint.optional and REACH not in names:
        names.append(REACH)
    return names


def decidable(audit: Audit, items: list[pytest.Item]) -> list[pytest.Item]:
    """
    The items that can still be judged after an interruption.
    """
    kept: list[pytest.Item] = []
    for item in items:
        subject = subject_of(item)
        if subject is None:
            continue
        facts = [subject.key(name) for name in facts_of(item, subject)]
        if subject.not_applicable or all(audit.store.has(key) for key in facts):
            kept.append(item)
    return kept


def header(audit: Audit) -> list[str]:
    """
    The lines under pytest's own header.
    """
    lines = []
    for target in audit.targets:
        profiles = ", ".join(target.profiles)
        lines.append(f"mailvet: {target.key} ({target.address}), profiles: {profiles}")
        today = audit.started.date()
        lines.extend(
            f"warning: the waiver for {each.control} expired on {each.until} ({each.source})"
            for each in target.waivers
            if each.expired(today)
        )
    source = audit.options.facts
    lines.append(f"facts: recorded in {source}" if source else f"run: {audit.nonce}")
    return lines


def report_folder(audit: Audit, root: Path) -> Path:
    """
    The folder of this run's reports, made and proved writable before anything is probed.

    Raises:
        ConfigurationError: It cannot be written.
    """
    named = audit.options.report_dir
    folder = Path(named).resolve() if named else root / "reports" / audit.report_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / ".writable"
        trial.touch()
        trial.unlink()
    except OSError as exc:
        raise ConfigurationError(
            f"reports cannot be written to {folder}: {exc.strerror} (--report-dir names another)"
        ) from exc
    return folder


def shown(folder: Path) -> str:
    """
    *folder* as short as it can be said.
    """
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
