"""
Whole audits of hosts that are closed, silent, broken or hostile.

The audit must come to an end, say what it saw, and never call such a host safe.
"""

import re

import pytest

from tests.fakes.context import PASSWORD
from tests.fakes.personalities import PERSONALITIES
from tests.gauntlet.conftest import Audit, negative_controls

LIMIT = 100.0
"""Seconds for a whole audit on a machine with much else to do; on an idle one it takes ten."""

ACCEPTS_CONNECTIONS = "PORT-01"
"""The control that asks for no more than that."""

GENUINE = {"ATK-01", "ATK-07"}
"""
Controls that see what every one of these hosts really does, whatever it refuses: it drops what came
before a handshake, which shows in the reply to the next command, and ends lines that are too long.
"""

ABOUT_MAIL = {"ATK-02"}
"""
Likewise, of the hosts that take mail: they wait for its legal end.
"""

TRACEBACK = re.compile(
    r"Traceback|^E   |\.py:\d+|INTERNALERROR|Error\(|0x[0-9a-f]{8,}", re.MULTILINE
)

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What may steer a terminal or turn text around."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Pytest's own colours."""


def test_the_catalogue_names_negative_controls() -> None:
    """
    Without the flag in the catalogue this whole file would prove nothing.
    """
    areas = {each.partition("-")[0] for each in negative_controls()}
    assert {"RELAY", "AUTH", "TLS"} <= areas


def test_the_audit_reports_trouble(audit: Audit) -> None:
    """
    Such a host fails the run, and the run itself does not break.
    """
    assert audit.status == 1, audit.output[-3000:]
    assert audit.findings


def test_the_audit_ends_in_time(audit: Audit) -> None:
    """
    Nothing waits for a server beyond its deadline.
    """
    assert audit.seconds < LIMIT


def test_no_refusal_denial_or_absence_passes(audit: Audit) -> None:
    """
    A server that refuses or ignores everything has not shown that it refuses the right things.
    """
    negative = negative_controls()
    passed = [
        f"{each['control']} {each['endpoint']}: {each['observed']}"
        for each in audit.findings
        if each["verdict"] == "pass"
        and each["control"] in negative
        # Where handshakes complete, what TLS itself refuses was really refused.
        and not (audit.personality.tls and each["area"] == "tls")
        and each["control"] not in GENUINE
        and not (audit.personality.takes_mail and each["control"] in ABOUT_MAIL)
    ]
    assert not passed


@pytest.mark.parametrize(
    "audit", [name for name, each in PERSONALITIES.items() if each.dead], indirect=True
)
def test_a_dead_host_passes_nothing(audit: Audit) -> None:
    """
    Where no session ever stands, there is nothing that could be fine but the way there.
    """
    passed = {each["control"] for each in audit.findings if each["verdict"] == "pass"}
    assert passed <= {ACCEPTS_CONNECTIONS}


def test_each_finding_says_what_was_seen(audit: Audit) -> None:
    """
    Whatever the verdict, the administrator reads what led to it.
    """
    mute = [each["control"] for each in audit.findings if not each["observed"].strip()]
    assert not mute


def test_no_finding_blames_the_tool(audit: Audit) -> None:
    """
    A hostile server is no reason for a probe or a check to break.
    """
    broken = [
        f"{each['control']} {each['endpoint']}: {each['observed']}"
        for each in audit.findings
        if each["cause"] == "tool"
    ]
    assert not broken


def test_nobody_reads_a_traceback(audit: Audit) -> None:
    """
    Findings and terminal speak of the server, not of Python.
    """
    assert not TRACEBACK.search(audit.output)
    for finding in audit.findings:
        for text in (finding["observed"], finding["expected"], *finding["evidence"]):
            assert not TRACEBACK.search(text), finding["control"]


def test_no_octet_of_the_server_steers_a_terminal_or_a_browser(audit: Audit) -> None:
    """
    Control characters and markup of the server appear in no report as they are.
    """
    assert not UNSAFE.search(COLOUR.sub("", audit.output))
    for name, text in audit.texts.items():
        assert not UNSAFE.search(text), name
        assert "<script>alert" not in text or name == "results.json"


def test_no_password_crosses_the_network_in_clear_text(audit: Audit) -> None:
    """
    Whatever the server announces or accepts, a real password goes through TLS only.
    """
    betrayed = [each.endpoint.name for each in audit.received if each.betrays(PASSWORD)]
    assert not betrayed


def test_no_password_is_reported(audit: Audit) -> None:
    """
    Reports and terminal never show a password, even if the server repeats it.
    """
    assert PASSWORD not in audit.output
    for name, text in audit.texts.items():
        assert PASSWORD not in text, name
