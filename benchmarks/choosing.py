"""What choosing costs beside training: asking, pricing, foreseeing, cutting, promoting, telling, writing; and resuming.

    python -m benchmarks.choosing --work DIR [--sizes 100 1000 10000] > benchmarks/results/choosing.md

The search is the product's own, with knobs of each of three layers; only its trainings are made up: what a ticket
reaches follows at once from its densities and bits, with noise (`Replayed`). A run's folder of each size is filled with
what random candidates became (priced, likened and stored as ever; beyond 1,000 with the records of these), without
choosing them; then the run is resumed and
asks for six batches of eight more. Given are medians over these batches, in milliseconds a candidate of processor time
(waiting for a disk is not in it). Trainings, and what is written of them into the cache, are left out. Each
measurement is a process of its own. Folders are kept: one that is there is not filled again.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from optuna.trial import TrialState, create_trial

from hwsearch.measure.measured import Measured
from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.predict.cost import predict_workload
from hwsearch.predict.similarity import Similarity
from hwsearch.records.events import Event
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord
from hwsearch.search import batches, evaluate, run
from hwsearch.search.decide import state as states
from hwsearch.search.jobs.job import Bench, Job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import Proposer, Verdict
from hwsearch.search.stages import pricing
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.stages.rungs import Trial, ascend
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.environment import environment_of, open_cache, record_environment
from hwsearch.search.store.place import place_of
from hwsearch.search.stored_trial import LISTED_CONSTRAINTS
from hwsearch.search.verdict import verdict
from hwsearch.space.space import Setting
from hwsearch.study.model import load_study

SIZES, BATCH, MORE = (100, 1_000, 10_000), 8, 6
FILLED, PRICED = (
    250,
    1_000,
)  # trials at a time; trials that are priced, whose records stand for more of other knobs
PARTS = ("ask", "price", "similarity", "fit", "choose", "cut", "promote", "store", "write", "other")
STUDY = """\
name: choosing
data: {name: digits}
network: {layers: fc128-fc128, neuron: lif, leak_shift: 1, batch_norm: true}
space:
  sparsity: {low: 0.0, high: 0.95, step: 0.05}
  granularity: [weight, "nm:4", "nm:8", "nm:16", "block:4", "block:8", channel]
  weight_bits: [1, 2, 3, 4, 6, 8]
  timesteps: [4]
  per_layer: true
device:
  profile: nrf51822_microbit
  budgets: {memory_bytes: 16384, ram_bytes: 4096, synaptic_ops: 60000}
objectives: [error, energy_j, memory_bytes]
train: {dense_epochs: 20, epochs: 16, dense_learning_rate: 0.005, learning_rate: 0.01}
search: {sampler: tpe, candidates: CANDIDATES, batch: BATCH, finish: 1.0}
final: {seeds: 2}
pick: {rule: smallest, within: 0.005}
"""


class Replayed(Trainer):
    """Trains nothing in a search: accuracies follow from what a ticket keeps. Dense and final networks are trained."""

    def __init__(self, bench: Bench, workers: Any) -> None:
        super().__init__(bench, workers)
        self.context: Context | None = None

    def stacks(self, candidates: Sequence[Any], batch_size: int, most: Any) -> list[list[int]]:
        return [[i] for i in range(len(candidates))]

    def run(
        self, jobs: Sequence[Job], on_done: Callable[[int, list[Measured]], None] | None = None
    ) -> list[list[Measured]]:
        if self.context is None or any(job.split_seed is not None for job in jobs):
            return super().run(jobs, on_done)
        results = []
        for index, job in enumerate(jobs):
            results.append([self._measured(ticket, job) for ticket in job.tickets])
            if on_done is not None:
                on_done(index, results[-1])
        return results

    def _measured(self, ticket: Ticket, job: Job) -> Measured:
        context, spec = self.context, self._bench.networks[0]
        assert context is not None
        reference = context.at(0)
        workload = predict_workload(
            spec,
            ticket.masks,
            ticket.bits,
            job.timesteps,
            reference.dense.runs[job.timesteps],
            reference.counted,
        )
        accuracy = reached(ticket, job.schedule.epochs)
        return Measured(
            "", None, workload, accuracy, accuracy, None, 0.5, 16, 16, ticket.params if job.keep_params else None,
            job.schedule.epochs, 1,
        )  # fmt: skip


def reached(ticket: Ticket, epochs: int) -> float:
    """Return a made-up accuracy: it falls with each layer's density and bits, rises with epochs, and has noise."""
    density = np.array([mask.mean() for mask in ticket.masks])
    lost = 0.02 * (1.0 - 1.0 / np.array(ticket.bits[: len(density)]) < 0.6) + 0.03 * np.exp(-12 * density)
    noise = np.random.default_rng([int(1e9 * density.sum()), *map(int, ticket.bits), epochs])
    error = (0.02 + float(lost.sum())) * (1 + 1.5 / epochs) * float(np.exp(0.15 * noise.standard_normal()))
    return round(max(0.1, 1.0 - error) * 360) / 360


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
                self.laps.append({})
            with self.part(name):
                return inner(*args, **settings)

        setattr(owner, attribute, timed)


