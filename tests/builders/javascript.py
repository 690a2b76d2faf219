"""Functions of the page's script, called from Python in node."""

import json
import shutil
import subprocess
from pathlib import Path

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
