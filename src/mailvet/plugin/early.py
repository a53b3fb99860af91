"""
Sees a mistake that pytest itself makes before it knows our options.
"""

from pathlib import Path

import pytest

PATH_OPTIONS = ("--inventory", "--report-dir", "--facts", "--save-facts")


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """
    Refuses to start where pytest took the value of one of our options for a folder of tests.

    It looks for the project before any plugin has declared its options, in the folders of all
    arguments that exist, unless an equals sign ties them to an option.

    Raises:
        UsageError: The project was not found for this reason.
    """
    here = Path.cwd()
    if early_config.rootpath == here or not (here / "checks" / "guide.toml").is_file():
        return
    for option in PATH_OPTIONS:
        if option in args:
            raise pytest.UsageError(
                f"pytest takes what follows {option} for a folder of tests, because it lies "
                f"outside this project; write it with an equals sign: {option}=..."
            )
