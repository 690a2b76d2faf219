"""Follows a page of docs/ as a reader would: in a copy of the package, block by block, in order.

A fence ``lang file=PATH`` writes PATH; ``diff file=PATH`` edits it (its context and ``-`` lines must occur once);
``sh`` runs line by line; ``python`` runs as a script.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<lang>\w+)(?: file=(?P<file>\S+))?\n(?P<body>.*?)^ *```$", re.M | re.S
)


def blocks(page: Path) -> list[tuple[str, str | None, str]]:
    """Return language, file and text of every fenced block."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [(m["lang"], m["file"], textwrap.dedent(m["body"])) for m in found]


def follow(page: str, folder: Path) -> list[str]:
    """Carry out a page in ``folder``; return what each command and script printed."""
    for part in ("hwsearch", "hardware_profiles", "studies"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    printed = []
    for language, file, text in blocks(ROOT / "docs" / page):
        if language == "diff":
            _edit(folder / str(file), text)
        elif file is not None:
            (folder / file).write_text(text, encoding="utf-8")
        elif language == "sh":
            for line in text.splitlines():
                command, *arguments = shlex.split(line)
                assert command == "hwsearch", line
                printed.append(_run(["-m", "hwsearch", *arguments], folder))
        elif language == "python":
            printed.append(_run(["-c", text], folder))
    return printed


def _edit(path: Path, text: str) -> None:
    lines = text.splitlines()
    old = "\n".join(line[1:] for line in lines if line[:1] in " -")
    new = "\n".join(line[1:] for line in lines if line[:1] in " +")
    before = path.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{path.name} has these lines {before.count(old)} times:\n{old}"
    path.write_text(before.replace(old, new), encoding="utf-8")


def _run(arguments: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
