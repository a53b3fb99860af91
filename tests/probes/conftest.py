"""
What tests of several probes need.
"""

from collections.abc import Callable

import pytest


@pytest.fixture(name="fake_ssh")
def _fake_ssh(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """
    Puts a script in the place of ssh.
    """
    folder = tmp_path_factory.mktemp("bin")

    def install(script: str) -> None:
        path = folder / "ssh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return install
