"""
What verdicts and causes are called in reports, and what to do about each cause.
"""

from dataclasses import dataclass

from mailvet.model import Cause, Commands, Fix, Verdict

VERDICTS = {
    Verdict.FAIL: "Fail",
    Verdict.UNVERIFIED: "Unverified",
    Verdict.WAIVED: "Waived",
    Verdict.PASS: "Pass",
    Verdict.NOT_APPLICABLE: "N/A",
}

REMEDY_PLACES = {
    "postfix": "Postfix",
    "dovecot": "Dovecot",
    "host": "On the host",
    "verify": "Then verify",
}
"""Headings of remedies; the order is the order in which they are carried out."""


def versions(fix: Fix | Commands) -> str:
    """
    For which versions commands are right: ``Postfix before 3.6``; empty if for all.
    """
    parts = [
        f"since {fix.since}" if fix.since else "",
        f"before {fix.before}" if fix.before else "",
    ]
    limits = " ".join(filter(None, parts))
    return f"{REMEDY_PLACES[fix.server]} {limits}" if limits else ""


def repair_heading(commands: Commands) -> str:
    """
    Where commands are to be run: for the version found, or for those that they are right for.
    """
    limits = versions(commands)
    if limits and commands.version:
        limits = f"{REMEDY_PLACES[commands.server]} {commands.version}"
    return f"Run as root on the host ({limits})" if limits else "Run as root on the host"


@dataclass(frozen=True, slots=True)
class CauseWords:
    """
    A cause in the words of an administrator.

    Attributes:
        title: What is missing.
        advice: How to make the control verifiable.
    """

    title: str
    advice: str


CAUSES = {
    Cause.UNREACHABLE: CauseWords(
        "No connection",
        "Check that the service runs and that every firewall on the way lets this machine in,"
        " then run the audit again.",
    ),
    Cause.TIMEOUT: CauseWords(
        "No answer in time",
        "Look for overload, slow name resolution or a penalty for earlier failed logins on the"
        " host, wait a few minutes, then run the audit again.",
    ),
    Cause.CREDENTIALS: CauseWords(
        "No usable test account",
        "Give the host a test account in the inventory, make sure that its password can be"
        " resolved here, and that the login works.",
    ),
    Cause.PRIVILEGE: CauseWords(
        "No root shell on the host",
        "Declare a shell for the host in the inventory, with sudo if its user is not root.",
    ),
    Cause.VANTAGE: CauseWords(
        "Probed from the wrong place",
        "A refusal proves something only where the host trusts nobody. Run the audit from outside"
        " its trusted networks, or declare a vantage for that in the inventory.",
    ),
    Cause.CLIENT_LIMIT: CauseWords(
        "This machine could not make the offer",
        "The TLS library or the security policy of this machine forbids what the probe has to"
        " offer. Run the audit from a machine that allows it.",
    ),
    Cause.BLOCKED: CauseWords(
        "Another problem stands in front",
        "Repair the failed controls first; these can be judged only behind them.",
    ),
    Cause.TOOL: CauseWords(
        "mailvet itself failed",
        "This says nothing about the host. Please report it with the evidence shown.",
    ),
}

NO_CAUSE = CauseWords("No cause given", "Look at the evidence of each control.")


def cause_words(cause: Cause | None) -> CauseWords:
    """
    The words for *cause*.
    """
    return NO_CAUSE if cause is None else CAUSES[cause]


def count(number: int, noun: str) -> str:
    """
    A number with its noun: ``1 control``, ``2 controls``.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def seconds(value: float) -> str:
    """
    A duration for people: ``0.4 s``, ``6.1 s``, ``2 min 5 s``.
    """
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"
