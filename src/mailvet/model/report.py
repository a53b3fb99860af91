"""
What a run found.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailvet.model.control import Area
from mailvet.model.footprint import Footprint
from mailvet.model.verdict import Cause, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Commands:
    """
    Shell commands that repair what a finding is about, to be run as root on the host.

    Attributes:
        server: Whose configuration they change: ``postfix``, ``dovecot`` or ``host``.
        run: The commands; names, ports and the profile's values are filled in.
        since: First version of the server for which they are right; empty means all.
        before: First version for which they are no longer right; empty means all.
        version: The version that was found; empty if it is not known, so that whoever runs
            them has to choose.
    """

    server: str
    run: str
    since: str = ""
    before: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A control on a target, or on one endpoint of it.

    Attributes:
        control: Id of the control.
        statements: The guide's statements that it decides.
        area: Key of the area.
        title: Title of the control.
        target: Key of the target.
        endpoint: Name of the endpoint; empty for controls on the whole target.
        port: Port of the endpoint; None for controls on the whole target.
        verdict: The verdict, waivers applied.
        cause: Why, if unverified.
        severity: Severity, the profile's changes applied.
        requirement: Statement of the control.
        consequence: Consequence of the control.
        observed: What was seen; for not-applicable, the reason.
        expected: What would pass.
        evidence: Redacted transcripts and command output.
        remedy: What to do, by server or ``verify``; names and ports are filled in.
        references: Standards and guide sections.
        waiver: Words of the waiver that applies.
        duration_s: Seconds that its probes took.
        fix: If it fails, the commands that repair it on this very host.
    """

    control: str
    statements: tuple[str, ...]
    area: str
    title: str
    target: str
    endpoint: str
    port: int | None
    verdict: Verdict
    cause: Cause | None
    severity: Severity
    requirement: str
    consequence: str
    observed: str
    expected: str
    evidence: tuple[str, ...]
    remedy: Mapping[str, str]
    references: tuple[str, ...]
    waiver: str
    duration_s: float
    fix: tuple[Commands, ...] = ()


@dataclass(frozen=True, slots=True)
class NotRun:
    """
    A control that was not judged, and why.
    """

    control: str
    target: str
    reason: str


class Agreement(StrEnum):
    """
    How what a port says compares with what the configuration says.
    """

    SAME = "same"
    STRICTER = "stricter"
    DIFFERENT = "different"
    NOT_COMPARED = "not-compared"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One question, answered by a port and by the configuration behind it.

    Attributes:
        target: Key of the target.
        endpoint: Name of the endpoint.
        port: Its port.
        subject: The question, in words.
        wire: What the port says.
        configured: What the configuration says.
        agreement: How the two compare.
        note: Why they were not compared, or what explains a difference that is no fault.
        cause: Why nothing could be seen, where something should have been; None otherwise.
        decided_by: Id of the control that judges it; empty for the control of the comparison.
    """

    target: str
    endpoint: str
    port: int
    subject: str
    wire: str
    configured: str
    agreement: Agreement
    note: str = ""
    cause: Cause | None = None
    decided_by: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: the port says {self.wire}, the configuration {self.configured}"


class Standing(StrEnum):
    """
    How a host stands to a benchmark's rule that its role may contradict.
    """

    STOPS_MAIL = "stops-mail"
    UNFOUNDED = "unfounded"
    UNPROVEN = "unproven"
    COMPENSATED = "compensated"
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """
    A rule of a benchmark, and what the host does about it.

    Attributes:
        target: Key of the target.
        control: Id of the control that judges it.
        rule: Benchmark, version and number.
        demand: What it demands, in our own words.
        setting: What the host has.
        standing: Whether it is followed, what that does to the mail, or what makes up for it.
        measured: What was seen that shows so.
        cause: Why nothing is shown; None if something is.
        waiver: Text for a waiver; empty if there is nothing to waive, or nothing to say for it.
    """

    target: str
    control: str
    rule: str
    demand: str
    setting: str
    standing: Standing
    measured: tuple[str, ...]
    cause: Cause | None = None
    waiver: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """
    One kind of change on a server, on its way to the server that it replicates with.

    Attributes:
        change: What was changed, in words.
        seconds: How long each trial took to arrive; None for one that did not within the limit.
        faults: What was wrong with what arrived, and why others did not.
    """

    change: str
    seconds: tuple[float | None, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Convergence:
    """
    How long changes on a target take to reach its partner.

    Attributes:
        target: Key of the target.
        partner: Key of its partner.
        limit: Seconds within which they must arrive.
        journeys: Each kind of change that was tried.
    """

    target: str
    partner: str
    limit: float
    journeys: tuple[Journey, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """
    The longest chain of waits of a run.

    Attributes:
        facts: Names of the facts in it, first to last.
        seconds: How long they took one after the other.
        wall_s: How long the gathering of all facts took.
    """

    facts: tuple[str, ...]
    seconds: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class TlsProperty:
    """
    What was seen of one property of TLS, and what the policy does not allow of it.

    Attributes:
        name: The property: ``versions``, ``suites``, ``groups`` …
        values: What was seen, in words.
        wrong: What of it, or in its place, the policy does not allow.
        wanted: What the policy allows, in words; empty if it says nothing.
    """

    name: str
    values: tuple[str, ...]
    wrong: tuple[str, ...]
    wanted: str


@dataclass(frozen=True, slots=True)
class TlsPort:
    """
    One row of the matrix of ports and properties.

    Attributes:
        target: Key of the host.
        endpoint: Name of the service.
        port: Its port.
        policy: Name of the policy.
        properties: In a fixed order; none if nothing could be seen.
        unseen: Why nothing, or not everything, could be seen.
    """

    target: str
    endpoint: str
    port: int
    policy: str
    properties: tuple[TlsProperty, ...]
    unseen: str


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """
    What the report says about a target itself.
    """

    key: str
    address: str
    name: str
    profiles: tuple[str, ...]
    digest: str
    vantage: str


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run of the audit.

    Attributes:
        id: Nonce of the run, found in everything that it created.
        started: Start, UTC.
        ended: End, UTC.
        complete: False if it was interrupted or controls were left out on the command line.
        incomplete_reason: Why, if it is not complete.
        arguments: The command line, without secrets.
        versions: Versions of mailvet and of the libraries that matter, by name.
        targets: The audited targets.
        chain: The longest chain of waits.
        gate: Outcome of the acceptance gate: ``passed``, ``refused``, or empty without ``--gate``.
    """

    id: str
    started: dt.datetime
    ended: dt.datetime
    complete: bool
    incomplete_reason: str
    arguments: tuple[str, ...]
    versions: Mapping[str, str]
    targets: tuple[TargetSummary, ...]
    chain: Chain | None
    gate: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    All that the renderers need.
    """

    run: Run
    areas: tuple[Area, ...]
    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]
    comparisons: tuple[Comparison, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    activity: tuple[Footprint, ...] = ()
    convergences: tuple[Convergence, ...] = ()
    tls: tuple[TlsPort, ...] = ()
