"""
A finding as JUnit properties.
"""

from mailvet.model import Finding
from mailvet.report.text import one_line


def junit_properties(finding: Finding) -> tuple[tuple[str, str], ...]:
    """
    Name and value of each property, the same names for every finding.
    """
    values = {
        "control": finding.control,
        "severity": finding.severity,
        "verdict": finding.verdict,
        "cause": finding.cause or "",
        "references": ", ".join(finding.references),
        "statements": ", ".join(finding.statements),
        "target": finding.target,
        "endpoint": finding.endpoint,
    }
    return tuple((name, one_line(value)) for name, value in values.items())
