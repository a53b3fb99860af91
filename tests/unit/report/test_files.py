"""
Reports as files, and findings as JUnit properties.
"""

from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.report import junit_properties, render_html, render_json, update_latest, write_reports
from tests.unit.report.sample import build_report

REPORT = build_report()


def test_both_reports_are_written(tmp_path: Path) -> None:
    """
    The folder is made, holds the two files, and no left-overs.
    """
    folder = tmp_path / "new" / "run"
    files = write_reports(REPORT, folder)
    assert files == {"json": folder / "results.json", "html": folder / "report.html"}
    assert files["json"].read_text(encoding="utf-8") == render_json(REPORT)
    assert files["html"].read_text(encoding="utf-8") == render_html(REPORT)
    assert sorted(folder.iterdir()) == sorted(files.values())


def test_older_reports_are_replaced(tmp_path: Path) -> None:
    """
    The newer run wins.
    """
    write_reports(REPORT, tmp_path)
    files = write_reports(build_report(broken=False), tmp_path)
    assert '"outcome": "ready"' in files["json"].read_text(encoding="utf-8")


def test_unwritable_folder_is_named_with_the_reason(tmp_path: Path) -> None:
    """
    One line says which folder and why.
    """
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        write_reports(REPORT, tmp_path / "file" / "run")
    assert str(caught.value) == f"cannot write reports to {tmp_path}/file/run: not a directory"


def test_failed_write_leaves_the_older_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A full disk destroys nothing and leaves no half of a file.
    """
    older = write_reports(build_report(broken=False), tmp_path)["json"].read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match="no space left on device"):
        write_reports(REPORT, tmp_path)
    assert (tmp_path / "results.json").read_bytes() == older
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.html", "results.json"]


def test_latest_leads_to_the_newest_run(tmp_path: Path) -> None:
    """
    The link is relative, so that the folder can be moved.
    """
    for name in ("run1", "run2"):
        (tmp_path / name).mkdir()
        link = update_latest(tmp_path / name)
    assert link.readlink() == Path("run2")


def test_latest_never_replaces_a_folder(tmp_path: Path) -> None:
    """
    Somebody's folder of that name stays, with a clear message.
    """
    (tmp_path / "latest").mkdir()
    with pytest.raises(ConfigurationError, match="not a symbolic link"):
        update_latest(tmp_path / "run")
    assert (tmp_path / "latest").is_dir()


def test_junit_properties_have_the_same_flat_names_for_every_finding() -> None:
    """
    CI servers get strings, printable and without line ends.
    """
    properties = [junit_properties(each) for each in REPORT.findings]
    assert {tuple(name for name, _ in each) for each in properties} == {
        ("control", "severity", "verdict", "cause", "references", "statements", "target",
         "endpoint"),
    }  # fmt: skip
    assert all(
        type(value) is str and value.isprintable() for each in properties for _, value in each
    )
    assert dict(properties[0])["references"] == "RFC 5321 §7.1, RFC 2505 §2.1, guide §2.4"
