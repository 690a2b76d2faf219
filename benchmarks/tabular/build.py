"""Builds the tabular benchmark of SNN compression: every cell trained, with its whole learning curve.

    python -m benchmarks.tabular.build digits --work /tmp/tabular          # resumable; then
    python -m benchmarks.tabular.build digits --work /tmp/tabular --early  # likewise
    python -m benchmarks.tabular.build digits --work /tmp/tabular --pack   # writes benchmarks/tabular/digits.csv.gz

``grid``: every sparsity x granularity x bits x T of the task's study, one choice for all layers, three seeds; the
held-out task, ``fsdd``, has none.
``mix``: 1,200 per-layer mixes at the longest T (uniform over the knobs), one seed, 300 of them three seeds.
A seed has its own dense network and its own order of samples; the split is one. A cell is trained in the annealed
cycles of the search's rungs (1 + 3 + 12 epochs), each from the last one's weights; its integer model is measured on
validation after each, and on test after the last. Test accuracies are the table's truth: no contestant sees them.
``--early`` trains the first two cycles of every cell once more, at a quarter and half of its T as the search does, and
measures at its T (``early_1``, ``early_4``).
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.predict.cost import predict_workload
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import dense_reference
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import canonical
from hwsearch.study.model import load_study
from hwsearch.train.machine import tune_process

HERE = Path(__file__).parent
TASKS = ("digits", "mnist", "fsdd")
MIXES_ALONE = ("fsdd",)
SEEDS, CYCLES, STACK = (0, 1, 2), (1, 3, 12), 16
N_MIXES, N_REPEATED = 1200, 300
COSTS = ("memory_bytes", "weight_bytes", "synaptic_ops", "energy_j")


@dataclass(frozen=True)
class Cell:
    """One training of the table."""

    kind: str
    candidate: Candidate
    seed: int

    @property
    def key(self) -> str:
        """Names it."""
        return f"{self.candidate.digest}-{self.seed}"


def plan_of(task: str) -> Plan:
    """Return the plan of a task."""
    path = HERE / f"{task}.yaml"
    return make_plan(load_study(path), path)


def cells(task: str) -> list[Cell]:
    """Return every cell of the table of a task."""
    plan = plan_of(task)
    space = plan.space
    settings = itertools.product(space.sparsity, space.granularity, space.weight_bits, space.timesteps)
    grid = dict.fromkeys(canonical(Candidate((s,), g, (b,), t)) for s, g, b, t in settings)
    mixes = list(itertools.islice(_mixes(plan), N_MIXES))
    return (
        [Cell("grid", c, seed) for seed in SEEDS for c in grid if task not in MIXES_ALONE]
        + [Cell("mix", c, SEEDS[0]) for c in mixes]
        + [Cell("mix", c, seed) for seed in SEEDS[1:] for c in mixes[:N_REPEATED]]
    )


def _mixes(plan: Plan) -> Iterator[Candidate]:
    """Yield different per-layer mixes without end."""
    rng, seen, n = np.random.default_rng(1), set(), len(plan.spec.prunable)
    while True:
        mix = canonical(
            Candidate(
                tuple(rng.choice(plan.space.sparsity, n).tolist()),
                str(rng.choice(plan.space.granularity)),
                tuple(rng.choice(plan.space.weight_bits, n).tolist()),
                plan.dense_timesteps,
            )
        )
        if mix not in seen:
            seen.add(mix)
            yield mix


@cache
def lab_of(task: str, seed: int, work: Path) -> Context:
    """Return the plan and the dense network of a seed."""
    plan = plan_of(task)
    plan = replace(plan, study=plan.study.model_copy(update={"seed": seed}), digest=f"{plan.digest}-{seed}")
    bench, cache = (
        Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop),
        Cache(work, plan.digest),
    )
    with Trainer(bench, 1) as trainer:
        return Context(plan, (Reference(plan, dense_reference(plan, trainer, cache)),), trainer, cache)


def train(context: Context, stack: list[Cell]) -> list[dict[str, object]]:
    """Train a stack of cells that share seed and T; return their rows."""
    plan = context.plan
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    seed, timesteps = stack[0].seed, stack[0].candidate.timesteps
    tickets = [ticket_of(context, cell.candidate) for cell in stack]
    rows = [_before(context, cell, own) for cell, own in zip(stack, tickets, strict=True)]
    for index, epochs in enumerate(CYCLES):
        last = index == len(CYCLES) - 1
        schedule = replace(candidate_schedule(plan), epochs=epochs)
        job = Job(tuple(tickets), timesteps, schedule, 10 * seed + index, test=last, keep_params=True)
        results = run_job(bench, job)
        for row, own in zip(rows, results, strict=True):
            assert own.accuracy_val is not None, own.failure
            row[f"val_{sum(CYCLES[: index + 1])}"] = round(own.accuracy_val, 5)
            if last and own.workload is not None and own.accuracy_test is not None:
                row["test"] = round(own.accuracy_test, 5)
                priced = price_on_device(plan, own.workload).fields
                row |= {f"{name}_measured": priced[name] for name in COSTS}
        tickets = [
            replace(t, params=own.params)
            for t, own in zip(tickets, results, strict=True)
            if own.params is not None
        ]
    return rows


def train_early(context: Context, stack: list[Cell]) -> list[dict[str, object]]:
    """Train the first cycles of a stack of cells at fewer timesteps; return their rows."""
    plan = context.plan
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    seed, timesteps = stack[0].seed, stack[0].candidate.timesteps
    tickets = [ticket_of(context, cell.candidate) for cell in stack]
    rows: list[dict[str, object]] = [{"key": cell.key} for cell in stack]
    for index, epochs in enumerate(CYCLES[:-1]):
        job = Job(
            tuple(tickets), timesteps, replace(candidate_schedule(plan), epochs=epochs), 10 * seed + index,
            keep_params=True, early_timesteps=plan.rung_timesteps(index, timesteps),
        )  # fmt: skip
        results = run_job(bench, job)
        for row, own in zip(rows, results, strict=True):
            assert own.accuracy_val is not None, own.failure
            row[f"early_{sum(CYCLES[: index + 1])}"] = round(own.accuracy_val, 5)
        params = [own.params for own in results if own.params is not None]
        tickets = [replace(t, params=own) for t, own in zip(tickets, params, strict=True)]
    return rows


def _before(context: Context, cell: Cell, own: Ticket) -> dict[str, object]:
    """Return what is known of a cell before training."""
    c, plan = cell.candidate, context.plan
    workload = predict_workload(
        plan.spec, own.masks, own.bits, c.timesteps, context.yardstick.dense.runs[c.timesteps]
    )
    priced = price_on_device(plan, workload).fields
    spelt = {
        "sparsity": "/".join(f"{s:g}" for s in c.sparsity),
        "granularity": c.granularity,
        "weight_bits": "/".join(map(str, c.weight_bits)),
        "timesteps": c.timesteps,
    }
    return {"key": cell.key, "kind": cell.kind, "seed": cell.seed, **spelt} | {n: priced[n] for n in COSTS}


def build(task: str, work: Path, part: int, parts: int, stacks: int, early: bool) -> bool:
    """Train what is missing of a part of the table, at most so many stacks; return whether it is whole."""
    rows_path = work / (f"{task}-early.jsonl" if early else f"{task}.jsonl")
    work.mkdir(parents=True, exist_ok=True)
    text = rows_path.read_text() if rows_path.exists() else ""
    done = {json.loads(line)["key"] for line in text.splitlines()}
    todo = [cell for cell in cells(task) if cell.key not in done]
    todo.sort(key=lambda c: (c.seed, c.kind, c.candidate.timesteps, c.candidate.weight_bits))
    groups = [
        list(g) for _, g in itertools.groupby(todo, key=lambda c: (c.seed, c.kind, c.candidate.timesteps))
    ]
    batches = [group[i : i + STACK] for group in groups for i in range(0, len(group), STACK)][part::parts]
    for stack in batches[:stacks]:
        rows = (train_early if early else train)(lab_of(task, stack[0].seed, work / "dense"), stack)
        with rows_path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    print(f"{task}: {len(done)} cells before, {len(todo)} to do", flush=True)
    return len(batches) <= stacks


def pack(task: str, work: Path) -> None:
    """Write the table of a task, in one order whatever the order of training."""
    spelt = {"sparsity": str, "weight_bits": str}
    parts = [work / f"{task}.jsonl", work / f"{task}-early.jsonl"]
    frame, early = (pd.read_json(path, lines=True, dtype=spelt, precise_float=True) for path in parts)
    _write(task, frame.drop_duplicates("key").merge(early.drop_duplicates("key"), on="key"))


def _write(task: str, frame: pd.DataFrame) -> None:
    frame = frame.sort_values(["kind", "seed", "key"]).reset_index(drop=True)
    missing = len(cells(task)) - len(frame)
    if missing:
        raise SystemExit(f"{task}: {missing} cells are missing; run the builds to their ends first")
    frame.to_csv(HERE / f"{task}.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--work", type=Path, required=True, help="folder of what is trained so far")
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1, help="processes that build at once")
    parser.add_argument("--stacks", type=int, default=10**9, help="stop after so many stacks")
    parser.add_argument("--early", action="store_true", help="the first cycles at fewer timesteps")
    parser.add_argument("--pack", action="store_true")
    args = parser.parse_args()
    tune_process()
    if args.pack:
        pack(args.task, args.work)
    elif not build(args.task, args.work, args.part, args.parts, args.stacks, args.early):
        raise SystemExit(3)


if __name__ == "__main__":
    main()
