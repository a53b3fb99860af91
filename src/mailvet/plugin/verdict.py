"""
From judgements and errors to verdicts, findings and pytest's outcomes.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from mailvet.errors import ProbeError
from mailvet.model import (
    Cause,
    Commands,
    Finding,
    Judgement,
    Verdict,
    Waiver,
)
from mailvet.plugin.registry import SPECS
from mailvet.plugin.subject import Subject
from mailvet.remedy import fill, is_for, values_of
from mailvet.store import FactStore


class ControlFailedError(AssertionError):
    """
    A check decided that its control fails.
    """


def waiver_for(subject: Subject) -> Waiver | None:
    """
    The waiver that speaks about *subject*; one for its endpoint goes before one for all.
    """
    fitting = [
        waiver
        for waiver in subject.target.waivers
        if waiver.control == subject.control.id and waiver.covers(subject.endpoint)
    ]
    return max(fitting, key=lambda waiver: bool(waiver.endpoint), default=None)


def waiver_words(waiver: Waiver, today: dt.date) -> str:
    """
    What the report says about *waiver*.
    """
    state = "expired on" if waiver.expired(today) else "until"
    return f"{waiver.reason} (accepted by {waiver.owner}, {state} {waiver.until})"


def finding_of(
    subject: Subject,
    judgement: Judgement,
    *,
    verdict: Verdict,
    waiver: Waiver | None,
    evidence: tuple[str, ...],
    seconds: float,
    today: dt.date,
    fix: tuple[Commands, ...] = (),
) -> Finding:
    """
    The finding that the report shows.
    """
    control, endpoint = subject.control, subject.endpoint
    guide = (f"Guide section {', '.join(control.guide)}",) if control.guide else ()
    return Finding(
        control=control.id,
        statements=control.statements,
        area=control.area,
        title=control.title,
        target=subject.target.key,
        endpoint=endpoint.name if endpoint else "",
        port=endpoint.port if endpoint else None,
        verdict=verdict,
        cause=judgement.cause,
        severity=subject.target.severities.get(control.id, control.severity),
        requirement=control.statement,
        consequence=control.consequence,
        observed=judgement.observed,
        expected=judgement.expected,
        evidence=evidence,
        remedy=remedy_of(subject),
        references=(*control.references, *guide),
        waiver=waiver_words(waiver, today) if waiver else "",
        duration_s=round(seconds, 3),
        fix=fix if verdict in {Verdict.FAIL, Verdict.WAIVED} else (),
    )


def remedy_of(subject: Subject) -> Mapping[str, str]:
    """
    The remedy for the server behind the endpoint, with names and ports filled in.
    """
    values = values_of(subject.target, subject.endpoint)
    return {
        server: fill(words, values)
        for server, words in subject.control.remedy.items()
        if is_for(server, subject.endpoint, subject.control.remedy)
    }


def judgement_of_error(error: BaseException, place: str) -> Judgement:
    """
    The judgement when facts are missing, or when mailvet itself is at fault.
    """
    if isinstance(error, ProbeError):
        return Judgement(Verdict.UNVERIFIED, error.detail, "", error.cause)
    words = f"mailvet itself failed in {place}: {type(error).__name__}: {error}"
    return Judgement(Verdict.UNVERIFIED, words, "", Cause.TOOL)


def evidence_of(values: Mapping[str, Any], error: BaseException | None) -> tuple[str, ...]:
    """
    Transcripts and command output of the facts that a check was given, each as one text.
    """
    texts: list[str] = []
    for name, value in values.items():
        if name in SPECS:
            texts.extend(_evidence(name, value))
    if isinstance(error, ProbeError) and error.transcript:
        texts.append("\n".join(str(line) for line in error.transcript))
    return tuple(texts)


def _evidence(name: str, facts: Any) -> Iterator[str]:  # noqa: ANN401
    transcript = getattr(facts, "transcript", ())
    if transcript:
        yield f"# {name}\n" + "\n".join(str(line) for line in transcript)
    for output in getattr(facts, "commands", ()):
        yield f"# {name}\n$ {output.command}\n{output.stdout}{output.stderr}".rstrip()
    if not transcript and not getattr(facts, "commands", ()) and dataclasses.is_dataclass(facts):
        yield f"# {name}\n{facts}"


def seconds_of(store: FactStore, subject: Subject, names: tuple[str, ...]) -> float:
    """
    Seconds that the probes behind a finding took, the slowest of them.
    """
    return max((store.seconds(subject.key(name)) for name in names if name in SPECS), default=0.0)
