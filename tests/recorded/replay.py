"""
Decides controls from recorded facts, without pytest and without a lab.
"""

import importlib.util
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mailvet.catalogue import Catalogue, load_catalogue
from mailvet.errors import ProbeError
from mailvet.inventory import Inventory
from mailvet.ledger import Ledger
from mailvet.model import SEVEREST_FIRST, Judgement, Target, Verdict
from mailvet.plugin.registry import SPECS
from mailvet.plugin.subject import Subject, subjects
from mailvet.plugin.verdict import judgement_of_error
from mailvet.profile import ProfileReader
from mailvet.store import FORMAT, FactStore, NotGatheredError, Timeouts
from tests.recorded.difference import Change, changed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMPLIANT = HERE / "compliant.json"
MUTANTS = HERE / "mutants"

Check = Callable[..., Judgement]
Facts = Mapping[tuple[str, str], Mapping[str, Any]]
"""Name and endpoint -> value and error, as in JSON."""


@cache
def catalogue() -> Catalogue:
    """
    All controls.
    """
    return load_catalogue(ROOT / "checks")


@cache
def target() -> Target:
    """
    The host that was recorded.
    """
    inventory = Inventory(HERE / "hosts.toml", ProfileReader(ROOT / "profiles"))
    return inventory.targets(("mail1",))[0]


@cache
def checks() -> Mapping[str, Check]:
    """
    The check of each control.
    """
    found: dict[str, Check] = {}
    for path in sorted((ROOT / "checks").glob("*/test_*.py")):
        spec = importlib.util.spec_from_file_location(f"replayed_{path.parent.name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for function in vars(module).values():
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == "control":
                    found[mark.args[0]] = function
    return found


@cache
def compliant() -> Facts:
    """
    What was seen of the host without a mutant.
    """
    return {
        (entry["name"], entry["endpoint"]): entry for entry in json.loads(COMPLIANT.read_text())
    }


@cache
def mutant_changes() -> Mapping[str, Mapping[str, list[Change]]]:
    """
    What each mutant changes, by fact.
    """
    found: dict[str, Mapping[str, list[Change]]] = {}
    for path in sorted(MUTANTS.glob("*.json")):
        found |= json.loads(path.read_text())
    return found


def broken(changes: Mapping[str, list[Change]]) -> Facts:
    """
    What was seen of the host with a mutant; facts that did not change are left as they are.
    """
    facts = dict(compliant())
    for place, each in changes.items():
        name, _, endpoint = place.partition(":")
        facts[name, endpoint] = changed(facts[name, endpoint], each)
    return facts


def store_of(facts: Facts, folder: Path) -> FactStore:
    """
    A store that holds *facts*, read as ``--facts`` does.
    """
    document = {"format": FORMAT, "target": target().key, "facts": list(facts.values())}
    (folder / f"{target().key}.json").write_text(json.dumps(document))
    store = FactStore(
        SPECS, nonce="mv0", timeouts=Timeouts(1, 1, 1), ledgers=lambda _: Ledger(None)
    )
    store.load(folder, [target()])
    return store


def verdicts(store: FactStore, controls: Iterable[str]) -> dict[str, Verdict]:
    """
    The verdict of each of *controls*: the severest of its findings.
    """
    return {
        control: min(
            (_judged(store, subject) for subject in subjects(catalogue().controls[control], one)),
            key=SEVEREST_FIRST.index,
        )
        for one in [(target(),)]
        for control in controls
    }


def facts_of(control: str) -> tuple[str, ...]:
    """
    The names of the facts that a control is decided from.
    """
    return tuple(name for name in inspect.signature(checks()[control]).parameters if name in SPECS)


def _judged(store: FactStore, subject: Subject) -> Verdict:
    if subject.not_applicable:
        return Verdict.NOT_APPLICABLE
    check = checks()[subject.control.id]
    given: dict[str, Any] = {"target": subject.target, "endpoint": subject.endpoint}
    try:
        values = {
            name: store.get(subject.key(name)) if name in SPECS else given[name]
            for name in inspect.signature(check).parameters
        }
    except (ProbeError, NotGatheredError) as error:
        return judgement_of_error(error, check.__name__).verdict
    return check(**values).verdict
