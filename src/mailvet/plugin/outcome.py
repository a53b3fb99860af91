"""
One item on its way through pytest: judged, turned into an outcome, described as a finding.
"""

import datetime as dt
import inspect

import pytest

from mailvet.errors import CatalogueError
from mailvet.facts.reach import ReachFacts
from mailvet.model import Cause, Finding, Judgement, Verdict, judge, not_applicable
from mailvet.plugin.keys import AUDIT, JUDGEMENT
from mailvet.plugin.repair import fix_of
from mailvet.plugin.selection import REACH
from mailvet.plugin.subject import Subject
from mailvet.plugin.verdict import (
    ControlFailedError,
    evidence_of,
    finding_of,
    judgement_of_error,
    seconds_of,
    waiver_for,
    waiver_words,
)
from mailvet.plugin.waivers import no_longer_needed
from mailvet.report.junit import junit_properties

NOT_GIVEN = frozenset({Cause.CREDENTIALS, Cause.PRIVILEGE})
"""What a host that is discovered cannot have: nobody declared accounts or a shell for it."""


class UnverifiedError(Exception):
    """
    A check found that its facts leave the question open.
    """


def settle(item: pytest.Item, subject: Subject, *, deciding: bool = False) -> None:
    """
    Raises what pytest has to see: nothing for a pass.

    Before the facts are there (*deciding* is false) only what the declaration rules out is raised.
    """
    if not deciding:
        reason = subject.not_applicable or _silent(item, subject)
        if reason:
            item.stash[JUDGEMENT] = not_applicable(reason)
            pytest.skip(reason)
        return
    judgement = item.stash[JUDGEMENT]
    waiver = waiver_for(subject)
    today = dt.datetime.now(dt.UTC).date()
    if judgement.verdict is Verdict.FAIL:
        if waiver and not waiver.expired(today):
            pytest.xfail(waiver_words(waiver, today))
        raise ControlFailedError(_words(judgement))
    if waiver and no_longer_needed(item, subject, waiver):
        words = f"the waiver is no longer needed: remove it from {waiver.source}"
        item.stash[JUDGEMENT] = judge(
            False, observed=f"{words} (now: {judgement.observed})", expected="no needless waiver"
        )
        raise ControlFailedError(words)


def _silent(item: pytest.Item, subject: Subject) -> str:
    """
    Why a service that need not be there is not judged: it does not answer; else empty.
    """
    if subject.endpoint is None or not subject.endpoint.optional:
        return ""
    store = item.config.stash[AUDIT].store
    key = subject.key(REACH)
    if not store.has(key):
        return ""
    reach: ReachFacts = store.get(key)
    return "" if reach.answers else f"nothing declares this service, and it is not there: {reach}"


def decide(item: pytest.Item, subject: Subject) -> None:
    """
    Calls the check with its facts.

    Raises:
        UnverifiedError: They leave it open.
    """
    assert isinstance(item, pytest.Function)  # noqa: S101
    names = inspect.signature(item.function).parameters
    judgement = item.function(**{name: item.funcargs[name] for name in names})
    if not isinstance(judgement, Judgement):
        raise CatalogueError(f"the check of {subject.control.id} returned no Judgement")
    if subject.target.discover and judgement.cause in NOT_GIVEN:
        judgement = not_applicable(f"needs an inventory entry for this host: {judgement.observed}")
    item.stash[JUDGEMENT] = judgement
    if judgement.verdict is Verdict.NOT_APPLICABLE:
        pytest.skip(judgement.observed)
    if judgement.verdict is Verdict.UNVERIFIED:
        raise UnverifiedError(_words(judgement))


def describe(
    item: pytest.Item, subject: Subject, report: pytest.TestReport, call: pytest.CallInfo[None]
) -> Finding:
    """
    The finding of an item; the report gets its words in place of a traceback.
    """
    audit = item.config.stash[AUDIT]
    error = call.excinfo.value if call.excinfo else None
    judgement = item.stash.get(JUDGEMENT, None)
    if judgement is None:
        assert error is not None  # noqa: S101
        judgement = judgement_of_error(error, item.name)
    verdict = Verdict.WAIVED if isinstance(error, pytest.xfail.Exception) else judgement.verdict
    values = getattr(item, "funcargs", {})
    finding = finding_of(
        subject,
        judgement,
        verdict=verdict,
        waiver=waiver_for(subject),
        evidence=evidence_of(values, error),
        seconds=seconds_of(audit.store, subject, tuple(values)),
        today=dt.datetime.now(dt.UTC).date(),
        fix=fix_of(subject, audit.store),
    )
    audit.finding(finding)
    properties = [pair for pair in junit_properties(finding) if pair not in item.user_properties]
    item.user_properties.extend(properties)
    report.user_properties = list(item.user_properties)
    if verdict in {Verdict.FAIL, Verdict.UNVERIFIED}:
        report.longrepr = _words(judgement)
    return finding


def _words(judgement: Judgement) -> str:
    cause = f" ({judgement.cause})" if judgement.cause else ""
    expected = f"\nexpected: {judgement.expected}" if judgement.expected else ""
    return f"{judgement.verdict}{cause}: {judgement.observed}{expected}"
