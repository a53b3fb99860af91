"""
The words of mailvet as types: targets, endpoints, controls, judgements, findings.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailvet.secret import SecretReference


class Verdict(StrEnum):
    """
    What a control came to on a target.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNVERIFIED = "unverified"
    WAIVED = "waived"


SEVEREST_FIRST = (
    Verdict.FAIL,
    Verdict.UNVERIFIED,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
"""A control judged on several endpoints has the first of these verdicts that occurs."""


class Cause(StrEnum):
    """
    Why something is unverified.
    """

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CREDENTIALS = "credentials"
    PRIVILEGE = "privilege"
    VANTAGE = "vantage"
    CLIENT_LIMIT = "client-limit"
    BLOCKED = "blocked"
    TOOL = "tool"


class Severity(StrEnum):
    """
    How much a failed control matters.
    """

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Activity(StrEnum):
    """
    What a control does to the audited host.

    Passive reads; active logs in, sends mail that it removes, or is refused; intrusive may lock
    somebody out or send mail elsewhere, and runs only with ``--allow intrusive``.
    """

    PASSIVE = "passive"
    ACTIVE = "active"
    INTRUSIVE = "intrusive"


class Security(StrEnum):
    """
    Transport security of an endpoint, in the terms of RFC 8314.
    """

    CLEARTEXT = "cleartext"
    STARTTLS = "starttls"
    IMPLICIT_TLS = "implicit-tls"


class Protocol(StrEnum):
    """
    What is spoken on an endpoint; ``submission`` is SMTP in the role of RFC 6409.
    """

    SMTP = "smtp"
    SUBMISSION = "submission"
    IMAP = "imap"
    POP3 = "pop3"
    SIEVE = "sieve"


class Vantage(StrEnum):
    """
    Where a probe's packets come from, seen from the target.
    """

    OUTSIDE = "outside"
    INSIDE = "inside"
    PARTNER = "partner"
    MTA = "mta"
    ON_HOST = "on-host"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One service of a target.

    Attributes:
        name: The name in the profile, by custom the one of the IANA registry (``submissions``).
        protocol: What is spoken there.
        port: TCP port.
        security: How TLS starts, if it does.
        optional: True in ``discover``: silence is then no failure, the service is not applicable.
    """

    name: str
    protocol: Protocol
    port: int
    security: Security
    optional: bool = False

    @property
    def kind(self) -> str:
        """
        Protocol and transport security as the catalogue selects them: ``imap/starttls``.
        """
        return f"{self.protocol}/{self.security}"


@dataclass(frozen=True, slots=True)
class Account:
    """
    A test account on the target.

    Attributes:
        name: The name in the inventory.
        user: Login name.
        address: Its mail address.
        password: Where its password is found.
        fresh: True if no mail client was ever used with it.
    """

    name: str
    user: str
    address: str
    password: SecretReference
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """
    How commands are run on a host.

    Attributes:
        connection: testinfra host spec, for example ``ssh://root@mail1``.
        ssh_config: Path of an OpenSSH client configuration to use with it.
        sudo: Whether commands need sudo.
    """

    connection: str
    ssh_config: str | None = None
    sudo: bool = False


@dataclass(frozen=True, slots=True)
class ExpectTls:
    """
    What TLS must be like.

    Attributes:
        minimum: Oldest protocol version that may be negotiated.
        minimum_days: Days that a certificate must at least remain valid.
        ems_required: Whether TLS 1.2 without Extended Master Secret must be refused (FIPS mode).
        tls13: Whether TLS 1.3 must be available.
        public_trust_smtp: Whether port 25 must show a certificate that clients can verify.
        key_files_private: Whether only root may read key files.
        dh_bits: Least size of Diffie-Hellman parameters, in bits.
    """

    minimum: str = "TLSv1.2"
    minimum_days: int = 14
    ems_required: bool = False
    tls13: bool = True
    public_trust_smtp: bool = True
    key_files_private: bool = True
    dh_bits: int = 2048

    def verifiable_on(self, endpoint: Endpoint) -> bool:
        """
        Whether clients verify the certificate on *endpoint*; other mail servers usually do not.
        """
        return endpoint.protocol is not Protocol.SMTP or self.public_trust_smtp


@dataclass(frozen=True, slots=True)
class ExpectRelay:
    """
    Who may send through the target without a password.

    Attributes:
        trusted_networks: Networks that mynetworks may contain, in CIDR notation.
        foreign_domains: Two domains that the target must never be responsible for, used in
            envelopes only: no message is sent to them.
    """

    trusted_networks: tuple[str, ...] = ()
    foreign_domains: tuple[str, ...] = ("example.org", "example.net")


@dataclass(frozen=True, slots=True)
class ExpectMail:
    """
    Names and domains of the deployment.

    Attributes:
        domain: The mail domain; empty means that no local recipient is known.
        hostname: What the server calls itself; empty means the name in the inventory.
        delivery_deadline: Seconds after which a message that did not arrive is lost.
        sender_restricted: Whether an account may send with its own addresses only.
    """

    domain: str = ""
    hostname: str = ""
    delivery_deadline: float = 20.0
    sender_restricted: bool = False


@dataclass(frozen=True, slots=True)
class ExpectLogin:
    """
    How users log in.

    Attributes:
        mechanisms: SASL mechanisms that submission must offer and accept.
        failing_logins: Most failing logins that one run may make on purpose: two for each service
            and one with an empty password. Fewer leave services unverified.
    """

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    failing_logins: int = 20


@dataclass(frozen=True, slots=True)
class ExpectMailboxes:
    """
    Special-use mailboxes that every user must find subscribed.

    Attributes:
        special_use: Special-use attributes of RFC 6154 without the backslash.
    """

    special_use: tuple[str, ...] = ("Drafts", "Junk", "Trash", "Sent")


@dataclass(frozen=True, slots=True)
class ExpectDovecot:
    """
    How Dovecot must be set up.

    Attributes:
        protocols: The exact set of ``protocols``.
        mail_user: Account that owns all mail.
        mail_root: Directory below which all mail is kept; empty means wherever it is configured.
        lmtp_socket: Path of the LMTP socket; empty means wherever it is configured.
        lmtp_socket_owner: Owner that the LMTP socket must have.
        lmtp_socket_modes: Acceptable modes of that socket, octal as text.
        listeners: TCP ports of Dovecot beyond those of the declared services.
        trusted_proxies: Networks of proxies that ``login_trusted_networks`` may name.
    """

    protocols: tuple[str, ...] = ()
    mail_user: str = "vmail"
    mail_root: str = ""
    lmtp_socket: str = ""
    lmtp_socket_owner: str = "postfix"
    lmtp_socket_modes: tuple[str, ...] = ("600", "660")
    listeners: tuple[int, ...] = ()
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectPostfix:
    """
    How Postfix must be set up.

    Attributes:
        listeners: TCP ports of Postfix beyond those of the declared services.
    """

    listeners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Expectations:
    """
    What a target must be like, one table for each subject.
    """

    tls: ExpectTls = field(default_factory=ExpectTls)
    relay: ExpectRelay = field(default_factory=ExpectRelay)
    mail: ExpectMail = field(default_factory=ExpectMail)
    login: ExpectLogin = field(default_factory=ExpectLogin)
    mailboxes: ExpectMailboxes = field(default_factory=ExpectMailboxes)
    dovecot: ExpectDovecot = field(default_factory=ExpectDovecot)
    postfix: ExpectPostfix = field(default_factory=ExpectPostfix)


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    A deviation that somebody accepted for a time.

    Attributes:
        control: Id of the control.
        reason: Why it is accepted.
        owner: Who accepted it.
        until: Last day on which it holds.
        endpoint: The one endpoint that it covers; empty means all of them.
        source: File in which it stands.
    """

    control: str
    reason: str
    owner: str
    until: dt.date
    endpoint: str = ""
    source: str = ""

    def covers(self, endpoint: Endpoint | None) -> bool:
        """
        Whether it speaks about *endpoint*.
        """
        return not self.endpoint or (endpoint is not None and endpoint.name == self.endpoint)

    def expired(self, today: dt.date) -> bool:
        """
        Whether *today* is after its last day.
        """
        return today > self.until


@dataclass(frozen=True, slots=True)
class Target:
    """
    One audited mail host, as the inventory and its profiles declare it.

    Attributes:
        key: Its name in the inventory; what ``--host`` says.
        address: Where it is reached: a name or an IP address.
        name: What clients call it: SNI and certificate name.
        profiles: Names of its profiles.
        digest: SHA-256 over all that was declared, for the report.
        roles: What it is declared to be (``dovecot``, ``postfix``, ``lmtp-socket`` …).
        endpoints: Its declared services.
        expect: What it must be like.
        accounts: Test accounts by name.
        shell: How commands are run on it; None without access.
        vantages: Hosts from which its services can be probed through SSH, by vantage.
        ca_file: Certificates that its clients trust; None means the system's.
        waivers: Accepted deviations.
        severities: Severities that the profile changes, by control id.
        discover: True if it was not declared, but is probed for whatever answers.
    """

    key: str
    address: str
    name: str
    profiles: tuple[str, ...]
    digest: str
    roles: frozenset[str]
    endpoints: tuple[Endpoint, ...]
    expect: Expectations
    accounts: Mapping[str, Account] = field(default_factory=dict)
    shell: Shell | None = None
    vantages: Mapping[Vantage, Shell] = field(default_factory=dict)
    ca_file: str | None = None
    waivers: tuple[Waiver, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    discover: bool = False

    def endpoint(self, name: str) -> Endpoint | None:
        """
        The declared endpoint called *name*.
        """
        return next((each for each in self.endpoints if each.name == name), None)

    @property
    def hostname(self) -> str:
        """
        What the server must call itself.
        """
        return self.expect.mail.hostname or self.name


@dataclass(frozen=True, slots=True)
class Control:
    """
    A requirement, in words; the check that decides it carries its id only.

    Attributes:
        id: ``AREA-NN``, never reused.
        area: Key of its area.
        title: What is so when it passes, at most 80 characters.
        statement: The requirement.
        severity: How much a failure matters unless the profile says otherwise.
        consequence: What happens to users when it fails.
        activity: What deciding it does to the host.
        requires: Roles that the profile must declare; otherwise it is not applicable.
        endpoints: Patterns over ``protocol/security``; empty means once per target.
        guide: Sections of the guide.
        statements: Ids of the guide's statements that it decides.
        references: Standards, clause included.
        remedy: What to do, by ``postfix``, ``dovecot``, ``host`` and ``verify``.
        proof: Where its failing case is shown: ``mutant``, or ``recorded`` with the reason.
        negative: True if it passes on a refusal, a denial or an absence; such a pass is worth
            nothing unless the server showed in the same breath that it was talking.
    """

    id: str
    area: str
    title: str
    statement: str
    severity: Severity
    consequence: str
    activity: Activity
    requires: tuple[str, ...]
    endpoints: tuple[str, ...]
    guide: tuple[str, ...]
    statements: tuple[str, ...]
    references: tuple[str, ...]
    remedy: Mapping[str, str]
    proof: str = "mutant"
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a check decided, before waivers.

    Attributes:
        verdict: pass, fail, unverified or not-applicable.
        observed: What was seen, in words for the administrator.
        expected: What would pass.
        cause: Why, if unverified.
    """

    verdict: Verdict
    observed: str
    expected: str
    cause: Cause | None = None


def judge(satisfied: bool, *, observed: str, expected: str) -> Judgement:
    """
    The judgement of facts that settle the question one way or the other.
    """
    return Judgement(Verdict.PASS if satisfied else Verdict.FAIL, observed, expected)


def unverified(cause: Cause, *, observed: str, expected: str) -> Judgement:
    """
    The judgement of facts that leave the question open, for example a refusal for another reason.
    """
    return Judgement(Verdict.UNVERIFIED, observed, expected, cause)


def not_applicable(reason: str) -> Judgement:
    """
    The judgement of facts that show that the question does not arise.
    """
    return Judgement(Verdict.NOT_APPLICABLE, reason, "")


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


@dataclass(frozen=True, slots=True)
class NotRun:
    """
    A control that was not judged, and why.
    """

    control: str
    target: str
    reason: str


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
class Area:
    """
    A subject under which controls are grouped.
    """

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    All that the renderers need.
    """

    run: Run
    areas: tuple[Area, ...]
    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]
