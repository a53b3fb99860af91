"""
The report of a run, for people (HTML, terminal) and for machines (JSON, JUnit properties).
"""

from mailvet.report.html import render_html
from mailvet.report.json import render_json
from mailvet.report.junit import junit_properties
from mailvet.report.terminal import render_terminal
from mailvet.report.write import update_latest, write_reports

__all__ = [
    "junit_properties",
    "render_html",
    "render_json",
    "render_terminal",
    "update_latest",
    "write_reports",
]
