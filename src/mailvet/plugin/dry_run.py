"""
``--plan``: what a run would do, without doing any of it.
"""

import shutil
from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.plan import HostPlan
from mailvet.plugin import selection
from mailvet.plugin.audit import Audit
from mailvet.report.plan import plan_as_json, render_plan, summary_line

PLANS = pytest.StashKey[tuple[HostPlan, ...]]()


def foresee(audit: Audit, session: pytest.Session) -> None:
    """
    Makes the plan of what was selected, and takes out everything that would be run.

    Raises:
        ConfigurationError: --report-dir names a folder that cannot be written, or recorded facts
            are to be judged.
    """
    if audit.options.facts:
        raise ConfigurationError("--plan and --facts: judging recorded facts does nothing to hosts")
    plans = audit.foresee(selection.plan(session.items))
    session.config.stash[PLANS] = plans
    session.items.clear()
    if audit.options.report_dir is None:
        return
    folder = Path(audit.options.report_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.json").write_text(plan_as_json(plans), encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"--report-dir {folder}: {exc.strerror}") from exc


def show(reporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """
    The plan on the terminal.
    """
    plans = config.stash[PLANS]
    reporter.ensure_newline()
    reporter.write_line(render_plan(plans, width=min(shutil.get_terminal_size().columns, 100)))
    reporter.write_line(summary_line(plans))
