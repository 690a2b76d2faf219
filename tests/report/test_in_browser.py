"""The page in a real browser: axe-core, the keyboard, the console, requests, hostile names, and paper."""

import base64
import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from builders.browser import chromium
from builders.rivals import rival_row
from builders.runs import HOSTILE, playable_run, with_summary

from hwsearch.records.summary_parts import Rival
from hwsearch.report.page import write_report
from hwsearch.report.tables import read_run

WINDOWS = [(width, dark) for width in (390, 800, 1400) for dark in (False, True)]
RIVAL = Rival(
    pick=rival_row(1), front_size=2, floor=0.95, candidates=24, finalists=3, dense_epochs=30, epochs=15,
    train_steps=1_000_000, most_steps=1_150_000,
)  # fmt: skip
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the report of a made-up run in both languages, with every part that a run can have and hostile names."""
    folder = playable_run(tmp_path_factory.mktemp("runs") / "it's <b>; rm -r ~")
    with_summary(folder, study=HOSTILE, notes=[HOSTILE, "<img src=x onerror=alert(1)>"])
    (folder / "front.png").write_bytes(base64.b64decode(PIXEL))  # drawing it takes most of a test's time
    tables = read_run(folder)
    summary = tables.summary.model_copy(update={"rival": RIVAL})
    tables = replace(tables, summary=summary, rivals=(rival_row(0, hidden=0, memory_bytes=900), rival_row(1)))
    found = {}
    for language in ("en", "ja"):
        page = write_report(tables, language)
        found[language] = page.rename(page.with_name(f"{language}.html"))
    return found


@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_whatever_the_window(browser, pages, language):
    faults = []
    for width, dark in WINDOWS:
        browser.open(pages[language], width, dark)
        browser.run("for (const one of document.querySelectorAll('details')) one.open = true;")
        faults += [(width, dark, *fault) for fault in browser.missed()]
        assert browser.said == []
    assert faults == []


CONTRAST = """
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const over = (colours) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = getComputedStyle(document.body).backgroundColor;
    return [...document.querySelectorAll(".heat")].map((cell) => {
        const style = getComputedStyle(cell);
        const [low, high] = [over([page, style.backgroundColor]), over([style.color])].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    });
"""
"""Returns the contrast of each cell whose colour tells a share, by WCAG 2: axe-core cannot tell a mixed colour."""


@pytest.mark.parametrize("dark", [False, True])
def test_cells_of_mixed_colours_have_contrast(browser, pages, dark):
    browser.open(pages["en"], 1400, dark)
    found = browser.run(CONTRAST)
    assert len(found) > 3
    assert 4.5 <= min(found) <= max(found) <= 21


CONTROLS = """
    const asked = "a[href], button:not(:disabled), input, select, summary, [tabindex='0']";
    const shown = [...document.querySelectorAll(asked)].filter((one) => one.checkVisibility());
    shown.forEach((one, i) => { one.dataset.place = i; });
    return shown.length;
"""


def test_every_control_is_reached_by_tab_and_hears_keys(browser, pages):
    browser.open(pages["en"], 1400)
    n, reached = browser.run(CONTROLS), []
    for _ in range(n):
        browser.page.keyboard.press("Tab")
        reached.append(browser.run("return document.activeElement.dataset.place ?? null"))
    assert [int(place) for place in reached if place is not None] == list(range(n))
    browser.run("document.querySelector('#members th button').focus()")
    browser.page.keyboard.press("Enter")
    assert (
        browser.run("return document.querySelector('#members th').getAttribute('aria-sort')") == "ascending"
    )
    browser.run("document.querySelector('#front [data-is=range]').focus()")
    before = browser.run("return document.querySelector('#front [data-is=range]').value")
    browser.page.keyboard.press("ArrowRight")
    assert browser.run("return document.querySelector('#front [data-is=range]').value") == str(
        int(before) + 1
    )
    browser.run("document.querySelector('summary').focus()")
    browser.page.keyboard.press("Enter")
    assert browser.run("return document.querySelector('details').open")
    assert browser.said == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_hostile_names_are_text(browser, pages, language):
    browser.open(pages[language], 1400)
    assert HOSTILE in browser.run("return document.title")
    text = browser.run("return document.body.innerText")
    assert HOSTILE in text
    assert "<img src=x onerror=alert(1)>" in text
    assert browser.run("return document.querySelectorAll('script, img[onerror]').length") == 3
    assert browser.run("return document.querySelector('title').lang") == language


def test_no_table_is_wider_than_a_desktop_window(browser, pages):
    browser.open(pages["en"], 1400)
    wide = "return [...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length"
    assert browser.run(wide) == 0


CUT = """
    const paper = document.querySelector("main").getBoundingClientRect().right + 1;
    return [...document.querySelectorAll("main td, main th, main p, main dd, main img")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > paper)
        .map((one) => one.outerHTML);
"""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_paper_is_the_same_from_every_window_and_cuts_nothing(browser, pages, language, tmp_path):
    texts = []
    for width in (390, 1400):
        browser.open(pages[language], width)
        browser.page.pdf(path=tmp_path / f"{width}.pdf", prefer_css_page_size=True)
        texts.append(_text(tmp_path / f"{width}.pdf"))
    assert texts[0] == texts[1]
    for dark in (False, True):
        browser.open(pages[language], 1400, dark)
        browser.page.emulate_media(media="print")
        assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    # A4 less its margins, in pixels of CSS: what sticks out there is cut
    browser.open(pages[language], 695)
    browser.page.emulate_media(media="print")
    assert browser.run(CUT) == []


def _text(path):
    """Return the text of each page of a PDF."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    done = subprocess.run(
        [program, "-layout", path, "-"], capture_output=True, text=True, check=True, timeout=60
    )
    return json.dumps(done.stdout.split("\f"))
