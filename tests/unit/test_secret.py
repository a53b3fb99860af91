"""
Passwords are found where the reference says, and cannot be printed.
"""

import json
import pickle
from pathlib import Path

import pytest

from mailvet.secret import Secret, SecretReference, SecretUnavailableError


def test_a_secret_is_not_shown_by_any_kind_of_printing() -> None:
    """
    repr, str, format, and as part of something else.
    """
    secret = Secret("s3cret")
    shown = f"{secret} {secret!r} {secret:>9} {[secret]} {secret!s}"
    assert "s3cret" not in shown
    assert "***" in shown


def test_a_secret_does_not_serialise() -> None:
    """
    Neither JSON nor pickle takes it.
    """
    with pytest.raises(TypeError):
        json.dumps(Secret("s3cret"))
    with pytest.raises(TypeError):
        pickle.dumps(Secret("s3cret"))


def test_a_secret_knows_its_disguises() -> None:
    """
    Base64 is how SASL sends it.
    """
    assert Secret("abc").disguises() == ("abc", "YWJj")
    assert Secret("").disguises() == ()


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An unset variable is named.
    """
    monkeypatch.setenv("MAIL_PASSWORD", "s3cret")
    assert SecretReference(env="MAIL_PASSWORD").resolve().reveal() == "s3cret"
    with pytest.raises(SecretUnavailableError, match="NOT_THERE is not set"):
        SecretReference(env="NOT_THERE").resolve()


def test_a_password_is_the_first_line_of_a_file(tmp_path: Path) -> None:
    """
    A missing or empty file is named.
    """
    path = tmp_path / "password"
    path.write_text("s3cret\ncomment\n", encoding="utf-8")
    assert SecretReference(file=str(path)).resolve().reveal() == "s3cret"
    path.write_text("", encoding="utf-8")
    with pytest.raises(SecretUnavailableError, match="first line is empty"):
        SecretReference(file=str(path)).resolve()
    with pytest.raises(SecretUnavailableError, match="missing"):
        SecretReference(file=str(tmp_path / "missing")).resolve()


def test_a_password_is_the_first_line_that_a_command_prints() -> None:
    """
    A command that fails is named, its output is not shown.
    """
    assert SecretReference(command=("echo", "s3cret")).resolve().reveal() == "s3cret"
    with pytest.raises(SecretUnavailableError, match="ended with 1"):
        SecretReference(command=("false",)).resolve()
    with pytest.raises(SecretUnavailableError, match="did not run"):
        SecretReference(command=("/no/such/command",)).resolve()
    with pytest.raises(SecretUnavailableError, match="printed nothing"):
        SecretReference(command=("true",)).resolve()
