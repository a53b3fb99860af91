"""
The report as HTML, without a browser.
"""

import base64
import dataclasses
import hashlib
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from mailvet.model import Commands, NotRun, Report, Verdict
from mailvet.report.html import reference, remedies, render_html
from mailvet.report.json import render_json
from tests.unit.report.sample import HOSTILE, build_report

PAGE = render_html(build_report())

VOID = {"meta", "input", "link", "br", "path", "rect", "circle", "use"}


class Outline(HTMLParser):
    """
    Elements, ids and links of a page; complains about elements that are not closed.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Notes an element.
        """
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        """
        Compares with what is open.
        """
        if tag not in VOID:
            assert self.open.pop() == tag, (tag, self.getpos())


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        render_html(build_report(hosts=3)),
        render_html(build_report(broken=False)),
        render_html(dataclasses.replace(build_report(), findings=(), not_run=(), areas=())),
    ],
    ids=("broken", "hosts", "sound", "empty"),
)
def test_page_is_well_formed_and_whole(page: str) -> None:
    """
    Elements nest, ids are unique, inner links lead somewhere, nothing is loaded.
    """
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert link[1:] in outline.ids or link.startswith("https://www.rfc-editor.org/rfc/rfc")
    assert "src" not in outline.attributes
    assert "style" not in outline.attributes
    assert not [name for name in outline.attributes if name.startswith("on")]
    assert "url(" not in page
    assert "@import" not in page


def test_policy_allows_the_one_script_and_style_only() -> None:
    """
    The hashes in the policy are those of what stands in the page.
    """
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', PAGE)
    assert policy is not None
    directives = policy[1].replace("&#39;", "'")
    assert directives.startswith("default-src 'none';")
    assert "unsafe" not in directives
    for element in ("style", "script"):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", PAGE, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in directives


def test_commands_that_repair_come_before_the_remedy_in_words() -> None:
    """
    Each command once, under the version that it is for.
    """
    failed = dataclasses.replace(
        build_report().findings[0],
        verdict=Verdict.FAIL,
        remedy={"postfix": "in words", "verify": "look"},
        fix=(Commands("postfix", "postconf -e a=b", before="3.6", version="3.5.25"),),
    )
    assert [(each.heading, each.text) for each in remedies([failed, failed])] == [
        ("Run as root on the host (Postfix 3.5.25)", "postconf -e a=b"),
        ("Postfix", "in words"),
        ("Then verify", "look"),
    ]


def everywhere(text: str) -> Report:
    """
    A report with *text* in every field that is text.
    """
    report = build_report(hosts=2)
    fields = ("control", "area", "title", "endpoint", "requirement", "consequence")
    words: dict[str, Any] = dict.fromkeys((*fields, "observed", "expected", "waiver"), text)
    finding = dataclasses.replace(
        report.findings[0], **words, statements=(text,), evidence=(text,),
        remedy={text: text, "verify": text}, references=(text,),
        fix=(Commands("postfix", text, text, text, text),),
    )  # fmt: skip
    names = dict.fromkeys(("key", "address", "name", "digest", "vantage"), text)
    target = dataclasses.replace(report.run.targets[0], **names, profiles=(text,))
    run = dataclasses.replace(
        report.run, id=text, incomplete_reason=text, complete=False, arguments=(text,),
        versions={text: text}, targets=(target,), gate=text,
    )  # fmt: skip
    return dataclasses.replace(
        report, run=run, findings=(finding,), not_run=(NotRun(text, text, text),), areas=()
    )


def test_hostile_bytes_are_harmless_in_every_field() -> None:
    """
    No field of a report brings markup, template code or invisible characters into the page.
    """
    page = render_html(everywhere(HOSTILE + "\" ' onload=x \ud800"))
    outline = Outline(page)
    assert outline.open == []
    assert page.count("<script>") == 1
    assert page.count("</script>") == 1
    assert "onload" not in outline.attributes
    assert "{{7*7}}" in page
    assert not set("\x00\x1b\u202e\ud800") & set(page)
    page.encode()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("RFC 3207 §4", "https://www.rfc-editor.org/rfc/rfc3207#section-4"),
        ("RFC 5280 §4.1.2.5", "https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5"),
        ("RFC 8314", "https://www.rfc-editor.org/rfc/rfc8314"),
        ("guide §1.1.2", ""),
        ("javascript:alert(1)", ""),
        ("see RFC 1", ""),
    ],
)
def test_only_rfcs_become_links(text: str, address: str) -> None:
    """
    A reference never becomes an address of its own choice.
    """
    assert reference(text) == address


def test_page_names_the_results_that_belong_to_it() -> None:
    """
    Whoever signs a printed report signs one results.json.
    """
    assert hashlib.sha256(render_json(build_report()).encode()).hexdigest() in PAGE


def test_sign_off_has_empty_fields() -> None:
    """
    Nobody is named.
    """
    lines = re.search(r'<div class="lines">(.*?)</div>', PAGE)
    assert lines is not None
    assert re.sub(r"<[^>]+>", " ", lines[1]).split() == ["Name", "Role", "Date", "Signature"]


def test_long_evidence_is_cut_with_a_pointer_to_the_whole() -> None:
    """
    A page stays readable when a server talks for hours.
    """
    report = build_report()
    finding = dataclasses.replace(report.findings[0], evidence=("line\n" * 1000,))
    page = render_html(dataclasses.replace(report, findings=(finding,)))
    assert "(700 more lines are in results.json)" in page
    assert page.count("\nline") < 320


def test_passed_controls_show_how_to_verify_but_no_repair() -> None:
    """
    Nobody repairs what is right.
    """
    page = render_html(build_report(broken=False))
    assert "To verify" in page
    assert "postconf -n\n" not in page.replace("$ postconf -n", "")


def test_thirty_hosts_render_in_seconds() -> None:
    """
    The time grows with the number of findings and no faster.
    """
    report = build_report(hosts=30, padding=20)
    start = time.perf_counter()
    page = render_html(report)
    assert time.perf_counter() - start < 30
    assert page.count('class="control ') == 30 * 69
