"""
The hooks of pytest, in the order in which it calls them.
"""

import contextlib
import shutil
from collections.abc import Generator

import pytest

from mailvet.errors import ConfigurationError, MailvetError
from mailvet.model import Finding, Verdict
from mailvet.plugin import dry_run, listing, selection
from mailvet.plugin.audit import Audit
from mailvet.plugin.interpreter import watch
from mailvet.plugin.keys import AUDIT, FOLDER
from mailvet.plugin.options import Options, add_options
from mailvet.plugin.outcome import decide, describe, settle
from mailvet.plugin.subject import control_id, subject_of, subjects
from mailvet.report.terminal import render_terminal
from mailvet.report.write import update_latest, write_reports
from mailvet.state import sole_run

FINDING = "mailvet_finding"
"""Attribute of a test report that carries the finding."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Declares the command line.
    """
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """
    Reads catalogue, inventory and profiles, before pytest's own reporters look at their options.
    """
    config.addinivalue_line("markers", "control(id): the control that this check decides")
    options = Options.of(config)
    if not options.hosts or options.list_controls:
        return
    watch(sealed=options.plan)
    with _usage_errors():
        audit = Audit(config)
        config.stash[AUDIT] = audit
        if options.plan:
            return
        config.stash[FOLDER] = selection.report_folder(audit, config.rootpath)
    if config.option.xmlpath is None:
        config.option.xmlpath = str(config.stash[FOLDER] / "junit.xml")
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    if config.option.reportchars == "fE":
        config.option.reportchars = ""


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """
    ``--list-controls`` instead of a run.
    """
    if not Options.of(config).list_controls:
        return None
    with _usage_errors():
        listing.print_controls(config)
    return 0


