"""
The shape of the house: who may import whom, how big things may be, and that words and checks fit.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailvet.catalogue import load_catalogue
from mailvet.report.catalogue import markdown

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "mailvet"

MAX_MODULE = 400
MAX_FUNCTION = 40
MAX_CHECK = 15

STDLIB = sys.stdlib_module_names

CLIENTS = {
    "shell": {"testinfra"},
    "connection": {"OpenSSL"},
    "handshake": {"OpenSSL", "cryptography"},
    "certificate": {"OpenSSL", "cryptography"},
    "imap_client": {"imapclient"},
    "imap_mailbox": {"imapclient"},
    "imap_login": {"imapclient"},
    "delivery": {"aiosmtplib"},
    "mysql_client": {"pymysql"},
    "ldap_client": {"pyasn1", "pyasn1_modules"},
}
"""The third-party clients that each probe may use; all others have none."""

LAYERS = {
    "facts": {"mailvet.facts", "mailvet.model", "mailvet.transcript"},
    "probes": {
        "mailvet.probes",
        "mailvet.acts",
        "mailvet.facts",
        "mailvet.model",
        "mailvet.errors",
        "mailvet.context",
        "mailvet.ledger",
        "mailvet.outlet",
        "mailvet.places",
        "mailvet.transcript",
        "mailvet.secret",
    },
    "report": {
        "mailvet.report",
        "mailvet.model",
        "mailvet.catalogue",
        "mailvet.errors",
        "mailvet.acts",
        "mailvet.plan",
        "mailvet",
    },
}


DOORS = {
    "open_connection": {"wire", "exposure", "vantage", "backend_pipe"},
    "create_connection": set(),
    "create_datagram_endpoint": set(),
    "create_subprocess_exec": {"vantage", "standpoint"},
    "create_subprocess_shell": set(),
    "pipe_through": {"vantage", "wire", "delivery", "backend_pipe"},
    "run_on": {"shell"},
    "get_host": {"shell"},
    "IMAPClient": {"imap_client", "imap_mailbox"},
    "connect": {"delivery", "mysql_client"},
    "subprocess": set(),
    "socketpair": {"vantage"},
    "socket": set(),
}
"""Calls through which something leaves, and the probes that may make them: they ask the permit."""


def modules(folder: Path) -> list[Path]:
    """
    Python files below *folder*.
    """
    return sorted(path for path in folder.rglob("*.py") if ".state" not in path.parts)


def imports(path: Path) -> set[str]:
    """
    Dotted names of everything that a module imports.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def within(name: str, allowed: set[str]) -> bool:
    """
    Whether the module *name* is one of *allowed*, or below one of them.
    """
    return any(name == each or name.startswith(f"{each}.") for each in allowed - {"mailvet"}) or (
        name == "mailvet" and "mailvet" in allowed
    )


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """
    All functions of a module.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """
    Lines of a function without its docstring.
    """
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_layers_import_only_what_is_below_them(layer: str) -> None:
    """
    Facts know no I/O, probes no judgement, reports no pytest.
    """
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(SOURCE / layer)
        for name in imports(path)
        if name.startswith("mailvet") and not within(name, LAYERS[layer])
    ]
    assert not wrong


def test_facts_use_the_standard_library_only() -> None:
    """
    Facts are builtin types and pure parsers.
    """
    wrong = [
        f"{path.name} imports {name}"
        for path in modules(SOURCE / "facts")
        for name in imports(path)
        if not name.startswith("mailvet") and name.split(".")[0] not in STDLIB
    ]
    assert not wrong


def test_each_third_party_client_stays_in_its_probe() -> None:
    """
    Exchanging a library touches one file.
    """
    wrong = [
        f"{path.name} imports {name}"
        for path in modules(SOURCE / "probes")
        for name in imports(path)
        if not name.startswith("mailvet")
        and (top := name.split(".")[0]) not in STDLIB
        and top not in CLIENTS.get(path.stem, set())
    ]
    assert not wrong


def called(path: Path) -> set[str]:
    """
    Last names of everything that a module calls.
    """
    calls = (
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    )
    return {ast.unparse(each.func).rpartition(".")[2] for each in calls}


def test_nothing_leaves_past_the_permit() -> None:
    """
    Connections, shells and programs are opened in few places, and each of them asks first.
    """
    for path in modules(SOURCE / "probes"):
        found = called(path) & set(DOORS)
        assert not [each for each in found if path.stem not in DOORS[each]], path.name
        # The one asks for its callers, the other is given a socket that is connected.
        if found - {"socketpair", "get_host"} and path.stem not in {"vantage", "mysql_client"}:
            assert "context.permit." in path.read_text("utf-8"), path.name


def test_checks_import_facts_model_and_the_marker_only() -> None:
    """
    A check is a pure function of facts.
    """
    allowed = {"mailvet.facts", "mailvet.model", "mailvet.plugin"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(ROOT / "checks")
        for name in imports(path)
        if not within(name, allowed) and name.split(".")[0] not in STDLIB
    ]
    assert not wrong


def test_checks_neither_try_nor_sleep_nor_skip() -> None:
    """
    What cannot be judged is said by the judgement, not by control flow.
    """
    wrong: list[str] = []
    for path in modules(ROOT / "checks"):
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Try | ast.Raise | ast.Assert | ast.With)
        ]
    assert not wrong


def test_the_lab_uses_the_standard_library_only() -> None:
    """
    It starts servers and knows nothing of checks.
    """
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(ROOT / "lab")
        for name in imports(path)
        if name.split(".")[0] not in STDLIB | {"lab"}
    ]
    assert not wrong


def test_pytest_is_known_to_the_plugin_only_and_its_private_parts_to_nobody() -> None:
    """
    Private names of pytest change with every minor version.
    """
    everything = [*modules(ROOT / "src"), *modules(ROOT / "checks"), *modules(ROOT / "lab")]
    for path in everything:
        names = imports(path)
        assert not {n for n in names if n.split(".")[0] == "_pytest"}, path
        if "plugin" not in path.parts:
            assert "pytest" not in names, path


def test_modules_and_functions_stay_small() -> None:
    """
    What outgrows its limit is split, not excused.
    """
    too_big = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in [*modules(ROOT / "src"), *modules(ROOT / "lab"), *modules(ROOT / "checks")]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_MODULE
    ]
    for path in [*modules(ROOT / "src"), *modules(ROOT / "lab")]:
        too_big += [
            f"{path.relative_to(ROOT)}:{each.name}: {body_lines(each)} lines"
            for each in functions(path)
            if body_lines(each) > MAX_FUNCTION
        ]
    for path in modules(ROOT / "checks"):
        too_big += [
            f"{path.relative_to(ROOT)}:{each.name}: {body_lines(each)} lines"
            for each in functions(path)
            if body_lines(each) > MAX_CHECK
        ]
    assert not too_big


def checks_by_control() -> dict[str, list[str]]:
    """
    Names of the checks that decide each control.
    """
    found: dict[str, list[str]] = {}
    for path in modules(ROOT / "checks"):
        for function in functions(path):
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "control":
                    name = ast.literal_eval(decorator.args[0])
                    found.setdefault(name, []).append(function.name)
    return found


def test_each_control_has_exactly_one_check() -> None:
    """
    Words and checks are a bijection.
    """
    catalogue = load_catalogue(ROOT / "checks")
    checks = checks_by_control()
    assert set(checks) == set(catalogue.controls)
    assert [names for names in checks.values() if len(names) > 1] == []


def mutants() -> list[dict[str, object]]:
    """
    All mutants of all scenarios.
    """
    found: list[dict[str, object]] = []
    for path in sorted((ROOT / "lab" / "scenarios").glob("*/mutants/*.toml")):
        found += tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return found


def test_each_control_is_killed_by_a_mutant_or_names_its_recorded_case() -> None:
    """
    A control that nothing can fail is not a control.
    """
    catalogue = load_catalogue(ROOT / "checks")
    killed = {control for mutant in mutants() for control in mutant["kills"]}  # type: ignore[attr-defined]
    unproved = [
        control.id
        for control in catalogue.controls.values()
        if control.proof == "mutant" and control.id not in killed
    ]
    assert not unproved
    assert not killed - set(catalogue.controls)


def test_mutants_have_names_of_their_own() -> None:
    """
    --only selects one.
    """
    names = Counter(str(mutant["id"]) for mutant in mutants())
    assert [name for name, times in names.items() if times > 1] == []


def test_each_mutant_has_commands_that_repair_it_or_says_why_not() -> None:
    """
    A failure carries the commands that end it, unless nobody but a person can.
    """
    controls = load_catalogue(ROOT / "checks").controls
    stranded = [
        mutant["id"]
        for mutant in mutants()
        if "remedy" not in mutant
        and not any(controls[control].fix for control in failing(mutant) if control in controls)
    ]
    assert not stranded


def failing(mutant: dict[str, object]) -> Iterator[str]:
    """
    All controls that fail with *mutant*.
    """
    yield from mutant["kills"]  # type: ignore[misc, attr-defined]
    also: dict[str, str] = mutant.get("also", {})  # type: ignore[assignment]
    yield from (control for control, verdict in also.items() if verdict == "fail")


@pytest.mark.parametrize(
    "scenario", sorted((ROOT / "lab/scenarios").iterdir()), ids=lambda each: each.name
)
def test_each_scenario_expects_a_verdict_for_every_control(scenario: Path) -> None:
    """
    No control can be forgotten in the lab.
    """
    catalogue = load_catalogue(ROOT / "checks")
    text = (scenario / "expected.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)["verdicts"]) == set(catalogue.controls)


def test_at_least_eighty_statements_of_the_guide_are_decided() -> None:
    """
    The coverage figure only grows.
    """
    coverage = load_catalogue(ROOT / "checks").coverage
    assert coverage.total == 329
    assert len(coverage.decided) >= 80


def test_the_list_of_controls_in_the_documentation_is_up_to_date() -> None:
    """
    It is generated: mailvet controls > docs/controls.md.
    """
    written = (ROOT / "docs/controls.md").read_text(encoding="utf-8")
    assert written.strip() == markdown(load_catalogue(ROOT / "checks")).strip()
