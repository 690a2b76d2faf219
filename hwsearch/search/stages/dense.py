"""The dense reference, trained once: tickets are cut from it, prices predicted, losses measured against it.

Each network that a study lists has its own; plans are of one network here (`Plan.at`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hwsearch.data.datasets import resplit
from hwsearch.data.samples import Dataset
from hwsearch.errors import HwsearchError
from hwsearch.measure.measured import Measured
from hwsearch.network.fold import fold
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.params import Params, Ticket
from hwsearch.plan.fidelity import REFERENCE_BITS
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.plan.schedules import dense_schedule
from hwsearch.records.trials import CostFields
from hwsearch.search.jobs.pool import Job, TrainedAlone, Trainer, train_job
from hwsearch.search.stages.reference_check import refuse_fallen
from hwsearch.search.stages.skill import refuse_without_skill
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import StoredWork, TicketStore
from hwsearch.study.laws import Score
from hwsearch.tickets.fit import Fit, dense_masks
from hwsearch.train.loop import Trained

_SECONDS = "seconds"


@dataclass(frozen=True)
class Dense:
    """The trained dense network.

    Attributes:
        measured: How it does at 8 bits and the longest T.
        params: Its floats.
        runs: Its integer model's run on the validation split, by T (whole, not shrunk).
        cost: What it costs on the device, by column.
        train_steps, eval_steps: Samples times timesteps that this run spent on it.
        whole_steps: What training it costs, whichever run did.
        scored_by: The study's score.
    """

    measured: Measured
    params: Params
    runs: Mapping[int, Run]
    cost: CostFields
    train_steps: int
    eval_steps: int
    whole_steps: int
    scored_by: Score = "accuracy"

    @property
    def score(self) -> float:
        """Of its integer model on validation."""
        return self.measured.score_val(self.scored_by) or 0.0

    @property
    def error(self) -> float:
        """1 - score."""
        return 1.0 - self.score


def dense_ticket(plan: Plan, seed: int) -> Ticket:
    """Return the ticket that keeps every weight of a fresh network, or of the one that the study gives."""
    params = plan.start(seed)
    return Ticket(params, dense_masks(params), (REFERENCE_BITS,) * len(params.weights))


def dense_fit(plan: Plan, data: Dataset, seed: int) -> Fit:
    """Return the training of the dense network, which is also that of finders."""
    schedule, loop = dense_schedule(plan), plan.study.train.neuron_loop
    return Fit(
        plan.spec,
        data.x_train,
        data.y_train,
        plan.dense_timesteps,
        schedule,
        seed,
        REFERENCE_BITS,
        loop,
        "" if plan.given is None else plan.given.digest,
    )


def dense_job(plan: Plan, store: TicketStore, seed: int, split_seed: int | None = None) -> Job:
    """Return what trains and measures the dense network of a seed; one that is kept is only measured.

    Args:
        plan: The question.
        store: Where trained networks are kept.
        seed: Of the initial weights and the order of the samples.
        split_seed: See `Job`; with it the network is measured on the test split as well.
    """
    path = _path(plan, store, seed, split_seed)
    kept, trained = store.load(path), None
    if kept is not None:
        trained = (Trained(kept.nets["trained"], None, "", store.spent.get(path.stem, 0)),)
    elif plan.given is not None and not plan.given.fine_tune:
        trained = (Trained(plan.given.params, None, "", 0),)
    return Job(
        (dense_ticket(plan, seed),), plan.dense_timesteps, dense_schedule(plan), seed, split_seed,
        test=split_seed is not None, keep_params=True, trained=trained, widths=plan.reference_widths,
        network=plan.number,
    )  # fmt: skip


def keep_dense(plan: Plan, store: TicketStore, job: Job, measured: Measured) -> None:
    """Keep the floats that a job of ``dense_job`` trained, if it did."""
    if job.trained is None and measured.params is not None:
        _keep(plan, store, job, measured.train_steps, measured.params, measured.wall_s)


def _keep(plan: Plan, store: TicketStore, job: Job, steps: int, params: Params, seconds: float) -> None:
    """Keep the floats of a dense network, with what it took to train them."""
    kept = StoredWork(steps, {"trained": params}, values={_SECONDS: seconds})
    store.save(_path(plan, store, job.seed, job.split_seed), kept)


def _seconds(plan: Plan, store: TicketStore, seed: int) -> float:
    """Return how long this run trained the dense network of a fresh seed; 0 where another did, or did not say."""
    path = _path(plan, store, seed, seed)
    kept = store.load(path)
    return float(kept.values.get(_SECONDS, 0.0)) if kept is not None and path.stem in store.spent else 0.0


def dense_reference(plan: Plan, trainer: Trainer, cache: Cache) -> Dense:
    """Return the dense reference, trained unless it is kept.

    Raises:
        HwsearchError: Training failed, or it is no better than the largest class: there is nothing to search from.
        InputError: On the device it loses more than the study tolerates.
    """
    path = cache.path("dense", *plan.place)
    measured = cache.load(path, with_params=True)
    ticket = dense_ticket(plan, plan.study.seed)
    if measured is None:
        store = TicketStore(cache)
        job = dense_job(plan, store, plan.study.seed)
        measured = trainer.run([job])[0][0]
        if measured.params is None or measured.workload is None:
            raise HwsearchError(
                f"{_what(plan)} could not be trained: {measured.failure}; lower dense_learning_rate"
            )
        keep_dense(plan, store, job, measured)
        cache.save(path, measured)
    assert measured.params is not None
    assert measured.workload is not None
    refuse_fallen(plan, measured, ticket)
    refuse_without_skill(measured, _what(plan), plan.study.score)
    runs = {}
    for timesteps in plan.space.timesteps:
        network = fold(
            plan.spec, measured.params, ticket.masks, ticket.bits, timesteps, plan.reference_widths
        )
        runs[timesteps] = run_integer(network, plan.data.x_val)
    probes = len(plan.data.y_val) * sum(plan.space.timesteps)
    cost = price_on_device(plan, measured.workload).fields
    return Dense(
        measured, measured.params, runs, cost, measured.train_steps, measured.eval_steps + probes, whole_steps(plan),
        plan.study.score,
    )  # fmt: skip


def begin_fresh(plan: Plan, trainer: Trainer, cache: Cache, seeds: Sequence[int]) -> None:
    """Begin to train the dense networks of fresh seeds while workers wait, those that are not kept.

    They are measured when the search has ended (`fresh_references`): it is not told how they do, on test least of all.
    """
    if not trainer.spare.size:
        return
    store = TicketStore(cache)
    missing = [seed for seed in seeds if not cache.final_path(plan.place, seed).exists()]
    for seed in missing:
        job = dense_job(plan, store, seed, split_seed=seed)
        if job.trained is None:
            keep = partial(_keep_alone, plan, store, job)
            trainer.spare.begin(_called(seed), [partial(train_job, job=job)], keep)


def _keep_alone(plan: Plan, store: TicketStore, job: Job, place: int, done: TrainedAlone) -> None:
    """Keep a dense network that was trained early; what failed is trained again where that is told."""
    (trained,) = done.trained
    if trained.params is not None:
        _keep(plan, store, job, trained.train_steps, trained.params, done.seconds)


def steps_of_fresh(plan: Plan, cache: Cache, seeds: Sequence[int]) -> int:
    """Return the samples times timesteps that this run has spent on dense networks of fresh seeds."""
    store = TicketStore(cache)
    for seed in seeds:
        store.load(_path(plan, store, seed, seed))
    return sum(store.spent.values())


def fresh_references(
    plan: Plan,
    trainer: Trainer,
    cache: Cache,
    seeds: Sequence[int],
    on_trained: Callable[[int], object] = lambda n: None,
) -> list[Measured]:
    """Return the dense network of each fresh seed, measured on test as well; what is stored is not trained again.

    Args:
        plan: The question.
        trainer: Where they are trained.
        cache: Where they are stored.
        seeds: Of the splits, the initial weights and the order of the samples.
        on_trained: Told how many there are so far.
    """
    paths = {seed: cache.final_path(plan.place, seed) for seed in seeds}
    results = {seed: cache.load(paths[seed], with_params=True) for seed in seeds}
    missing = [seed for seed in seeds if results[seed] is None]
    store = TicketStore(cache)
    trainer.spare.give_up([_called(seed) for seed in missing])
    jobs = [dense_job(plan, store, seed, split_seed=seed) for seed in missing]

    def save(index: int, measured: list[Measured]) -> None:
        seed, (result,) = missing[index], measured
        keep_dense(plan, store, jobs[index], result)
        if jobs[index].trained is not None:
            result = replace(result, wall_s=result.wall_s + _seconds(plan, store, seed))
        if result.params is not None:
            cache.save(paths[seed], result)
        results[seed] = result
        on_trained(sum(result is not None for result in results.values()))

    trainer.run(jobs, save)
    return [result for result in results.values() if result is not None]


def _called(seed: int) -> str:
    """Return what the training of a fresh seed's dense network is called among what is begun early."""
    return f"dense {seed}"


def _what(plan: Plan) -> str:
    """Return what the dense reference is called: by its network, where a study has several."""
    return f"the dense reference of {plan.names[plan.number]}" if plan.place else "the dense reference"


def whole_steps(plan: Plan) -> int:
    """Return the samples times timesteps of one dense training."""
    return dense_schedule(plan).epochs * len(plan.data.y_train) * plan.dense_timesteps


def _path(plan: Plan, store: TicketStore, seed: int, split_seed: int | None) -> Path:
    """Return where the floats of a dense network are kept."""
    data = plan.data if split_seed is None else resplit(plan.data, split_seed)
    return store.cache.shared_path("dense", dense_fit(plan, data, seed).digest)
