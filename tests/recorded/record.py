"""
Makes recordings out of what ``python -m lab mutants --facts FOLDER`` kept.

Only what the decision needs is recorded: no evidence, no addresses or folders of the lab, and of a
mutant only what it changes in the facts of the controls that notice it.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from tests.recorded.difference import difference
from tests.recorded.replay import COMPLIANT, MUTANTS, ROOT, facts_of, target

NETWORK = IPv4Network("203.0.113.0/26")
"""The network of the recordings."""

_OVERLAY = ("lowerdir=", "upperdir=", "workdir=")
"""Mount options that tell where the containers of the recording machine are."""

_EVIDENCE = {"transcript", "commands"}
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_STATE = re.compile(r"[^\"\s]*/lab/\.state/[\w-]+/")

Recording = dict[tuple[str, str], dict[str, Any]]


def read(path: Path) -> Recording:
    """
    The facts in a kept file, made independent of its lab.
    """
    text = path.read_text()
    lab = IPv4Network(json.loads(text)["network"])

    def moved(found: re.Match[str]) -> str:
        try:
            address = IPv4Address(found[0])
        except ValueError:
            return found[0]
        inside = address in lab
        return str(NETWORK[int(address) - int(lab.network_address)]) if inside else found[0]

    document = json.loads(_STATE.sub("/lab/", _ADDRESS.sub(moved, text)))
    return {
        (entry["name"], entry["endpoint"]): _bare(entry)
        for entry in document["hosts"][target().key]["facts"]
    }


def _bare(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            key: [] if key in _EVIDENCE else _duration(value) if key == "seconds" else _bare(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_bare(each) for each in value if not str(each).startswith(_OVERLAY)]
    return value


def _duration(value: dict[str, Any]) -> float:
    """
    Seconds of a login, because a control is about them; no others.
    """
    return round(value["seconds"], 1) if "mechanism" in value else 0


def mutants() -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Area and entry of every mutant.
    """
    for path in sorted((ROOT / "lab/scenarios/single/mutants").glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["mutant"]:
            yield path.stem, entry


def record(folder: Path) -> None:
    """
    Writes the recordings of everything in *folder*.

    If that is only a part of the mutants, the others stay, and so does the host that all are
    compared with.
    """
    entries = [(area, mutant) for area, mutant in mutants() if _kept(folder, mutant).exists()]
    whole = len(entries) == len(list(mutants()))
    good = read(folder / "compliant.json")
    if not whole:
        good |= {(entry["name"], entry["endpoint"]): entry for entry in _stored(COMPLIANT, [])}
    COMPLIANT.write_text(_lines(list(good.values())))
    found: dict[str, dict[str, Any]] = {}
    for area, mutant in entries:
        if area not in found:
            found[area] = {} if whole else _stored(MUTANTS / f"{area}.json", {})
        found[area][mutant["id"]] = _changes(good, read(_kept(folder, mutant)), mutant["kills"])
    for area, recorded in found.items():
        (MUTANTS / f"{area}.json").write_text(_object(recorded))


def _kept(folder: Path, mutant: dict[str, Any]) -> Path:
    return folder / f"{mutant['id']}.json"


def _stored(path: Path, nothing: Any) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text()) if path.exists() else nothing


def _changes(good: Recording, bad: Recording, kills: Iterable[str]) -> dict[str, Any]:
    names = {name for control in kills for name in facts_of(control)}
    return {
        f"{name}:{endpoint}" if endpoint else name: changes
        for (name, endpoint), entry in bad.items()
        if name in names and (changes := difference(good[name, endpoint], entry))
    }


def _lines(entries: list[Any]) -> str:
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n"


def _object(entries: dict[str, Any]) -> str:
    rows = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    record(Path(sys.argv[1]))
