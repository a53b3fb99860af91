"""
Loads checks as plain functions.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mailvet.model import Judgement

CHECKS = Path(__file__).parents[2] / "checks"

_loaded: dict[Path, ModuleType] = {}


def load_check(area: str, module: str, function: str) -> Callable[..., Judgement]:
    """
    The check *function* of ``checks/AREA/MODULE.py``, to be called with facts.
    """
    path = CHECKS / area / f"{module}.py"
    if path not in _loaded:
        spec = importlib.util.spec_from_file_location(f"checks_{area}_{module}", path)
        assert spec is not None
        assert spec.loader is not None
        _loaded[path] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(_loaded[path])
    check: Callable[..., Judgement] = getattr(_loaded[path], function)
    return check


@pytest.fixture(name="load_check")
def load_check_fixture() -> Callable[[str, str, str], Callable[..., Judgement]]:
    """
    ``load_check`` for tests that cannot import this module.
    """
    return load_check