def pytest_report_header(config: pytest.Config) -> list[str]:
    """
    What is audited.
    """
    audit = config.stash.get(AUDIT, None)
    return [] if audit is None else selection.header(audit)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    One item for each subject of a check's control.
    """
    marker = metafunc.definition.get_closest_marker("control")
    if marker is None:
        return
    audit = metafunc.config.stash.get(AUDIT, None)
    if audit is None:
        metafunc.parametrize("subject", [None], ids=["no-host"], indirect=True)
        return
    control = audit.catalogue.controls.get(str(marker.args[0]))
    if control is None:
        pytest.fail(f"{metafunc.definition.nodeid}: no control {marker.args[0]!r}", pytrace=False)
    selection.refuse_unknown_facts(metafunc)
    found = subjects(control, audit.targets)
    ids = [subject.id for subject in found]
    metafunc.parametrize("subject", found, ids=ids, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """
    Refuses a run that would check nothing, and takes out what is not allowed.
    """
    audit = session.config.stash.get(AUDIT, None)
    if audit is None:
        if any(control_id(item) for item in items) and not session.config.option.collectonly:
            raise pytest.UsageError(
                "no --host was given, so nothing would be audited; for example: pytest --host mail1"
            )
        return
    selection.select(audit, session.config, items)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """
    Shows why a check could not be loaded, though findings are shown without tracebacks.
    """
    report = yield
    if report.failed:
        collector.config.option.tbstyle = "short"
    return report


def pytest_deselected(items: list[pytest.Item]) -> None:
    """
    Remembers what the command line left out.
    """
    for item in items:
        subject = subject_of(item)
        if subject is not None:
            audit = item.config.stash[AUDIT]
            if (subject.target.key, subject.control.id) not in audit.refused:
                audit.deselected.add(subject.planned)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """
    Gathers all facts that the selected checks need before the first check is run.
    """
    audit = session.config.stash.get(AUDIT, None)
    said = session.config.option
    broken = session.testsfailed and not said.continue_on_collection_errors
    if audit is None or said.collectonly or broken:
        return (yield)
    if audit.options.plan:
        with _usage_errors():
            dry_run.foresee(audit, session)
        return (yield)
    with contextlib.ExitStack() as stack:
        with _usage_errors():
            if not audit.options.facts:
                stack.enter_context(sole_run(audit.everybody))
            try:
                audit.gather(selection.plan(session.items))
            except KeyboardInterrupt:
                audit.interrupted = True
                session.items[:] = selection.decidable(audit, session.items)
        outcome = yield
    if audit.interrupted:
        raise KeyboardInterrupt
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """
    Decides the control as soon as its facts are there.

    Deciding in the set-up makes pytest tell the cases apart: no facts is an error, not a failure.
    """
    subject = subject_of(item)
    if subject is None:
        return (yield)
    settle(item, subject)
    yield
    decide(item, subject)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """
    Reports what was decided in the set-up.
    """
    subject = subject_of(pyfuncitem)
    if subject is None:
        return None
    settle(pyfuncitem, subject, deciding=True)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """
    Makes the finding, once for each item, in the phase that decided.
    """
    subject = subject_of(item)
    raised = call.excinfo
    unseen = item.config.option.tbstyle == "no"
    if subject and unseen and raised and not isinstance(raised.value, pytest.skip.Exception):
        # Half of a run's time would go into the frames of tracebacks that nobody is shown.
        raised.traceback = raised.traceback[-1:]
    report = yield
    if subject is not None and (call.when == "call" or (call.when == "setup" and call.excinfo)):
        finding = describe(item, subject, report, call)
        setattr(report, FINDING, finding)
    return report


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str] | None:
    """
    The words of the verdicts, in pytest's own categories.
    """
    finding: Finding | None = getattr(report, FINDING, None)
    if finding is None:
        return None
    return {
        Verdict.PASS: ("passed", ".", "PASS"),
        Verdict.FAIL: ("failed", "F", "FAIL"),
        Verdict.UNVERIFIED: ("error", "U", "UNVERIFIED"),
        Verdict.NOT_APPLICABLE: ("skipped", "n", "N/A"),
        Verdict.WAIVED: ("xfailed", "w", "WAIVED"),
    }[finding.verdict]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """
    Writes the reports, whatever happened.
    """
    audit = session.config.stash.get(AUDIT, None)
    if audit is None or not audit.selected or audit.options.plan:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        audit.interrupted = True
    report = audit.report()
    folder = session.config.stash[FOLDER]
    session.config.stash[selection.REPORT] = report
    try:
        write_reports(report, folder)
        if audit.options.report_dir is None:
            update_latest(folder)
    except ConfigurationError as exc:
        session.config.stash[selection.TROUBLE] = str(exc)
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
        return
    if session.exitstatus == pytest.ExitCode.OK and report.run.gate == "refused":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """
    The table by area, what to fix first, and where the report is; or what a run would do.
    """
    if dry_run.PLANS in config.stash:
        dry_run.show(terminalreporter, config)
    report = config.stash.get(selection.REPORT, None)
    if report is None:
        return
    folder = selection.shown(config.stash[FOLDER])
    trouble = config.stash.get(selection.TROUBLE, "")
    text = render_terminal(
        report,
        width=min(shutil.get_terminal_size().columns, 100),
        colour=terminalreporter.hasmarkup,
        path="" if trouble else f"{folder}/report.html",
    )
    terminalreporter.ensure_newline()
    terminalreporter.write_line(text)
    for residue in config.stash[AUDIT].leftovers:
        terminalreporter.write_line(
            f"left behind: {residue.kind} {residue.name} of {residue.account} on {residue.target}; "
            "the next run tries again to remove it"
        )
    if trouble:
        terminalreporter.write_line(trouble)


@contextlib.contextmanager
def _usage_errors() -> Generator[None, None, None]:
    """
    Turns our own errors into pytest's one-line usage error, exit code 4.
    """
    try:
        yield
    except MailvetError as exc:
        raise pytest.UsageError(str(exc)) from exc
