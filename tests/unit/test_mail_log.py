"""
Postfix's log: dates of every kind, daemons and tools, and logs that do not reach back.
"""

import calendar

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.mail_log import MailLogFacts, parse_mail_log, window

NOW = float(calendar.timegm((2026, 11, 22, 22, 0, 0)))
SINCE = NOW - 3600
EPOCH = f"{SINCE + 60:.6f}"
DEATH = "postfix/smtpd[42]: fatal: no SASL authentication mechanisms"


def parsed(*rows: str, zone: str = "+0000", since: float = SINCE) -> MailLogFacts:
    """What the script printed about one source."""
    text = f"@@zone\n{zone}\n@@source journal\n" + "\n".join(rows) + "\n"
    return parse_mail_log(
        CommandOutput("script", 0, text, ""), since, NOW, ("postfix", "postfix/submission")
    )


@pytest.mark.parametrize(
    ("line", "zone", "counts"),
    [
        (f"{EPOCH} mail1 {DEATH}", "+0000", True),
        (f"{SINCE - 60:.6f} mail1 {DEATH}", "+0000", False),
        (f"2026-11-22T21:30:00.5+00:00 mail1 {DEATH}", "+0000", True),
        (f"2026-11-22T23:30:00+02:00 mail1 {DEATH}", "+0000", True),
        (f"2026-11-22T20:30:00Z mail1 {DEATH}", "+0000", False),
        (f"Nov 22 21:30:00 mail1 {DEATH}", "+0000", True),
        (f"Nov 22 20:30:00 mail1 {DEATH}", "+0000", False),
        (f"Nov 22 23:30:00 mail1 {DEATH}", "+0200", True),
        (f"Nov  2 21:30:00 mail1 {DEATH}", "+0000", False),
        (f"Dec 31 23:59:59 mail1 {DEATH}", "+0000", False),
        (f"yesterday mail1 {DEATH}", "+0000", True),
    ],
)
def test_only_lines_since_then_count(line: str, zone: str, counts: bool) -> None:
    """A date without a year is in the past; one that cannot be read counts."""
    assert bool(parsed(f"problem {line}", zone=zone).problems) is counts


@pytest.mark.parametrize(
    ("entry", "counts"),
    [
        (DEATH, True),
        ("postfix/submission/smtpd[1]: panic: oops", True),
        ("postfix/master[1]: warning: /sbin/smtpd: bad command startup -- throttling", True),
        ("postfix/postmap[1]: fatal: open /x: No such file", False),
        ("postfix/sendmail[1]: fatal: no recipients", False),
        ("dovecot[1]: fatal: no", False),
        ("other/smtpd[1]: fatal: no", False),
        ("postfix/smtp[1]: 0A: status=deferred (said: smtpd[1]: fatal: no)", False),
    ],
)
def test_only_daemons_count(entry: str, counts: bool) -> None:
    """What people did wrong with a command, and what other servers said, is no death."""
    assert bool(parsed(f"problem {EPOCH} mail1 {entry}").problems) is counts


@pytest.mark.parametrize(
    ("rows", "complete"),
    [
        ((f"first {SINCE - 9:.3f} x", f"line {EPOCH} mail1 postfix/qmgr[1]: x"), True),
        ((f"first {SINCE + 9:.3f} x", f"line {EPOCH} mail1 postfix/qmgr[1]: x"), False),
        ((f"first {SINCE - 9:.3f} x",), False),
        ((f"line {EPOCH} mail1 postfix/qmgr[1]: x",), False),
        ((f"first {SINCE - 9:.3f} x", f"line {SINCE - 5:.3f} mail1 postfix/qmgr[1]: x"), False),
        (
            (
                f"first {SINCE - 9:.3f} x",
                f"line {EPOCH} mail1 postfix/qmgr[1]: x",
                f"dropped {EPOCH} mail1 systemd-journald[1]: Suppressed 9 messages",
            ),
            False,
        ),
    ],
)
def test_a_log_that_does_not_tell_all_is_not_complete(
    rows: tuple[str, ...], complete: bool
) -> None:
    """It has to reach back, to have lines of Postfix since, and to have lost none."""
    assert (parsed(*rows).complete is not None) is complete


def test_no_log_is_not_complete() -> None:
    """A host without a log tells nothing."""
    facts = parse_mail_log(CommandOutput("script", 0, "", ""), SINCE, NOW, ("postfix",))

    assert facts.complete is None
    assert "no log was found" in str(facts)


def test_the_window_is_a_day_at_most() -> None:
    """A server that was loaded long ago is judged by its last day."""
    assert window(NOW - 60, NOW) == NOW - 60
    assert window(NOW - 1e6, NOW) == window(None, NOW) == NOW - 86400
