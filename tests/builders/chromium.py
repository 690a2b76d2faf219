"""A headless chromium that is driven by its DevTools protocol: any width, light or dark, real keys, print.

Not for a script that only has to be run once at the end of a page (`javascript.in_browser`).
"""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39}
"""The numbers of the keys that tests press."""


class Chromium:
    """One page of a browser; what it says and asks for while it is used is kept.

    Attributes:
        console: Words on the console and faults of scripts, since the page was opened.
        requests: Addresses that the page asked for besides itself, ``data:`` and ``blob:`` left out.
    """

    def __init__(self, read: int, write: int) -> None:
        self.console: list[str] = []
        self.requests: list[str] = []
        self._read, self._write, self._rest = read, write, b""
        self._number, self._session, self._page, self._loaded = 0, None, "", False
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params):
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._heed(answer)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def open(self, path: Path, width: int = 1280, dark: bool = False) -> None:
        """Open a page in a window of a width, and wait until it is drawn."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._page, self._loaded = path.resolve().as_uri(), False
        self.console, self.requests = [], []
        self.send("Page.navigate", url=self._page)
        while not self._loaded:
            self._heed(self._next())
        self.run("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def run(self, script: str):
        """Return what a script returns; it may await."""
        wrapped = f"(async () => {{ {script} }})()"
        done = self.send("Runtime.evaluate", expression=wrapped, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, key: str) -> None:
        """Press and let go of a key, as a person does."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **about, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def pdf(self) -> bytes:
        """Return the open page as it prints, on the paper that it asks for."""
        done = self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(done["data"])

    def _next(self):
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 20)
            assert part, "chromium has ended"
            self._rest += part
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def _heed(self, event) -> None:
        """Keep what an event tells."""
        name, params = event.get("method"), event.get("params", {})
        if name == "Page.loadEventFired":
            self._loaded = True
        elif name == "Runtime.exceptionThrown":
            self.console.append(json.dumps(params["exceptionDetails"]))
        elif name == "Runtime.consoleAPICalled":
            self.console.append(json.dumps(params["args"]))
        elif name == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url != self._page and not url.startswith(("data:", "blob:")):
                self.requests.append(url)


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """Yield a browser of its own, and end it. Skips without chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    to_it, ours = os.pipe()
    theirs, from_it = os.pipe()
    # above 4, where chromium reads and writes
    ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_it, from_it)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}",
            "--remote-debugging-pipe",
        ]  # fmt: skip
        command = f'exec "$0" "$@" 3<&{ends[0]} 4>&{ends[1]}'
        process = subprocess.Popen(
            ["bash", "-c", command, program, *options], pass_fds=ends, stderr=subprocess.DEVNULL
        )
        for fd in (to_it, from_it, *ends):
            os.close(fd)
        try:
            yield Chromium(theirs, ours)
        finally:
            os.close(ours)
            os.close(theirs)
            process.terminate()
            process.wait(timeout=30)
            time.sleep(0.2)  # its helpers still write into the folder