class Unkept(Cache):
    """Keeps nothing: what is made up is made again."""

    def load(self, path: Path, *, with_params: bool) -> Measured | None:
        return None

    def save(self, path: Path, measured: Measured) -> None:
        pass


def plan_of(work: Path, size: int) -> Plan:
    """Return the plan of a study that asks for so many, and the batches that are measured."""
    path = work / f"{size}.yaml"
    text = STUDY.replace("CANDIDATES", str(size + BATCH * MORE)).replace("BATCH", str(BATCH))
    path.write_text(text)
    return make_plan(load_study(path), path)


def fill(plan: Plan, folder: RunFolder, size: int) -> None:
    """Fill a run's folder with trials of random candidates."""
    folder.path.mkdir(parents=True)
    record_environment(folder, environment_of(plan, "cpu"))
    proposer = run._open(plan, folder, place_of(folder, plan.study.name, None))
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    rng, seen, made = np.random.default_rng(0), set[str](), list[TrialRecord]()
    with Replayed(bench, 1) as trainer:
        context = prepare(plan, trainer, open_cache(folder, plan, "cpu", print), lambda event: None)
        context = trainer.context = replace(context, cache=Unkept(folder.cache, plan.digest))
        state = context.state({})
        while proposer.count < min(size, PRICED):
            settings = _new(plan, rng, seen, min(FILLED, size - proposer.count))
            priced = pricing.price_all(context, [plan.space.candidate(setting) for setting in settings])
            trials = [
                Trial(p.record(number), p.ticket) for number, p in enumerate(priced, start=proposer.count)
            ]
            for setting, trial in zip(
                settings, ascend(context, state, trials, _best_third, None), strict=True
            ):
                _store(proposer, setting, trial.record, verdict(state, trial.record))
                made.append(trial.record)
            print(folder.path, proposer.count, file=sys.stderr, flush=True)
        for number, setting in enumerate(_new(plan, rng, seen, size - len(made)), start=len(made)):
            like = made[int(rng.integers(len(made)))]
            candidate = plan.space.candidate(setting)
            record = replace(like, trial=number, candidate=candidate)
            _store(proposer, setting, record, verdict(state, record))


def _new(plan: Plan, rng: np.random.Generator, seen: set[str], count: int) -> list[Setting]:
    """Return settings of so many candidates that were not drawn before."""
    settings = list[Setting]()
    while len(settings) < count:
        setting = plan.space.draw(rng)
        if (name := plan.space.candidate(setting).digest) not in seen:
            seen.add(name)
            settings.append(setting)
    return settings


