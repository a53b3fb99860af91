"""
The matrix of ports and properties of TLS in the HTML report.
"""

import dataclasses
import json
from html.parser import HTMLParser

from mailvet.model import TlsPort, TlsProperty
from mailvet.report.html import render_html
from mailvet.report.json import render_json
from tests.unit.report.sample import build_report

GOOD = TlsProperty("versions", ("TLSv1.2", "TLSv1.3"), (), "TLSv1.2, TLSv1.3")
SUITES = ("A_GCM", "B_GCM", "C_GCM", "<script>D</script>")
BAD = TlsProperty("suites", SUITES, ("<script>D</script>",), "*_GCM")
NONE = TlsProperty("Diffie-Hellman", (), (), "")
PORTS = (
    TlsPort("mail1", "imaps", 993, "RFC 9325", (GOOD, BAD, NONE), ""),
    TlsPort("mail1", "pop3s", 995, "RFC 9325", (), "nothing listens"),
    TlsPort("mail2", "smtp", 25, "Ours", (GOOD, NONE, NONE), ""),
)


class Cells(HTMLParser):
    """
    The text of the cells of each table with the class ``tls-matrix``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens a table, a row or a cell."""
        if tag == "table":
            self._within = ("class", "tls-matrix") in attrs
            self.tables += [[]] if self._within else []
        elif self._within and tag == "tr":
            self.tables[-1].append([])
        elif self._within and tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Leaves a table."""
        self._within = self._within and tag != "table"

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._within and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data


def tables() -> list[list[list[str]]]:
    """
    The matrices of the report.
    """
    reader = Cells()
    reader.feed(render_html(dataclasses.replace(build_report(), tls=PORTS)))
    return [[[" ".join(c.split()) for c in row] for row in each] for each in reader.tables]


def test_each_policy_has_a_table_with_what_it_allows() -> None:
    """
    The last row says it.
    """
    ours, rfc = sorted(tables(), key=len)

    assert ours[0] == ["Port", "Versions", "Diffie-Hellman", "Diffie-Hellman"]
    assert rfc[0] == ["Port", "Versions", "Suites", "Diffie-Hellman"]
    assert rfc[-1] == ["Allowed", "TLSv1.2, TLSv1.3", "*_GCM", "–"]


def test_what_is_not_allowed_is_marked_and_harmless() -> None:
    """
    Whatever a server says stays text.
    """
    (imaps,) = (row for each in tables() for row in each if row and "imaps" in row[0])

    assert imaps[1] == "TLSv1.2, TLSv1.3"
    assert "<script>D</script>" in imaps[2]
    assert "4 values" in imaps[2]


def test_a_port_that_was_not_seen_says_so() -> None:
    """
    It is no empty row.
    """
    (pop3s,) = (row for each in tables() for row in each if row and "pop3s" in row[0])

    assert "nothing listens" in pop3s[0]
    assert pop3s[1:] == ["not seen"]


def test_the_matrix_is_in_the_json_report() -> None:
    """
    With the same words.
    """
    document = json.loads(render_json(dataclasses.replace(build_report(), tls=PORTS)))

    assert document["tls"][0]["properties"][1]["wrong"] == ["<script>D</script>"]
    assert document["tls"][1]["unseen"] == "nothing listens"
