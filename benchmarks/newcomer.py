"""How long a newcomer takes: the tutorial's blocks, in order, in a fresh clone, virtual environment and home.

    python -m benchmarks.newcomer > benchmarks/results/newcomer.md

A block of ``bash`` that calls ``sudo`` is left out: the compiler for boards and QEMU must be there. What pip and uv
load comes from wherever they are set up to look (``PIP_FIND_LINKS``, ``UV_FIND_LINKS``), so that part depends on the
network; nothing is in their caches. With ``--pip`` the plain way to install is timed too, in an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from docs.follow import blocks  # noqa: E402

PICTURE, BOARD = "runs/digits_mcu/front.png", "--board"
PLAIN = "python3 -m venv plain && . plain/bin/activate\npip install -c constraints.txt .\n"
"""As the tutorial's first block, without uv."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pip", action="store_true", help="time the installation by pip alone as well")
    plain = parser.parse_args().pip
    print("# A newcomer's path\n")
    print(
        f"`python -m benchmarks.newcomer{' --pip' if plain else ''}`, {os.cpu_count()} cores: the blocks of "
        "[the tutorial](../../docs/tutorial.md) in a fresh clone,\nvirtual environment and home.\n"
    )
    print("| block | s | since the start |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        clone = Path(work) / "hwsearch"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        follow(clone, fresh_home(work, "home"))
        if plain:
            began = time.perf_counter()
            carry_out(PLAIN, clone, fresh_home(work, "another"))
            print(f"\nWith pip alone the first block takes {time.perf_counter() - began:.0f} s.")


def fresh_home(work: str, name: str) -> dict[str, str]:
    """Return an environment whose home is empty, as are the caches in it."""
    home = Path(work) / name
    home.mkdir()
    left_out = (
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "HWSEARCH_CACHE",
        "UV_CACHE_DIR",
        "PIP_CACHE_DIR",
        "XDG_CACHE_HOME",
    )
    return {key: value for key, value in os.environ.items() if key not in left_out} | {"HOME": str(home)}


def follow(clone: Path, environment: Mapping[str, str]) -> None:
    """Run every block, and print when it was done."""
    start, reached = time.perf_counter(), dict[str, float]()
    for language, _, text in blocks(clone / "docs" / "tutorial.md"):
        if "sudo" in text:
            continue
        # the environment that the first block makes is entered anew by each
        enter = ". hw/bin/activate\n" if (clone / "hw").exists() else ""
        body = f"python - <<'END'\n{text}END\n" if language == "python" else text
        began = time.perf_counter()
        carry_out(enter + body, clone, environment, {"a picture of the front": clone / PICTURE}, reached)
        now = time.perf_counter()
        first = text.splitlines()[0] + (" ..." if text.count("\n") > 1 else "")
        print(f"| `{first}` | {now - began:.0f} | {now - start:.0f} |", flush=True)
        if BOARD in text:
            reached.setdefault("an exported model on an emulated board", now)
    print()
    for what, moment in reached.items():
        print(f"To {what}: {(moment - start) / 60:.1f} minutes.")


def carry_out(
    script: str,
    folder: Path,
    environment: Mapping[str, str],
    awaited: Mapping[str, Path] = MappingProxyType({}),
    reached: dict[str, float] | None = None,
) -> None:
    """Run a script; it must end well.

    Args:
        script: Of bash.
        folder: Where it runs.
        environment: Its variables.
        awaited: Files that it may write, by what they are.
        reached: Takes the moment at which each of these is there first, by the clock of `time.perf_counter`.
    """
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            ["bash", "-eu", "-c", script], cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        ended = False
        while not ended:
            ended = process.poll() is not None
            for what, path in awaited.items():
                if reached is not None and what not in reached and path.exists():
                    reached[what] = time.perf_counter()
            time.sleep(0.05)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{script}\nended with {process.returncode}\n{said.read()}")


if __name__ == "__main__":
    main()
