"""
The checks on consistency, each with facts that pass and facts that fail.
"""

from collections.abc import Callable

import pytest

from mailvet.facts.comparison import ComparisonFacts, Sheet
from mailvet.facts.siblings import PortAnswer, SharedQuestion, SiblingFacts
from mailvet.model import (
    Agreement,
    Cause,
    Comparison,
    Endpoint,
    Judgement,
    Protocol,
    Security,
    Verdict,
)

Load = Callable[[str, str, str], Callable[..., Judgement]]

SHEET = Sheet("mail1", Endpoint("imap", Protocol.IMAP, 143, Security.STARTTLS))
SAME = SHEET.row("greeting", "ready", "ready")
DIFFERENT = SHEET.row("greeting", "ready", "Dovecot ready.")
ELSEWHERE = SHEET.row("certificate", "aa", "bb", decided_by="CERT-04")
STRICTER = SHEET.written("TLS versions", "1.2", "1.0", Agreement.STRICTER, note="policy")
LEFT_OUT = SHEET.left_out("greeting", "ready", "%s", "not expanded")
UNSEEN = SHEET.unseen("TLS versions", "1.2", Cause.TIMEOUT, "no answer")


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ((SAME, STRICTER, LEFT_OUT), Verdict.PASS),
        ((SAME, ELSEWHERE), Verdict.PASS),
        ((SAME, DIFFERENT, UNSEEN), Verdict.FAIL),
        ((SAME, UNSEEN), Verdict.UNVERIFIED),
    ],
)
def test_cons_01(load_check: Load, rows: tuple[Comparison, ...], verdict: Verdict) -> None:
    """
    A difference fails; what should have been seen and was not leaves it open.
    """
    check = load_check("consistency", "test_wire", "test_wire_is_as_configured")
    assert check(ComparisonFacts(rows)).verdict is verdict


def test_cons_01_names_both_answers(load_check: Load) -> None:
    """
    The administrator reads what the port says and what the configuration says.
    """
    check = load_check("consistency", "test_wire", "test_wire_is_as_configured")
    observed = check(ComparisonFacts((DIFFERENT,))).observed
    assert observed == "greeting: the port says ready, the configuration Dovecot ready."


CHECKS = {
    Protocol.SUBMISSION: "test_submission_ports_agree",
    Protocol.IMAP: "test_imap_ports_agree",
    Protocol.POP3: "test_pop3_ports_agree",
}


def answer(port: int, value: str = "") -> PortAnswer:
    """
    What a port answers; that nothing was seen if there is no value.
    """
    if value:
        return PortAnswer(f"port {port}", port, value)
    return PortAnswer(f"port {port}", port, "", Cause.TIMEOUT, "no answer")


@pytest.mark.parametrize("group", list(CHECKS))
@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ((answer(1, "PLAIN"), answer(2, "PLAIN")), Verdict.PASS),
        ((answer(1, "PLAIN"), answer(2, "PLAIN LOGIN"), answer(3)), Verdict.FAIL),
        ((answer(1, "PLAIN"), answer(2)), Verdict.UNVERIFIED),
    ],
)
def test_cons_02_to_04(
    load_check: Load, group: Protocol, answers: tuple[PortAnswer, ...], verdict: Verdict
) -> None:
    """
    One finding names the answers of all ports; another purpose's ports do not matter.
    """
    check = load_check("consistency", "test_siblings", CHECKS[group])
    facts = SiblingFacts((SharedQuestion(group, "mechanisms", answers),))

    assert check(facts).verdict is verdict
    for other in set(CHECKS) - {group}:
        lone = load_check("consistency", "test_siblings", CHECKS[other])
        assert lone(facts).verdict is Verdict.NOT_APPLICABLE
