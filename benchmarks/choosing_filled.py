"""A run's folder full of random candidates whose trainings are made up: what `benchmarks.choosing` resumes.

What a ticket reaches follows at once from its densities and bits, with noise. Candidates are priced, likened and stored
as ever; beyond 1,000 with the records of these, under other knobs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.measure.measured import Measured
from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.predict.cost import predict_workload
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord
from hwsearch.search import run
from hwsearch.search.decide.batch_size import batch_size
from hwsearch.search.decide.state import SearchState
from hwsearch.search.jobs.job import Bench, Job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import Proposer, Told
from hwsearch.search.stages import pricing
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.stages.rungs import Trial, ascend
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.environment import environment_of, open_cache, record_environment
from hwsearch.search.store.place import place_of
from hwsearch.search.verdict import verdict
from hwsearch.space.space import Setting
from hwsearch.study.model import load_study

MORE = 6
"""Batches that are measured."""
_FILLED, _PRICED = (
    250,
    1_000,
)  # trials at a time; those that are priced, whose records stand for more of other knobs
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
search: {sampler: tpe, candidates: CANDIDATES, finish: 1.0}
final: {seeds: 2}
pick: {rule: smallest, within: 0.005}
rival: false
"""


class Replayed(Trainer):
    """Trains nothing in a search: accuracies follow from what a ticket keeps. Dense and final networks are trained."""

    def __init__(self, bench: Bench, workers: Any) -> None:
        super().__init__(bench, workers)
        self.context: Context | None = None

    def stacks(self, candidates: Sequence[Any], batch_size: int, most: Any) -> list[list[int]]:
        return [[i] for i in range(len(candidates))]

    def run(
        self, jobs: Iterable[Job], on_done: Callable[[int, list[Measured]], None] | None = None
    ) -> list[list[Measured]]:
        jobs = list(jobs)
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
    noise = np.random.default_rng([int(1e9 * density.sum()), *map(int, ticket.bits), epochs])
    error = error_of(ticket, epochs) * float(np.exp(0.15 * noise.standard_normal()))
    return round(max(0.1, 1.0 - error) * 360) / 360


def error_of(ticket: Ticket, epochs: int) -> float:
    """Return a made-up error without noise."""
    density = np.array([mask.mean() for mask in ticket.masks])
    lost = 0.02 * (1.0 - 1.0 / np.array(ticket.bits[: len(density)]) < 0.6) + 0.03 * np.exp(-12 * density)
    return (0.02 + float(lost.sum())) * (1 + 1.5 / epochs)


class Unkept(Cache):
    """Keeps nothing: what is made up is made again."""

    def load(self, path: Path, *, with_params: bool) -> Measured | None:
        return None

    def save(self, path: Path, measured: Measured) -> None:
        pass


def plan_of(work: Path, size: int) -> Plan:
    """Return the plan of a study that asks for so many, and the batches that are measured."""
    path, asked = work / f"{size}.yaml", size
    path.write_text(STUDY.replace("CANDIDATES", str(size)))
    search = load_study(path).search
    for _ in range(MORE):
        asked += batch_size(search, asked)
    path.write_text(STUDY.replace("CANDIDATES", str(asked)))
    return make_plan(load_study(path), path)


def fill(plan: Plan, folder: RunFolder, size: int, seed: int = 0) -> None:
    """Fill a run's folder with trials of random candidates, which the seed draws."""
    folder.path.mkdir(parents=True)
    record_environment(folder, environment_of(plan, "cpu"))
    proposer = run._open(plan, folder, place_of(folder, plan.study.name, None))
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    rng, seen, made = np.random.default_rng(seed), set[str](), list[TrialRecord]()
    with Replayed(bench, 1) as trainer:
        context = prepare(plan, trainer, open_cache(folder, plan, "cpu", print), lambda event: None)
        context = trainer.context = replace(context, cache=Unkept(folder.cache, plan.digest))
        state = context.state({})
        while proposer.count < min(size, _PRICED):
            settings = _new(plan, rng, seen, min(_FILLED, size - proposer.count))
            priced = pricing.price_all(context, [plan.space.candidate(setting) for setting in settings])
            trials = [
                Trial(p.record(number), p.ticket) for number, p in enumerate(priced, start=proposer.count)
            ]
            records = [trial.record for trial in ascend(context, state, trials, _best_third, None)]
            _store(proposer, state, settings, records)
            made += records
            print(folder.path, proposer.count, file=sys.stderr, flush=True)
        while proposer.count < size:
            settings = _new(plan, rng, seen, min(_FILLED, size - proposer.count))
            likes = rng.integers(len(made), size=len(settings))
            records = [
                replace(made[like], trial=number, candidate=plan.space.candidate(setting))
                for number, (setting, like) in enumerate(
                    zip(settings, likes, strict=True), start=proposer.count
                )
            ]
            _store(proposer, state, settings, records)


def _new(plan: Plan, rng: np.random.Generator, seen: set[str], count: int) -> list[Setting]:
    """Return settings of so many candidates that were not drawn before."""
    settings = list[Setting]()
    while len(settings) < count:
        setting = plan.space.draw(rng)
        if (name := plan.space.candidate(setting).digest) not in seen:
            seen.add(name)
            settings.append(setting)
    return settings


def _store(
    proposer: Proposer, state: SearchState, settings: Sequence[Setting], records: Sequence[TrialRecord]
) -> None:
    """Store trials that are finished, as asking for them and telling them would."""
    first = proposer.count
    proposer.proposals(first, first + len(settings), lambda: settings)
    proposer.tell([Told(r.trial, verdict(state, r), r.to_json()) for r in records])


def _best_third(state: SearchState, rung: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Stop all but the most accurate third of a rung."""
    floor = np.quantile([record.curve[-1] for record in rung], 2 / 3) if rung else 0.0
    return [
        r if r.curve[-1] >= floor else replace(r, outcome="stopped", reason="others promised more")
        for r in rung
    ]
