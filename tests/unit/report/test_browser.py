"""
The report in a browser.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailvet.report import write_reports
from tests.unit.report.chromium import Chromium
from tests.unit.report.sample import build_report

pytestmark = pytest.mark.browser

SHOWN = "[...document.querySelectorAll('.control')].filter(each => each.checkVisibility()).length"

CONTRASTS = """
(() => {
  const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [light, dark] = [parse(getComputedStyle(element).color), ground(element)]
      .map(luminance).sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) low.add(`${element.className} ${element.textContent.slice(0, 30)} ${ratio}`);
  }
  return [...low];
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """
    One browser for all tests.
    """
    program = shutil.which("chromium")
    assert program, "Chromium is not installed; leave these tests out with -m 'not browser'"
    with Chromium(program, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The sample as a file.
    """
    return write_reports(build_report(), tmp_path_factory.mktemp("report"))["html"]


@pytest.fixture
def page(browser: Chromium, report: Path) -> Chromium:
    """
    The sample as a newly opened page, without a remembered theme.
    """
    browser.media()
    browser.size(1280, 900)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    browser.open(report)
    browser.evaluate("localStorage.clear()")
    browser.open(report)
    return browser


def test_page_loads_nothing_and_runs_no_foreign_script(page: Chromium, report: Path) -> None:
    """
    One file is requested, no dialog opens, and the browser has nothing to complain about.
    """
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    requested = [
        event["params"]["request"]["url"]
        for event in page.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    methods = {event.get("method") for event in page.events}
    assert requested == [report.as_uri()]
    assert not methods & {
        "Page.javascriptDialogOpening", "Log.entryAdded", "Runtime.exceptionThrown",
    }  # fmt: skip
    assert page.evaluate("document.scripts.length") == 1


def test_hostile_bytes_are_shown_as_text(page: Chromium) -> None:
    """
    The reader sees what the server sent.
    """
    shown = page.evaluate("document.getElementById('mail1-PORTS-07').textContent")
    assert "220 <script>alert(1)</script> </script></pre>{{7*7}}{% raw %} " in shown
    assert "\\u202egnp.exe \\x00\\x1b[31m" in shown


def test_everything_is_there_without_javascript(browser: Chromium, report: Path) -> None:
    """
    All controls are visible and unfold; what needs JavaScript is not shown.
    """
    browser.media()
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(report)
    assert browser.evaluate(SHOWN) == 49
    assert not browser.evaluate(
        "[...document.querySelectorAll('button, input')].some(each => each.checkVisibility())"
    )
    browser.evaluate("document.querySelector('.control summary').click()")
    assert browser.evaluate("document.querySelector('.control .body').checkVisibility()")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_filters_combine_and_reset(page: Chromium) -> None:
    """
    Verdict, severity, area and text narrow the list, and the page says how much is shown.
    """
    assert page.evaluate("document.getElementById('shown').value") == "49 controls"
    page.evaluate("document.querySelector('[data-verdict=fail]').click()")
    assert page.evaluate(SHOWN) == 5
    page.evaluate("document.querySelector('[data-verdict=unverified]').click()")
    assert page.evaluate(SHOWN) == 11
    page.evaluate(
        "severity.value = 'critical'; severity.dispatchEvent(new Event('change'));"
        "area.value = 'auth'; area.dispatchEvent(new Event('change'))"
    )
    assert page.evaluate("document.getElementById('shown').value") == "1 of 49 controls shown"
    assert page.evaluate(
        "[...document.querySelectorAll('.area')].filter(each => each.checkVisibility()).length"
    ) == 1  # fmt: skip
    page.evaluate("document.querySelector('.status .reset').click()")
    assert page.evaluate(SHOWN) == 49


def test_unverified_filter_finds_controls_that_also_fail(page: Chromium) -> None:
    """
    AUTH-03 fails on one endpoint and is unverified on another: both filters show it.
    """
    page.evaluate("document.querySelector('[data-verdict=unverified]').click()")
    assert page.evaluate("document.getElementById('mail1-AUTH-03').checkVisibility()")


def test_search_looks_into_evidence_and_says_when_nothing_matches(page: Chromium) -> None:
    """
    All words must occur, anywhere in the control.
    """
    search = "search.value = {!r}; search.dispatchEvent(new Event('input'))"
    page.evaluate(search.format("relay 2505"))
    assert page.evaluate(SHOWN) == 1
    page.evaluate(search.format("example issuing ca"))
    assert page.evaluate(SHOWN) == 1
    page.evaluate(search.format("no such thing"))
    assert page.evaluate("document.getElementById('nothing').checkVisibility()")


def test_keys_reach_search_and_controls(page: Chromium) -> None:
    """
    ``/`` begins a search, Escape ends it, Enter unfolds a control.
    """
    press = (
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: %r, bubbles: true}))"
    )
    page.evaluate(press % "/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.evaluate("search.value = 'relay'; search.dispatchEvent(new Event('input'))")
    page.evaluate(press % "Escape")
    assert page.evaluate(SHOWN) == 49
    page.evaluate("document.querySelector('.control summary').focus()")
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", text="\r",
                  windowsVirtualKeyCode=13)  # fmt: skip
    assert page.evaluate("document.querySelector('.control').open")


def test_address_of_a_control_opens_it_even_if_it_was_filtered_out(
    page: Chromium, report: Path
) -> None:
    """
    A link into the report shows what it names.
    """
    page.evaluate("document.querySelector('[data-verdict=pass]').click()")
    page.evaluate("document.querySelector('.work a').click()")
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert page.evaluate("document.getElementById('mail1-AUTH-03').open")
    assert page.evaluate("document.getElementById('mail1-AUTH-03').checkVisibility()")


@pytest.mark.parametrize("allowed", [True, False])
def test_copy_takes_the_exact_command_or_selects_it(page: Chromium, *, allowed: bool) -> None:
    """
    Where the clipboard is closed to pages, the command is selected for the user.
    """
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => {"
        f"if (!{str(allowed).lower()}) throw new Error(); window.taken = text; }}}}}});"
        "document.querySelector('#fix-first .copy').click()"
    )
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    taken = page.evaluate("window.taken" if allowed else "getSelection().toString()")
    assert taken == (
        "In /etc/dovecot/conf.d/10-auth.conf set:\ndisable_plaintext_auth = yes\n"
        "then: doveadm reload"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrasts_with_its_ground(page: Chromium, scheme: str) -> None:
    """
    WCAG AA: at least 4.5 to 1, unfolded, in both colour schemes.
    """
    page.media(scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate(CONTRASTS) == []


def test_theme_button_switches_and_is_remembered(page: Chromium, report: Path) -> None:
    """
    The choice outlives the page and wins over the system's.
    """
    page.evaluate("theme.click()")
    page.open(report)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.evaluate("theme.click()")
    page.media(scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


@pytest.mark.parametrize("width", [320, 420, 768, 1280, 1920])
def test_page_never_scrolls_sideways(page: Chromium, width: int) -> None:
    """
    Also not on a telephone with everything unfolded.
    """
    page.size(width, 900)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_print_unfolds_everything_and_adds_the_sign_off(page: Chromium) -> None:
    """
    Paper shows all controls, and the evidence of those that did not pass.
    """
    assert not page.evaluate("document.querySelector('.sign-off').checkVisibility()")
    page.media("print", scheme="dark")
    assert page.evaluate("document.querySelector('.sign-off').checkVisibility()")
    assert page.evaluate(
        "[...document.querySelectorAll('.control .body, .is-fail > .evidence pre')].every("
        "each => each.checkVisibility({contentVisibilityAuto: true}) && each.offsetHeight > 0)"
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF-")


def test_reader_without_colours_can_tell_the_verdicts(page: Chromium) -> None:
    """
    Each verdict has a word and a shape of its own.
    """
    seen = page.evaluate(
        "[...document.querySelectorAll('summary .verdict')].map(each =>"
        " each.textContent.trim() + ' ' + each.querySelector('use').getAttribute('href'))"
    )
    assert set(seen) == {
        "Fail #shape-fail", "Unverified #shape-unverified", "Waived #shape-waived",
        "Pass #shape-pass", "N/A #shape-not-applicable",
    }  # fmt: skip
