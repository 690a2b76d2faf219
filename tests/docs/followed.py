"""Follows a page of docs/ to the letter, in a copy of the project: its files, its changes to files, its commands.

A fenced block with ``title=PATH`` is a file that is written, or, as ``diff``, a change to one that is there. A block
without a title is run: ``sh`` line by line, ``python`` as a script.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^( *)```(\w+)(?: title=(\S+))?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def follow(page, folder):
    """Follow a page in a folder; return what its commands and scripts print."""
    for part in ("hwsearch", "hardware_profiles", "studies"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    printed = ""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for _, language, title, block in BLOCK.findall(text):
        content = textwrap.dedent(block)
        if title and language == "diff":
            _change(folder / title, content)
        elif title:
            (folder / title).write_text(content, encoding="utf-8")
        else:
            printed += "".join(_run(command, folder) for command in _commands(language, content))
    return printed


def _change(path, diff):
    """Replace what a diff's unchanged and removed lines say, which must be there once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path} has {text.count(before)} times:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def _commands(language, content):
    if language == "python":
        return [[sys.executable, "-c", content]]
    lines = [line.split() for line in content.splitlines()]
    return [[sys.executable, "-m", *line] for line in lines]  # all are hwsearch's own


def _run(command, folder):
    env = {**os.environ, "PYTHONPATH": str(folder)}
    env.pop("HWSEARCH_CACHE", None)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
