"""A whole study: wall time, peak memory of all its processes together, and what came out.

    python -m benchmarks.main_job studies/digits_mcu.yaml [--tree DIR ...] [--seeds 0 1 2] [--workers 2]

Each tree is a checkout of hwsearch (default: this one); they take turns, seed after seed, each in a fresh folder. The
memory is the proportional set size (shared pages shared out) of the process and its workers, looked at every 0.2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def memory(pid: int) -> int:
    """Return the bytes of a process and its descendants."""
    total, found = 0, [pid]
    while found:
        own = found.pop()
        try:
            told = Path(f"/proc/{own}/smaps_rollup").read_text(encoding="ascii")
            children = [
                child
                for task in Path(f"/proc/{own}/task").iterdir()
                for child in (task / "children").read_text(encoding="ascii").split()
            ]
        except (OSError, ProcessLookupError):  # it has ended meanwhile
            continue
        total += sum(int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("Pss:"))
        found += map(int, children)
    return total


def run(tree: Path, study: Path, workers: int, seed: int) -> tuple[float, int, dict]:  # type: ignore[type-arg]
    """Return wall seconds, peak bytes and the summary of a run."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ["--out", folder, "--workers", str(workers), "--seed", str(seed)]
        command = [sys.executable, "-m", "hwsearch", "run", str(study), *settings]
        start, peak = time.perf_counter(), 0
        env = os.environ | {"PYTHONPATH": str(tree)}
        with (Path(folder) / "said").open("w") as said:
            process = subprocess.Popen(command, env=env, cwd=tree, stdout=said, stderr=said)
            while process.poll() is None:
                peak = max(peak, memory(process.pid))
                time.sleep(0.2)
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            raise RuntimeError((Path(folder) / "said").read_text(encoding="utf-8"))
        return seconds, peak, json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))


def main() -> None:
    """Print a row a run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--tree", type=Path, nargs="*", default=[HERE])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    print(
        "| tree | seed | wall | peak memory | dense, validation | front | hypervolume | pick: test accuracy | bytes |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for seed in options.seeds:
        for tree in options.tree:
            seconds, peak, told = run(tree.resolve(), options.study, options.workers, seed)
            pick, dense = told["pick"], told["dense"]["accuracy_val"]
            chosen = "none | " if pick is None else f"{pick['accuracy_test']:.2%} | {pick['memory_bytes']:,}"
            print(
                f"| {tree.name} | {seed} | {seconds:.0f} s | {peak / 1e6:,.0f} MB "
                f"| {dense:.2%} | {told['front_size']} | {told['hypervolume']:.4f} | {chosen} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
