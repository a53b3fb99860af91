"""
A report as a real host gives it, with every verdict, every cause, and hostile bytes.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from mailvet.model import (
    Area,
    Cause,
    Chain,
    Finding,
    NotRun,
    Report,
    Run,
    Severity,
    TargetSummary,
    Verdict,
)
from tests.unit.report.sides_sample import benchmarks, comparisons

HOSTILE = (
    "220 <script>alert(1)</script> </script></pre>{{7*7}}{% raw %} \u202egnp.exe \x00\x1b[31m\r\nX"
)
"""What a hostile server may send: markup, template code, reversed text, NUL, terminal control."""

AREAS = (
    Area("ports", "Ports and services"),
    Area("tls", "TLS and certificates"),
    Area("auth", "Login and passwords"),
    Area("relay", "Relaying"),
    Area("lmtp", "Delivery over LMTP"),
    Area("mailboxes", "Mailboxes"),
    Area("mailflow", "Mail flow"),
    Area("host", "Host and files"),
)

SMTP, SUBMISSION, SUBMISSIONS = ("smtp", 25), ("submission", 587), ("submissions", 465)
IMAP, IMAPS, POP3, POP3S, SIEVE = (
    ("imap", 143), ("imaps", 993), ("pop3", 110), ("pop3s", 995), ("sieve", 4190),
)  # fmt: skip
STARTTLS = (SMTP, SUBMISSION, IMAP, POP3, SIEVE)
ENCRYPTED = (SMTP, SUBMISSION, SUBMISSIONS, IMAP, IMAPS, POP3, POP3S, SIEVE)
MAILBOX = (IMAP, IMAPS, POP3, POP3S)

Place = tuple[str, int | None]
WHOLE_HOST: tuple[Place, ...] = (("", None),)


@dataclass(frozen=True)
class Said:
    """
    What the sample says about a control on an endpoint.
    """

    verdict: Verdict
    observed: str
    cause: Cause | None = None
    evidence: tuple[str, ...] | None = None
    waiver: str = ""


@dataclass(frozen=True)
class Sample:
    """
    A control of the sample, and what differs from pass.
    """

    id: str
    title: str
    severity: Severity
    places: tuple[Place, ...]
    observed: str
    expected: str
    consequence: str
    references: tuple[str, ...] = ()
    remedy: Mapping[str, str] | None = None
    said: Mapping[str, Said] | None = None


C, H, M, L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

TRANSCRIPT = """\
# session
  0.000 * connected to 198.51.100.10 port {port} from 203.0.113.7
  0.012 < 220 mail1.example.com ESMTP Postfix
  0.012 > EHLO audit.example.net
  0.025 < 250-mail1.example.com
  0.025 < 250-PIPELINING
  0.025 < 250-SIZE 10240000
  0.025 < 250-STARTTLS
  0.025 < 250 8BITMIME
  0.026 > STARTTLS
  0.038 < 220 2.0.0 Ready to start TLS
  0.071 * TLSv1.3, TLS_AES_256_GCM_SHA384, X25519
  0.072 > AUTH PLAIN ***
  0.310 < 235 2.7.0 Authentication successful"""

RELAYED = """\
  0.000 * connected to 198.51.100.10 port 25 from 203.0.113.7
  0.011 < 220 mail1.example.com ESMTP Postfix
  0.011 > EHLO audit.example.net
  0.023 < 250 mail1.example.com
  0.023 > MAIL FROM:<probe-4f1c@example.net>
  0.031 < 250 2.1.0 Ok
  0.031 > RCPT TO:<alice@example.com>
  0.044 < 250 2.1.5 Ok
  0.044 > RCPT TO:<probe-4f1c@example.org>
  0.055 < 250 2.1.5 Ok
  0.055 > RSET
  0.061 < 250 2.0.0 Ok"""

EXPIRED = Said(
    Verdict.FAIL,
    "The certificate is valid until 2026-11-25, 3 days from now",
    evidence=(
        "subject=CN = mail1.example.com\nissuer=CN = Example Issuing CA\n"
        "notBefore=Aug 27 00:00:00 2026 GMT\nnotAfter=Nov 25 23:59:59 2026 GMT",
    ),
)

SAMPLES = (
    Sample(
        "RELAY-01",
        "Mail for other domains is refused without a login",
        C,
        (SMTP, SUBMISSION),
        "RCPT for example.org is refused: 554 5.7.1",
        "454 4.7.1 or 554 5.7.1 for example.org, after a local recipient was accepted",
        "Strangers send spam through this host; within hours it is on every block list and the"
        " mail of all users is rejected.",
        ("RFC 5321 §7.1", "RFC 2505 §2.1", "guide §2.4"),
        {
            "postfix": "postconf -e 'smtpd_relay_restrictions = permit_mynetworks,"
            " permit_sasl_authenticated, defer_unauth_destination'\npostfix reload",
            "verify": "swaks --server mail1.example.com:25 --from probe@example.net"
            " --to probe@example.org --quit-after RCPT",
        },
        {
            "smtp": Said(
                Verdict.FAIL,
                "RCPT for example.org is accepted with 250 2.1.5 from 203.0.113.7, without a login",
                evidence=(RELAYED,),
            )
        },
    ),
    Sample(
        "TLS-04",
        "Certificates stay valid for two weeks",
        H,
        ENCRYPTED,
        "Valid until 2027-02-11, 81 days from now",
        "At least 14 days of validity left",
        "Clients show warnings or stop to connect on the day the certificate ends.",
        ("RFC 5280 §4.1.2.5", "guide §1.1.2"),
        {
            "host": "Renew the certificate, then let both servers read it:\n"
            "systemctl reload postfix dovecot",
            "verify": "openssl s_client -connect mail1.example.com:993 </dev/null"
            " | openssl x509 -noout -enddate",
        },
        {"imaps": EXPIRED, "imap": EXPIRED, "pop3": EXPIRED, "pop3s": EXPIRED},
    ),
    Sample(
        "AUTH-03",
        "Passwords are refused before TLS",
        C,
        (SUBMISSION, IMAP, POP3),
        "AUTH is refused before TLS: 530 5.7.0",
        "502, 503, 504, 523, 530 or 538 before TLS",
        "Passwords cross the network readable for everybody on the way.",
        ("RFC 4954 §4", "RFC 8314 §3.3", "RFC 9051 §6.2.3"),
        {
            "dovecot": "In /etc/dovecot/conf.d/10-auth.conf set:\ndisable_plaintext_auth = yes\n"
            "then: doveadm reload"
        },
        {
            "imap": Said(
                Verdict.FAIL,
                "LOGIN with a wrong password is answered with NO"
                " [AUTHENTICATIONFAILED]: the server looked at the password",
                evidence=(
                    "  0.000 * connected to 198.51.100.10 port 143 from 203.0.113.7\n"
                    "  0.010 < * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] Dovecot ready.\n"
                    "  0.011 > a1 LOGIN nobody-4f1c ***\n"
                    "  2.204 < a1 NO [AUTHENTICATIONFAILED] Authentication failed.",
                ),
            ),
            "pop3": Said(Verdict.UNVERIFIED, "No answer to USER within 20 s", Cause.TIMEOUT),
        },
    ),
    Sample(
        "PORTS-07",
        "No service answers that was not declared",
        M,
        WHOLE_HOST,
        "Only declared ports accept connections",
        "25, 110, 143, 465, 587, 993, 995, 4190",
        "What nobody knows of, nobody updates.",
        ("guide §1.7",),
        {
            "host": "firewall-cmd --permanent --remove-port=2000/tcp && firewall-cmd --reload",
            "verify": "ss -Htlnp",
        },
        {
            "": Said(
                Verdict.FAIL,
                "Port 2000 accepts connections and says: " + HOSTILE,
                evidence=(HOSTILE, "# listeners\n$ ss -Htlnp\n" + HOSTILE),
            )
        },
    ),
    Sample(
        "MAILBOXES-02",
        "Special-use mailboxes are subscribed for new users",
        L,
        WHOLE_HOST,
        "Drafts, Junk, Trash and Sent are subscribed",
        "Drafts, Junk, Trash, Sent",
        "Mail clients make their own folders, each with another name.",
        ("RFC 6154 §2", "guide §1.9"),
        {
            "dovecot": "Add auto = subscribe to each mailbox in"
            " /etc/dovecot/conf.d/15-mailboxes.conf, then: doveadm reload"
        },
        {"": Said(Verdict.FAIL, "Junk (\\Junk) exists but is not subscribed")},
    ),
    Sample(
        "RELAY-04",
        "Header addresses of others are refused to logged-in users",
        H,
        (SUBMISSION, SUBMISSIONS),
        "Refused: 553 5.7.1",
        "553 5.7.1",
        "Any account that was stolen can write in the name of the management.",
        ("RFC 6409 §6.1",),
        None,
        {
            "submission": Said(
                Verdict.WAIVED,
                "A sender of another user is accepted: 250 2.1.0",
                waiver="Shared mailboxes until the migration of the help desk; owner"
                " postmaster@example.com; until 2027-01-31",
            ),
            "submissions": Said(
                Verdict.WAIVED,
                "A sender of another user is accepted: 250 2.1.0",
                waiver="Shared mailboxes until the migration of the help desk; owner"
                " postmaster@example.com; until 2027-01-31",
            ),
        },
    ),
    Sample(
        "TLS-09",
        "TLS 1.2 without Extended Master Secret is refused",
        M,
        ENCRYPTED[:4],
        "The handshake with EMS completes, the same one without it does not",
        "Refused",
        "On hosts in FIPS mode such sessions are not allowed.",
        ("RFC 7627 §5.3",),
        None,
        {
            each[0]: Said(
                Verdict.UNVERIFIED, "OpenSSL here offers no hello without EMS", Cause.CLIENT_LIMIT
            )
            for each in ENCRYPTED[:4]
        },
    ),
    Sample(
        "HOST-05",
        "Only root may read key files",
        C,
        WHOLE_HOST,
        "/etc/pki/tls/private/mail1.key is 0600 root:root",
        "0600 root:root",
        "Whoever reads the key can impersonate the server.",
        ("guide §1.1.2",),
        None,
        {
            "": Said(
                Verdict.UNVERIFIED, "The inventory declares no shell for mail1", Cause.PRIVILEGE
            )
        },
    ),
    Sample(
        "HOST-06",
        "Every directory above the key files belongs to root",
        H,
        WHOLE_HOST,
        "root",
        "root",
        "Whoever owns a directory can exchange what is in it.",
        ("guide §1.1.2",),
        None,
        {
            "": Said(
                Verdict.UNVERIFIED, "The inventory declares no shell for mail1", Cause.PRIVILEGE
            )
        },
    ),
    Sample(
        "RELAY-05",
        "mynetworks contains only declared networks",
        H,
        WHOLE_HOST,
        "",
        "203.0.113.0/24",
        "Whole networks send without a login.",
        ("guide §2.4",),
        None,
        {
            "": Said(
                Verdict.UNVERIFIED,
                "All probes come from 127.0.0.1, which mynetworks trusts",
                Cause.VANTAGE,
            )
        },
    ),
    Sample(
        "MAILFLOW-03",
        "A message to a local user arrives",
        C,
        WHOLE_HOST,
        "Arrived after 0.8 s",
        "In the mailbox within 20 s",
        "Mail is lost.",
        ("RFC 5321 §4.2.5",),
        None,
        {
            "": Said(
                Verdict.UNVERIFIED, "No test account is named in the inventory", Cause.CREDENTIALS
            )
        },
    ),
    Sample(
        "MAILFLOW-04",
        "Sieve rules sort incoming mail",
        M,
        WHOLE_HOST,
        "Sorted",
        "Sorted",
        "Rules of users have no effect.",
        ("RFC 5228 §1",),
        None,
        {
            "": Said(
                Verdict.UNVERIFIED, "Delivery (MAILFLOW-03) could not be observed", Cause.BLOCKED
            )
        },
    ),
    Sample(
        "LMTP-04",
        "LMTP over TCP is closed to strangers",
        H,
        WHOLE_HOST,
        "Port 24 is closed",
        "Closed",
        "Anybody injects mail past every filter.",
        ("RFC 2033 §5",),
        None,
        {"": Said(Verdict.NOT_APPLICABLE, "No LMTP over TCP is declared (role lmtp-socket)")},
    ),
    Sample(
        "AUTH-08",
        "LDAP users are looked up over TLS",
        H,
        WHOLE_HOST,
        "ldaps",
        "ldaps",
        "Passwords cross the network in the clear.",
        ("RFC 4513 §3",),
        None,
        {"": Said(Verdict.NOT_APPLICABLE, "The profile does not declare the role ldap")},
    ),
)

ORDINARY = {
    "ports": ("The declared service answers", "No daemon listens on all addresses by mistake",
        "Dovecot serves the declared protocols only", "Postfix serves the declared ports only",
        "Services start at boot", "The firewall opens what is declared, now and after a reboot"),
    "tls": ("STARTTLS is offered and the handshake completes", "TLS 1.3 is available",
        "TLS older than 1.2 is refused", "The certificate names the host clients connect to",
        "The chain leads to a CA that clients trust", "Commands sent before TLS are discarded",
        "One certificate is served on every port"),
    "auth": ("A right password is accepted", "A wrong password is refused",
        "An empty password is refused", "Unknown users look like wrong passwords",
        "System accounts cannot log in", "Only PLAIN and LOGIN are offered, and only inside TLS"),
    "relay": ("Local recipients are accepted", "Percent and bang paths are not relayed",
        "Quoted and nested addresses are not relayed"),
    "lmtp": ("Postfix delivers over the LMTP socket", "The socket belongs to Postfix",
        "Nobody else may enter the directory of the socket"),
    "mailboxes": ("Users see their own mailboxes only", "Quota is enforced",
        "Special-use mailboxes exist"),
    "mailflow": ("A message sent with a login arrives", "Unknown recipients are refused at once",
        "Messages beyond the declared size are refused"),
    "host": ("postfix check finds nothing", "doveconf finds no error",
        "The running configuration is the one on disk", "Mail belongs to vmail only"),
}  # fmt: skip

WHERE = {"tls": ENCRYPTED, "auth": MAILBOX, "ports": WHOLE_HOST}


def build_report(*, hosts: int = 1, broken: bool = True, padding: int = 0) -> Report:
    """
    The sample.

    Args:
        hosts: Number of targets; all but the first are sound.
        broken: Whether the first target has the failures of ``SAMPLES``.
        padding: Additional passing controls.
    """
    keys = [f"mail{number}" for number in range(1, hosts + 1)]
    findings: list[Finding] = []
    for key in keys:
        for sample in (*SAMPLES, *_ordinary(padding)):
            findings += _findings(sample, key, as_said=broken and key == "mail1")
    not_run = (
        NotRun("AUTH-12", "mail1", "intrusive, needs --allow intrusive"),
        NotRun("RELAY-08", "mail1", "intrusive, needs --allow intrusive"),
    )
    return Report(
        _run(keys, broken=broken),
        AREAS,
        tuple(findings),
        not_run if broken else (),
        comparisons(HOSTILE) if broken else (),
        benchmarks() if broken else (),
    )


def _ordinary(padding: int) -> list[Sample]:
    samples = []
    for area, titles in ORDINARY.items():
        places = WHERE.get(area, WHOLE_HOST)
        for number, title in enumerate(titles, 20):
            samples.append(_pass(f"{area.upper()}-{number}", title, places))
    samples += [
        _pass(f"HOST-{n}", f"File {n} is right", WHOLE_HOST) for n in range(40, 40 + padding)
    ]
    return samples


def _pass(control: str, title: str, places: tuple[Place, ...]) -> Sample:
    return Sample(
        control, title, M, places, "As required", "As required", "Users notice.", ("RFC 5321 §2",),
        {"postfix": "postconf -n", "verify": "openssl s_client -connect mail1.example.com:25"},
    )  # fmt: skip


def _findings(sample: Sample, target: str, *, as_said: bool) -> list[Finding]:
    area = sample.id.rsplit("-", 1)[0].lower()
    found = []
    for endpoint, port in sample.places:
        default = Said(Verdict.PASS, sample.observed)
        said = (sample.said or {}).get(endpoint, default) if as_said else default
        evidence = said.evidence
        if evidence is None:
            evidence = (
                (TRANSCRIPT.format(port=port),) if endpoint else ("# postfix\n$ postconf -n\nok",)
            )
        found.append(
            Finding(
                control=sample.id,
                statements=(f"dovecot.{area}.sample", f"postfix.{area}.sample"),
                area=area,
                title=sample.title,
                target=target,
                endpoint=endpoint,
                port=port,
                verdict=said.verdict,
                cause=said.cause,
                severity=sample.severity,
                requirement=f"{sample.title}, on every endpoint that the profile declares.",
                consequence=sample.consequence,
                observed=said.observed,
                expected=sample.expected,
                evidence=evidence,
                remedy=sample.remedy or {},
                references=sample.references,
                waiver=said.waiver,
                duration_s=0.31,
            )
        )
    return found


def _run(keys: list[str], *, broken: bool) -> Run:
    started = dt.datetime(2026, 11, 22, 3, 2, 11, tzinfo=dt.UTC)
    return Run(
        id="4f1c9a2e",
        started=started,
        ended=started + dt.timedelta(seconds=7.4),
        complete=True,
        incomplete_reason="",
        arguments=("pytest", *(word for key in keys for word in ("--host", key)), "--gate"),
        versions={"mailvet": "0.1.0", "pytest": "9.2.0", "OpenSSL": "3.0.17"},
        targets=tuple(
            TargetSummary(
                key, f"198.51.100.{number}", f"{key}.example.com", ("mx", "baseline"),
                f"{number:02x}" * 32, "outside, from 203.0.113.7",
            )
            for number, key in enumerate(keys, 10)
        ),
        chain=Chain(("session", "login", "delivery", "mailboxes"), 5.2, 6.1),
        gate="refused" if broken else "passed",
    )  # fmt: skip
