"""The trainings with fresh seeds: of dense references and of recipes, what is stored not again.

What comes of them is judged in `finals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hwsearch.errors import HwsearchError
from hwsearch.measure.measured import Measured
from hwsearch.network.params import Params
from hwsearch.plan.plan import Plan
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.records.trials import TrialRecord
from hwsearch.search.jobs.pool import Job
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import fresh_references
from hwsearch.search.stages.skill import refuse_without_skill
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.seeds import seed_of

Cell = tuple[int, int]
"""A final training: the trial, or below 0 the dense network (`dense_cells`), and the seed."""


@dataclass(frozen=True)
class Tally:
    """Final trainings that are certain and those that are done, each counted once, however often it is asked for.

    Attributes:
        tell: Told how many are done and how many are certain by now, whenever more are done.
    """

    tell: Callable[[int, int], object] = lambda done, certain: None
    _certain: set[Cell] = field(default_factory=set)
    _done: set[Cell] = field(default_factory=set)

    def expect(self, cells: Iterable[Cell]) -> None:
        """Count trainings that will be done."""
        self._certain.update(cells)

    def finish(self, cells: Iterable[Cell]) -> None:
        """Count trainings that are done, and tell."""
        before = len(self._done)
        self._done.update(cells)
        self._certain.update(self._done)
        if len(self._done) > before:
            self.tell(len(self._done), len(self._certain))


def dense_cells(number: int, seeds: Iterable[int]) -> list[Cell]:
    """Return the trainings of the dense reference of a network."""
    return [(-1 - number, seed) for seed in seeds]


def final_seeds(plan: Plan) -> list[int]:
    """Return the fresh seeds of a study: no other study's, and the first ones stay when more are asked for."""
    return [seed_of("final", plan.study.seed, i) for i in range(plan.study.final.seeds)]


def sound_references(context: Context, number: int, seeds: Sequence[int], tally: Tally) -> list[Measured]:
    """Return the dense references of a network and of every fresh seed; they are counted.

    Raises:
        HwsearchError: One did not train, or knows nothing.
    """
    plan = context.at(number).plan

    def on_trained(n: int) -> None:
        tally.finish(dense_cells(number, seeds[:n]))

    dense = fresh_references(plan, context.trainer, context.cache, seeds, on_trained)
    tally.finish(dense_cells(number, seeds))
    if any(measured.params is None for measured in dense):
        raise HwsearchError("the dense network trained in the search, but not with every fresh seed")
    for seed, measured in zip(seeds, dense, strict=True):
        refuse_without_skill(measured, f"the dense reference of fresh seed {seed}", plan.study.score)
    return dense


def fresh_dense(context: Context, reference: Reference, seed: int) -> Params:
    """Return the dense network of a fresh seed, trained unless it is stored."""
    (measured,) = fresh_references(reference.plan, context.trainer, context.cache, [seed])
    if measured.params is None:
        raise HwsearchError("the dense network did not train with a fresh seed")
    return measured.params


def member_job(context: Context, records: Sequence[TrialRecord], dense: Params, seed: int) -> Job:
    """Return the final training of recipes that share network and T, from the dense network of a seed."""
    first = records[0].candidate
    fresh = context.cut_from(first.network, dense)
    return Job(
        tuple(ticket_of(fresh, record.candidate, seed) for record in records),
        first.timesteps,
        candidate_schedule(context.plan),
        seed,
        split_seed=seed,
        test=True,
        network=first.network,
    )


def train_members(
    context: Context,
    wanted: Mapping[int, Sequence[TrialRecord]],
    dense: Mapping[int, Mapping[int, Params]],
    tally: Tally,
) -> dict[Cell, Measured]:
    """Train recipes with fresh seeds, what is stored not again; return what came of them, by trial and seed.

    Args:
        context: Where they are trained and stored.
        wanted: The recipes of each seed.
        dense: The dense networks by network and seed.
        tally: Counts them.
    """
    results: dict[Cell, Measured] = {}
    missing: list[tuple[int, list[TrialRecord]]] = []
    study = context.plan.study
    for seed, records in wanted.items():
        untrained = []
        for record in records:
            stored = context.cache.load(context.cache.final_path(record.candidate, seed))
            if stored is None:
                untrained.append(record)
            else:
                results[record.trial, seed] = stored
        candidates = [record.candidate for record in untrained]
        stacks = context.trainer.stacks(candidates, study.train.batch_size, study.search.stack)
        missing += [(seed, [untrained[i] for i in stack]) for stack in stacks]
    jobs = [
        member_job(context, stack, dense[stack[0].candidate.network][seed], seed) for seed, stack in missing
    ]

    def store(index: int, measured: list[Measured]) -> None:
        seed, stack = missing[index]
        for record, result in zip(stack, measured, strict=True):
            context.cache.save(context.cache.final_path(record.candidate, seed), result)
            results[record.trial, seed] = result
        tally.finish(results)

    context.trainer.run(jobs, store)
    tally.finish(results)
    return results
