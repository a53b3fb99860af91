"""
Whole audits of a host that does everything right, and of hosts that do one thing wrong.

They show without the lab that the gauntlet's silence is no accident: what the controls refuse to
call safe there, they do pass here, and they fail it where it is broken.
"""

from tests.fakes.context import PASSWORD
from tests.fakes.honest_session import Flaw
from tests.gauntlet.conftest import Audit, negative_controls

OUT_OF_REACH = {"privilege", "vantage"}
"""Causes of what cannot be seen without a shell or a second place to look from."""

CAUGHT_BY = {
    Flaw.OPEN_RELAY: {"RELAY-01"},
    Flaw.SENDER_OPENS_RELAY: {"RELAY-02"},
    Flaw.SUBMISSION_WITHOUT_LOGIN: {"RELAY-03"},
    Flaw.AUTH_BEFORE_TLS: {"AUTH-01", "AUTH-02", "AUTH-03", "AUTH-04", "AUTH-05"},
    Flaw.UNANNOUNCED_AUTH_BEFORE_TLS: {"AUTH-01", "AUTH-03", "AUTH-04", "AUTH-05"},
    Flaw.TALKS_BEFORE_HANDSHAKE: {"TLS-07"},
    Flaw.NO_STARTTLS: {"TLS-01"},
    Flaw.ANY_PASSWORD: {"LOGIN-04", "LOGIN-05", "LOGIN-06"},
    Flaw.ANY_RECIPIENT: {"LMTP-10"},
    Flaw.LOSES_MAIL: {"FLOW-01", "FLOW-02"},
    Flaw.NO_SPECIAL_USE: {"MBOX-02"},
    Flaw.ANY_SCRIPT: {"SIEVE-03"},
    Flaw.SHARED_SCRIPTS: {"SIEVE-07"},
    Flaw.SCRIPTS_NOT_RUN: {"SIEVE-05"},
    Flaw.NO_BOUNDS: {"ATK-07", "ATK-08", "ATK-09"},
    Flaw.ENDS_ANYWHERE: {"ATK-02"},
    Flaw.ANSWERS_AT_ONCE: {"ATK-12"},
}
"""The controls that at least must fail."""


def test_nothing_fails_on_a_host_that_does_everything_right(honest_audit: Audit) -> None:
    """
    What can be seen from outside passes or does not apply.
    """
    wrong = [
        f"{each['control']} {each['endpoint']} {each['verdict']}: {each['observed']}"
        for each in honest_audit.findings
        if each["verdict"] == "fail"
        or (each["verdict"] == "unverified" and each["cause"] not in OUT_OF_REACH)
    ]
    assert not wrong
    assert honest_audit.findings


def test_negative_controls_do_pass_where_they_should(honest_audit: Audit) -> None:
    """
    The gauntlet would prove nothing about a control that never passes.
    """
    passed = {each["control"] for each in honest_audit.findings if each["verdict"] == "pass"}
    decided = {
        each["control"]
        for each in honest_audit.findings
        if each["verdict"] != "not-applicable" and each["cause"] not in OUT_OF_REACH
    }
    assert negative_controls() & decided <= passed
    assert len(negative_controls() & passed) >= 10


def test_an_honest_audit_betrays_no_password(honest_audit: Audit) -> None:
    """
    Real logins happen inside TLS only, and no report shows a password.
    """
    assert any(each.hides(PASSWORD) for each in honest_audit.received)
    assert not any(each.betrays(PASSWORD) for each in honest_audit.received)
    assert not any(PASSWORD in text for text in honest_audit.texts.values())


def test_the_host_is_left_as_it_was(honest_audit: Audit) -> None:
    """
    Messages and scripts that the audit made are gone again, and the ledger is closed.
    """
    assert honest_audit.residue == ()


def test_one_flaw_is_found(flawed_audit: tuple[Flaw, Audit]) -> None:
    """
    A host that does one thing wrong fails the controls on that thing.
    """
    flaw, audit = flawed_audit
    failed = {each["control"] for each in audit.findings if each["verdict"] == "fail"}
    assert failed >= CAUGHT_BY[flaw]
    assert audit.status == 1
