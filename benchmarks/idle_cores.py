"""How much of its cores a whole run uses, and what a second worker and the spare process save on the clock.

    python -m benchmarks.idle_cores STUDY --work DIR [--turns 3] > benchmarks/results/idle_cores.md

A study is run whole, with its plain networks and its report: with one worker, with two, and with two and the process
that trains while they wait (`search.jobs.spare`), in turns, each time in a new process and a new folder. On the clock
is all from the start of the command to its end; processor time is that of all its processes.
Not measured is a machine with more than two cores, nor one that others keep busy: run it alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

WAYS = {"one worker": (1, False), "two workers": (2, False), "two workers and the spare process": (2, True)}
RUN = """
import sys
from hwsearch.search.jobs import pool
from hwsearch.search.jobs.spare import Spare
if sys.argv[1] == "without":
    pool.Spare = lambda start: Spare(None)
sys.argv = ["hwsearch", "run", *sys.argv[2:]]
from hwsearch.cli import app
app()
"""


def main() -> None:
    """Run the study in turns; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    clock: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    fronts = set()
    for _ in range(args.turns):
        for name, (workers, spare) in WAYS.items():
            out = args.work / "run"
            shutil.rmtree(out, ignore_errors=True)
            clock[name].append(timed(args.study, out, workers, spare=spare))
            fronts.add(
                "".join((out / name).read_text(encoding="utf-8") for name in ("front.csv", "rival.csv"))
            )
    if len(fronts) != 1:
        raise SystemExit("runs found different fronts")
    steps = json.loads((out / "summary.json").read_text(encoding="utf-8"))["cost"]
    print("# How much of two cores a run uses\n")
    print(
        f"`python -m benchmarks.idle_cores {args.study} --work DIR --turns {args.turns}`: {args.study.stem}, whole,"
    )
    print("with its plain networks; every way found the same fronts of both, byte for byte, and trained")
    print(
        f"{steps['train_steps']:,} samples times timesteps. Medians of {args.turns} turns, in brackets all.\n"
    )
    print("| | on the clock, s | processor, s | share of two cores | times as fast as one worker |")
    print("|---|---|---|---|---|")
    for line in rows(clock):
        print(line)


def timed(study: Path, out: Path, workers: int, *, spare: bool) -> tuple[float, float]:
    """Run a study in a process of its own; return seconds on the clock and of the processor."""
    words = ["with" if spare else "without", str(study), "--out", str(out), "--workers", str(workers)]
    before, start = _children(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", RUN, *words], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ)
    )
    return time.perf_counter() - start, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows(clock: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Return the table's lines; what is compared was measured in the same turn."""
    (first, *_) = clock.values()
    lines = []
    for name, turns in clock.items():
        walls, cpus = [wall for wall, _ in turns], [cpu for _, cpu in turns]
        shares = [cpu / (2 * wall) for wall, cpu in turns]
        times = [one / wall for (one, _), (wall, _) in zip(first, turns, strict=True)]
        cells = [_spread(walls, ".0f"), _spread(cpus, ".0f"), _spread(shares, ".0%"), _spread(times, ".2f")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _spread(values: list[float], form: str) -> str:
    return f"{median(values):{form}} ({', '.join(f'{value:{form}}' for value in values)})"


if __name__ == "__main__":
    main()
