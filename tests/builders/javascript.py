"""The page's script, called from Python: its functions in node, the whole page in a headless chromium."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest

import hwsearch

SCRIPT = Path(hwsearch.__file__).parent / "report" / "front" / "front.js"


def in_node(expression, *values):
    """Return what a JavaScript expression gives; `front` is the script, `values` are the values. Skips without node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: nodejs)")
    code = f"""
        const front = require({json.dumps(str(SCRIPT))});
        const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
        process.stdout.write(JSON.stringify({expression}));
    """
    done = subprocess.run(
        [node, "-e", code], input=json.dumps(values), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_browser(page, script, width=1280, options=()):
    """Return what a script leaves in `out`, run at the end of a page, and what the browser says on its console.

    Skips without chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    before = "<script>window.faults = []; addEventListener('error', (e) => faults.push(String(e.message)));</script>"
    after = f"""<script>(async () => {{
        const out = {{}};
        try {{ {script} }} catch (error) {{ out.fault = String(error.stack); }}
        out.faults = window.faults;
        const made = document.createElement("pre");
        made.id = "out";
        made.textContent = "BEGIN" + encodeURIComponent(JSON.stringify(out)) + "END";
        document.body.append(made);
    }})();</script>"""
    text = page.replace("<style>", f"{before}<style>", 1).replace("</body>", f"{after}</body>")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}/profile",
                f"--window-size={width},1000", "--virtual-time-budget=8000", "--enable-logging=stderr", *options,
                "--dump-dom", path.as_uri(),
            ],
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
    found = re.search(r"BEGIN(.*?)END", done.stdout.split('id="out"')[-1])
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    out = json.loads(unquote(found[1]))
    out["console"] = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return out
