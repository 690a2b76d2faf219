"""How long a newcomer takes: the tutorial's blocks, in order, in a fresh clone, virtual environment and home.

    python -m benchmarks.newcomer > benchmarks/results/newcomer.md

A block of ``bash`` that calls ``sudo`` is left out: the compiler for boards and QEMU must be there. What pip loads
comes from wherever pip is set up to look, so that part depends on the network.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from docs.follow import blocks  # noqa: E402

PICTURE, BOARD = "runs/digits_mcu/front.png", "--board"


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    print("# A newcomer's path\n")
    print(
        f"`python -m benchmarks.newcomer`, {os.cpu_count()} cores: the blocks of [the tutorial]"
        "(../../docs/tutorial.md) in a fresh clone,\nvirtual environment and home.\n"
    )
    print("| block | s | since the start |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        clone, home = Path(work) / "hwsearch", Path(work) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        follow(clone, home)


def follow(clone: Path, home: Path) -> None:
    """Run every block, and print when it was done."""
    environment = os.environ | {"HOME": str(home)}
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "HWSEARCH_CACHE"):
        environment.pop(name, None)
    start, reached = time.perf_counter(), {}
    for language, _, text in blocks(clone / "docs" / "tutorial.md"):
        if "sudo" in text:
            continue
        # the environment that the first block makes is entered anew by each
        enter = ". hw/bin/activate\n" if (clone / "hw").exists() else ""
        body = f"python - <<'END'\n{text}END\n" if language == "python" else text
        began = time.perf_counter()
        done = subprocess.run(
            ["bash", "-eu", "-c", enter + body],
            cwd=clone,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        now = time.perf_counter()
        if done.returncode:
            sys.exit(f"{text}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
        first = text.splitlines()[0] + (" ..." if text.count("\n") > 1 else "")
        print(f"| `{first}` | {now - began:.0f} | {now - start:.0f} |", flush=True)
        if (clone / PICTURE).exists():
            reached.setdefault("a picture of the front", now - start)
        if BOARD in text:
            reached.setdefault("an exported model on an emulated board", now - start)
    print()
    for what, seconds in reached.items():
        print(f"To {what}: {seconds / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
