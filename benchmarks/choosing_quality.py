"""What a long search's cheaper choices cost: the hypervolume that is reached after as many proposals.

    python -m benchmarks.choosing_quality --work DIR [--seeds 3] > benchmarks/results/choosing_quality.md

The search of `benchmarks.choosing`, its trainings made up, begins with as many random trials as make it long (512) and
proposes as many more, once with each way to choose. Hypervolume is that of `search.decide.front`, of what was trained
to the search's end, by the errors that trainings have without their noise: nobody profits from a lucky draw.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choosing_filled import STUDY, Replayed, error_of, fill
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.search import batches, run
from hwsearch.search.decide import acquisition, memory
from hwsearch.search.jobs.job import Bench
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.environment import environment_of, open_cache, record_environment
from hwsearch.search.store.place import place_of
from hwsearch.study.model import load_study

_MORE = 480
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "as it is": ("auto", {}),
    "batches of 8, more suggested": (
        "8", {"_SUGGESTED_LONG": 4, "_TOGETHER": 0},
    ),
}  # fmt: skip
"""By name: the study's ``batch``, and constants of `acquisition` that differ."""


def reached(work: Path, way: str, seed: int) -> dict[str, float]:
    """Return the hypervolume before and after, and the seconds of processor time that the batches took."""
    batch, constants = WAYS[way]
    filled, folder = work / f"filled-{seed}", RunFolder(work / f"run-{seed}")
    plan = _plan(work, seed, batch)
    if not filled.exists():
        fill(plan, RunFolder(filled), memory.WHOLE, seed)
    shutil.rmtree(folder.path, ignore_errors=True)
    shutil.copytree(filled, folder.path, ignore=shutil.ignore_patterns("environment.json"))
    record_environment(folder, environment_of(plan, "cpu"))
    for name, value in constants.items():
        setattr(acquisition, name, value)
    proposer = run._open(plan, folder, place_of(folder, plan.study.name, None))
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    with Replayed(bench, 1) as trainer:
        context = prepare(plan, trainer, open_cache(folder, plan, "cpu", print), lambda event: None)
        trainer.context = context
        begun = time.process_time()
        history = batches.run_batches(context, proposer, folder, lambda event: None)
        spent = time.process_time() - begun
        first = [r for r in history.records if r.trial < memory_starts(history.records)]
        return {
            "before": _hypervolume(context, history, first),
            "after": _hypervolume(context, history, history.records),
            "seconds": spent,
        }


def memory_starts(records: Sequence[Any]) -> int:
    """Return the number of the first trial that was chosen."""
    return len(records) - _MORE


def _hypervolume(context: Context, history: batches.History, records: Sequence[Any]) -> float:
    """Return the hypervolume of what was trained to the search's end, without the noise of trainings."""
    trained = [r for r in records if r.eligible and len(r.curve) == len(context.plan.cycles)]
    epochs = context.plan.cycles[-1]
    errors = [error_of(ticket_of(context, r.candidate), epochs) for r in trained]
    return history.state.hypervolume([1.0 - e for e in errors], [r.measured or {} for r in trained])


def _plan(work: Path, seed: int, batch: str) -> Plan:
    path = work / f"{seed}-{batch}.yaml"
    text = STUDY.replace("CANDIDATES", str(512 + _MORE)).replace(
        "finish: 1.0", f"finish: 1.0, batch: {batch}"
    )
    path.write_text(f"{text}seed: {seed}\n")
    return make_plan(load_study(path), path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # a way and a seed, in a process of its own
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.one:
        print(json.dumps(reached(args.work, args.one[0], int(args.one[1]))))
        return
    print(
        "| choosing | hypervolume before | after | against the first row, by seed | s a candidate |\n"
        + "|---" * 5
        + "|"
    )
    found = {way: [_one(args.work, way, seed) for seed in range(args.seeds)] for way in WAYS}
    first = np.array([each["after"] for each in found["as it is"]])
    for way, results in found.items():
        before, after, seconds = (
            np.array([each[name] for each in results]) for name in ("before", "after", "seconds")
        )
        apart = " ".join(f"{gap:+.4f}" for gap in after - first)
        print(
            f"| {way} | {before.mean():.4f} | {after.mean():.4f} | {apart} | {seconds.mean() / _MORE:.3f} |",
            flush=True,
        )


def _one(work: Path, way: str, seed: int) -> dict[str, float]:
    command = [
        sys.executable, "-m", "benchmarks.choosing_quality", "--work", str(work), "--one", way, str(seed),
    ]  # fmt: skip
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(way, seed, told.strip(), file=sys.stderr, flush=True)
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
