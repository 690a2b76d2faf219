"""The page in a headless chromium that playwright drives: any width, light or dark, real keys, print; axe-core."""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


class Opened:
    """One page of a browser; what it says and asks for while it is used is kept.

    Attributes:
        page: As playwright drives it.
        console: Words on the console, since the page was opened.
        faults: Of its scripts, which nothing caught.
        requests: Addresses that the page asked for besides itself, ``data:`` and ``blob:`` left out.
    """

    def __init__(self, page) -> None:
        self.page = page
        self.console: list[str] = []
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path, width: int = 1280, dark: bool = False) -> None:
        """Open a page in a window of a width, and wait until it is drawn."""
        self.page.set_viewport_size({"width": width, "height": 1000})
        self.page.emulate_media(color_scheme="dark" if dark else "light", media="null")
        for kept in (self.console, self.faults, self.requests):
            kept.clear()
        address = path.resolve().as_uri()
        self.page.goto(address)
        self.run("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.requests[:] = [
            url for url in self.requests if url != address and not url.startswith(("data:", "blob:"))
        ]

    def run(self, script: str):
        """Return what a script returns; it may await."""
        return self.page.evaluate(f"async () => {{ {script} }}")

    def missed(self) -> list[list[str]]:
        """Return what axe-core finds: how grave it is, its rule, and where."""
        self.page.evaluate(_axe())
        return self.run("""
            const found = await axe.run(document, {resultTypes: ["violations"]});
            return found.violations.map(
                (v) => [v.impact, v.id, v.nodes.map((node) => node.target.join(" ")).join(", ")]);
        """)

    @property
    def said(self) -> list[str]:
        """All that a page that is right has none of."""
        return [*self.console, *self.faults, *self.requests]


@contextlib.contextmanager
def chromium() -> Iterator[Opened]:
    """Yield a browser of its own, and end it. Skips without chromium or playwright."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    driver = pytest.importorskip("playwright.sync_api")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield Opened(browser.new_page())
        finally:
            browser.close()


def in_browser(page: str, folder: Path, script: str, width: int = 1280):
    """Return what a script leaves in ``out`` on a page, and what the page says that a right one does not (``said``)."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    with chromium() as browser:
        browser.open(path, width)
        out = browser.run(f"const out = {{}}; {script}; return out;")
        return out | {"said": browser.said}


def _axe() -> str:
    """Return axe-core's script: that of ``AXE_CORE``, the path of an ``axe.min.js``, or of axe-playwright-python."""
    path = os.environ.get("AXE_CORE")
    if path is None:
        found = importlib.util.find_spec("axe_playwright_python")
        assert found is not None, "the extra test has it"
        assert found.origin is not None
        path = str(Path(found.origin).with_name("axe.min.js"))
    return Path(path).read_text(encoding="utf-8")
