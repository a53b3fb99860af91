"""
Reports as files.
"""

import secrets
from pathlib import Path

from mailvet.errors import ConfigurationError
from mailvet.model import Report
from mailvet.report.html import render_html
from mailvet.report.json import render_json


def write_reports(report: Report, directory: Path) -> dict[str, Path]:
    """
    Writes ``results.json`` and ``report.html``, each whole or not at all.

    Returns:
        The files by kind, ``json`` and ``html``.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Programs and the gate read the JSON: it must be there whatever becomes of the page.
        return {
            "json": _replace(directory / "results.json", render_json(report)),
            "html": _replace(directory / "report.html", render_html(report)),
        }
    except OSError as exc:
        raise ConfigurationError(f"cannot write reports to {directory}: {_reason(exc)}") from exc


def update_latest(directory: Path) -> Path:
    """
    Lets the link ``latest`` beside *directory* lead to it.

    Raises:
        ConfigurationError: There is something else of that name, or the link cannot be made.
    """
    link = directory.parent / "latest"
    fresh = _temporary(link)
    try:
        if link.exists() and not link.is_symlink():
            raise ConfigurationError(f"cannot update {link}: it is not a symbolic link, remove it")
        fresh.symlink_to(directory.name)
        fresh.replace(link)
    except OSError as exc:
        fresh.unlink(missing_ok=True)
        raise ConfigurationError(f"cannot update {link}: {_reason(exc)}") from exc
    return link


def _replace(path: Path, text: str) -> Path:
    fresh = _temporary(path)
    try:
        with fresh.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        return fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()
