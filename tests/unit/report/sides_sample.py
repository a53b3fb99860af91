"""
The parts of the sample report that are not findings: ports with both sides, and benchmarks.
"""

from mailvet.model import Agreement, Benchmark, Cause, Comparison, Standing

SAME, DIFFERENT = Agreement.SAME, Agreement.DIFFERENT


def _row(
    place: tuple[str, int],
    subject: str,
    wire: str,
    configured: str,
    agreement: Agreement = SAME,
    *,
    note: str = "",
    cause: Cause | None = None,
    decided_by: str = "",
) -> Comparison:
    return Comparison(
        "mail1", *place, subject, wire, configured, agreement, note, cause, decided_by
    )


def comparisons(hostile: str) -> tuple[Comparison, ...]:
    """
    Rows of every kind; one answer is *hostile*.
    """
    smtp, submission, imaps = ("smtp", 25), ("submission", 587), ("imaps", 993)
    return (
        _row(smtp, "listening", "0.0.0.0:25 (postfix)", "0.0.0.0, ::", DIFFERENT, decided_by="P-1"),
        _row(smtp, "greeting", hostile, "mail1.example.com ESMTP", DIFFERENT),
        _row(smtp, "TLS versions", "not seen", "TLSv1.2", cause=Cause.TIMEOUT, note="no answer"),
        _row(submission, "message size", "SIZE 10240000", "SIZE 10240000"),
        _row(
            submission,
            "TLS versions",
            "TLSv1.2, TLSv1.3",
            "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 (smtpd_tls_protocols = !SSLv2, !SSLv3)",
            Agreement.STRICTER,
            note="OpenSSL refuses more than the configuration does",
        ),
        _row(submission, "AUTH before TLS", "no AUTH", "no AUTH"),
        _row(
            submission,
            "mechanisms inside TLS",
            "PLAIN",
            "LOGIN PLAIN",
            Agreement.NOT_COMPARED,
            note="it depends on the client",
        ),
        _row(imaps, "everything", "not seen", "not read", cause=Cause.PRIVILEGE, note="no shell"),
    )


def benchmarks() -> tuple[Benchmark, ...]:
    """
    A rule for every standing.
    """
    return tuple(
        Benchmark(
            target="mail1",
            control=f"BENCH-{number:02}",
            rule=f"Example Benchmark v1.0, rule {number}",
            demand="no server for reading mail is in use",
            setting="dovecot.service active, enabled",
            standing=standing,
            measured=("dovecot serves the network on 143, 993, and on no other port",),
            cause=Cause.BLOCKED if standing is Standing.UNPROVEN else None,
            waiver="The rule is not followed to the letter on mail1.\nReason: its role."
            if standing is Standing.COMPENSATED
            else "",
        )
        for number, standing in enumerate(Standing, 1)
    )
