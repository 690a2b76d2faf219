"""What choosing costs beside training: asking, pricing, foreseeing, cutting, promoting, telling, writing; and resuming.

    python -m benchmarks.choosing --work DIR [--sizes 100 1000 10000] > benchmarks/results/choosing.md

The search is the product's own, with knobs of each of three layers; only its trainings are made up: what a ticket
reaches follows at once from its densities and bits, with noise (`Replayed`). A run's folder of each size is filled with
what random candidates became (priced, likened and stored as ever; beyond 1,000 with the records of these), without
choosing them (`benchmarks.choosing_filled`); then the run is resumed and asks for six batches more, as large as
`search.batch: auto` makes them. Given are medians over these batches, in milliseconds a candidate of processor time:
waiting for a disk is not in it. Trainings, and what is written of them into the cache, are left out. A run that was
resumed cuts and counts its layers anew; one that got so far by itself has priced thousands of candidates, so it is
measured after as many draws were priced. Each measurement is a process of its own. A folder that is there is not
filled again.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.choosing_filled import Replayed, fill, plan_of
from hwsearch.predict.similarity import Similarity
from hwsearch.records.events import Event
from hwsearch.records.run_folder import RunFolder
from hwsearch.search import batches, evaluate, run
from hwsearch.search.decide import state as states
from hwsearch.search.optuna_study import Proposer
from hwsearch.search.stages import pricing
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.environment import environment_of, record_environment

SIZES = (100, 1_000, 10_000)
_COUNT, _PRICED_BEFORE = "candidates", 4_000
PARTS = ("ask", "price", "similarity", "fit", "choose", "cut", "promote", "store", "write", "other")


class Clock:
    """Seconds spent in named parts, those of parts inside left out."""

    def __init__(self) -> None:
        self.laps: list[dict[str, float]] = []
        self._stack: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._count()
        self._stack.append(name)
        try:
            yield
        finally:
            self._count()
            self._stack.pop()

    def _count(self) -> None:
        now = time.process_time()
        if self._stack and self.laps:
            self.laps[-1][self._stack[-1]] = self.laps[-1].get(self._stack[-1], 0.0) + now - self._since
        self._since = now

    def wrap(self, owner: Any, attribute: str, name: str, *, lap: bool = False) -> None:
        """Count what an attribute of a module or class takes as a part; lap: each call begins a new lap."""
        inner = getattr(owner, attribute)

        def timed(*args: Any, **settings: Any) -> Any:
            if lap:
                self.laps.append({_COUNT: args[1]})
            with self.part(name):
                return inner(*args, **settings)

        setattr(owner, attribute, timed)


def measure(work: Path, size: int, *, warm: bool) -> dict[str, Any]:
    """Resume a run of so many trials, ask for more, and return what it took; warm: once thousands were priced."""
    plan, clock = plan_of(work, size), Clock()
    source, folder = RunFolder(work / f"filled{size}"), RunFolder(work / f"run{size}")
    shutil.rmtree(folder.path, ignore_errors=True)
    shutil.copytree(source.path, folder.path, ignore=shutil.ignore_patterns("environment.json"))
    record_environment(folder, environment_of(plan, "cpu"))  # it may have been filled by another version
    preparing = _watch(clock, _PRICED_BEFORE if warm else 0)
    start, marks = time.perf_counter(), dict[str, float]()

    def listen(event: Event) -> None:
        marks.setdefault(event.kind, time.perf_counter() - start)

    summary = run.search(plan, folder, storage=None, workers=1, listen=listen)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    laps = [lap for lap in clock.laps if len(lap) > 1]
    ms = {part: median(1e3 * lap.get(part, 0.0) / lap[_COUNT] for lap in laps) for part in PARTS}
    total = median(1e3 * sum(lap.get(part, 0.0) for part in PARTS) / lap[_COUNT] for lap in laps)
    told = {
        "size": size, "warm": warm, "batch": int(median(lap[_COUNT] for lap in laps)), "ms": ms,
        "total": total, "peak": peak, "resume": marks["candidates"] - sum(preparing),
        "counts": summary.counts, "front_size": summary.front_size,
    }  # fmt: skip
    for command in () if warm else ("front", "report"):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "hwsearch", command, str(folder.path)], check=True, capture_output=True
        )
        told[command] = time.perf_counter() - begun
    return told


def _watch(clock: Clock, priced_before: int) -> list[float]:
    """Have the parts of a search timed; return where the seconds of preparing it will stand.

    Args:
        clock: That times them.
        priced_before: Draws that are priced at first.
    """
    preparing = list[float]()

    class Watched(Replayed):
        pass

    def prepared(*args: Any) -> Context:
        begun = time.perf_counter()
        context = prepare(*args)
        rng, space = np.random.default_rng(1), context.plan.space
        for _ in range(priced_before):
            pricing.price_all(context, [space.candidate(space.draw(rng))])
        preparing.append(time.perf_counter() - begun)
        context.trainer.context = context  # type: ignore[attr-defined]
        return context

    run.Trainer, run.prepare = Watched, prepared  # type: ignore[attr-defined, assignment, misc]
    clock.wrap(batches.History, "propose", "other", lap=True)
    clock.wrap(Proposer, "suggestions", "ask")
    clock.wrap(pricing, "_price", "price")
    clock.wrap(Similarity, "agreement", "similarity")
    clock.wrap(states, "fit_records", "fit")
    clock.wrap(batches, "ranked", "choose")
    clock.wrap(evaluate, "cut", "cut")
    clock.wrap(evaluate, "promote", "promote")
    clock.wrap(Proposer, "proposals", "store")
    clock.wrap(Proposer, "tell", "store")
    clock.wrap(batches.History, "_add", "write")
    for owner, attribute in ((Watched, "run"), (Cache, "save"), (Cache, "load")):
        clock.wrap(owner, attribute, "train")
    return preparing


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of the filled runs")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a step of one size, in a process of its own
    parser.add_argument("--warm", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.one == "fill":
        fill(
            plan_of(args.work, args.sizes[0]), RunFolder(args.work / f"filled{args.sizes[0]}"), args.sizes[0]
        )
        return
    if args.one == "measure":
        print(json.dumps(measure(args.work, args.sizes[0], warm=args.warm)))
        return
    for size in args.sizes:
        if not (args.work / f"filled{size}").exists():
            _step(args.work, size, "fill")
    steps = [(size, extra) for size in args.sizes for extra in ((), ("--warm",))]
    table([json.loads(_step(args.work, size, "measure", *extra).splitlines()[-1]) for size, extra in steps])


def _step(work: Path, size: int, step: str, *extra: str) -> str:
    command = [
        sys.executable,
        "-m",
        "benchmarks.choosing",
        "--work",
        str(work),
        "--sizes",
        str(size),
        "--one",
        step,
        *extra,
    ]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Print what each size took."""
    print("| finished trials | in a batch | caches | ms a candidate | " + " | ".join(PARTS) + " |")
    print("|---" * (len(PARTS) + 4) + "|")
    for row in rows:
        parts = " | ".join(f"{row['ms'][part]:.1f}" for part in PARTS)
        caches = "full" if row["warm"] else "empty"
        print(f"| {row['size']:,} | {row['batch']} | {caches} | {row['total']:.1f} | {parts} |")
    print(
        "\n| finished trials | peak memory, MB | resume, s | `front`, s | `report`, s |\n|---|---|---|---|---|"
    )
    for row in (row for row in rows if not row["warm"]):
        seconds = " | ".join(f"{row[name]:.1f}" for name in ("resume", "front", "report"))
        print(f"| {row['size']:,} | {row['peak'] / 2**20:,.0f} | {seconds} |")


if __name__ == "__main__":
    main()