def _store(proposer: Proposer, setting: Setting, record: TrialRecord, told: Verdict) -> None:
    """Store a trial that is finished as asking for it and telling it would, at once."""
    spelling, over = proposer._spelling, told.constraints
    if not proposer._units:
        proposer._study.set_user_attr("hwsearch:units", list(told.units))
        proposer._units = told.units
    proposer._study.add_trial(
        create_trial(
            state=TrialState[told.state.upper()],
            values=told.values,
            params=spelling.params(setting),
            distributions=spelling.distributions,
            user_attrs={
                "hwsearch:record": record.to_json(),
                "outcome": told.outcome,
                "feasible": record.feasible,
            },
            system_attrs={f"constraints:{name}": value for name, value in over.items()}
            | {LISTED_CONSTRAINTS: list(over.values())},
        )
    )


def _best_third(state: states.SearchState, rung: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Stop all but the most accurate third of a rung."""
    floor = np.quantile([record.curve[-1] for record in rung], 2 / 3) if rung else 0.0
    return [
        r if r.curve[-1] >= floor else replace(r, outcome="stopped", reason="others promised more")
        for r in rung
    ]


def measure(work: Path, size: int) -> dict[str, Any]:
    """Resume a run of so many trials, ask for more, and return what it took."""
    plan, clock = plan_of(work, size), Clock()
    source, folder = RunFolder(work / f"filled{size}"), RunFolder(work / f"run{size}")
    shutil.rmtree(folder.path, ignore_errors=True)
    shutil.copytree(source.path, folder.path, ignore=shutil.ignore_patterns("environment.json"))
    record_environment(folder, environment_of(plan, "cpu"))  # it may have been filled by another version
    preparing = _watch(clock)
    start, marks = time.perf_counter(), dict[str, float]()

    def listen(event: Event) -> None:
        marks.setdefault(event.kind, time.perf_counter() - start)

    summary = run.search(plan, folder, storage=None, workers=1, listen=listen)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    laps = [lap for lap in clock.laps if lap]
    ms = {part: median(1e3 * lap.get(part, 0.0) / BATCH for lap in laps) for part in PARTS}
    total = median(1e3 * sum(s for part, s in lap.items() if part != "train") / BATCH for lap in laps)
    told = {
        "size": size, "ms": ms, "total": total, "peak": peak, "resume": marks["candidates"] - sum(preparing),
        "counts": summary.counts, "front_size": summary.front_size,
    }  # fmt: skip
    for command in ("front", "report"):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "hwsearch", command, str(folder.path)], check=True, capture_output=True
        )
        told[command] = time.perf_counter() - begun
    return told


def _watch(clock: Clock) -> list[float]:
    """Have the parts of a search timed; return where the seconds of preparing it will stand."""
    preparing = list[float]()

    class Watched(Replayed):
        pass

    def prepared(*args: Any) -> Context:
        begun = time.perf_counter()
        context = prepare(*args)
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
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.one == "fill":
        fill(
            plan_of(args.work, args.sizes[0]), RunFolder(args.work / f"filled{args.sizes[0]}"), args.sizes[0]
        )
        return
    if args.one == "measure":
        print(json.dumps(measure(args.work, args.sizes[0])))
        return
    for size in args.sizes:
        if not (args.work / f"filled{size}").exists():
            _step(args.work, size, "fill")
    table([json.loads(_step(args.work, size, "measure").splitlines()[-1]) for size in args.sizes])


def _step(work: Path, size: int, step: str) -> str:
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
    ]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Print what each size took."""
    print("| finished trials | ms a candidate | " + " | ".join(PARTS) + " |")
    print("|---" * (len(PARTS) + 2) + "|")
    for row in rows:
        parts = " | ".join(f"{row['ms'][part]:.1f}" for part in PARTS)
        print(f"| {row['size']:,} | {row['total']:.1f} | {parts} |")
    print(
        "\n| finished trials | peak memory, MB | resume, s | `front`, s | `report`, s |\n|---|---|---|---|---|"
    )
    for row in rows:
        seconds = " | ".join(f"{row[name]:.1f}" for name in ("resume", "front", "report"))
        print(f"| {row['size']:,} | {row['peak'] / 2**20:,.0f} | {seconds} |")


if __name__ == "__main__":
    main()
