"""
Loads mailvet's plugin, and keeps testinfra's ``host`` fixture from auditing this machine.
"""

from typing import NoReturn

import pytest

pytest_plugins = ("mailvet.plugin.hooks", "mailvet.plugin.fixtures")


@pytest.fixture
def host() -> NoReturn:
    """
    testinfra's fixture of this name means the local machine unless ``--hosts`` says otherwise.
    """
    pytest.fail("checks ask for facts, not for 'host'", pytrace=False)
