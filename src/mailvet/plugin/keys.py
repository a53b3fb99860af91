"""
Where the plugin keeps its state in pytest's stashes.
"""

from pathlib import Path

import pytest

from mailvet.model import Judgement
from mailvet.plugin.audit import Audit

AUDIT = pytest.StashKey[Audit]()
JUDGEMENT = pytest.StashKey[Judgement]()
FOLDER = pytest.StashKey[Path]()
