"""
The words of mailvet as types: targets, endpoints, controls, judgements, findings.
"""

from mailvet.model.control import Area, Control, Fix
from mailvet.model.endpoint import Endpoint, Protocol, Security, Vantage
from mailvet.model.expectations import (
    Expectations,
    ExpectDovecot,
    ExpectHardening,
    ExpectLogin,
    ExpectMail,
    ExpectMailboxes,
    ExpectPostfix,
    ExpectRelay,
    ExpectTls,
)
from mailvet.model.footprint import Footprint, PortFootprint
from mailvet.model.report import (
    Agreement,
    Benchmark,
    Chain,
    Commands,
    Comparison,
    Finding,
    NotRun,
    Report,
    Run,
    Standing,
    TargetSummary,
)
from mailvet.model.target import Account, Shell, Target, Waiver
from mailvet.model.verdict import (
    SEVEREST_FIRST,
    Activity,
    Cause,
    Judgement,
    Severity,
    Verdict,
    judge,
    not_applicable,
    unverified,
)

__all__ = [
    "SEVEREST_FIRST",
    "Account",
    "Activity",
    "Agreement",
    "Area",
    "Benchmark",
    "Cause",
    "Chain",
    "Commands",
    "Comparison",
    "Control",
    "Endpoint",
    "ExpectDovecot",
    "ExpectHardening",
    "ExpectLogin",
    "ExpectMail",
    "ExpectMailboxes",
    "ExpectPostfix",
    "ExpectRelay",
    "ExpectTls",
    "Expectations",
    "Finding",
    "Fix",
    "Footprint",
    "Judgement",
    "NotRun",
    "PortFootprint",
    "Protocol",
    "Report",
    "Run",
    "Security",
    "Severity",
    "Shell",
    "Standing",
    "Target",
    "TargetSummary",
    "Vantage",
    "Verdict",
    "Waiver",
    "judge",
    "not_applicable",
    "unverified",
]
