"""The dense reference, trained once: tickets are cut from it, prices foretold, losses measured against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hwsearch.errors import HwsearchError
from hwsearch.network.fold import fold
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.stack import Params, Ticket, initial_params
from hwsearch.search.cache import Cache
from hwsearch.search.plan import REFERENCE_BITS, Plan, price_on_device
from hwsearch.search.records import CostFields
from hwsearch.search.trainer import Job, Measured, Trainer
from hwsearch.train.loop import Schedule


@dataclass(frozen=True)
class Dense:
    """The trained dense network.

    Attributes:
        measured: How it does at 8 bits and the longest T.
        params: Its floats.
        runs: Its integer model's run on the validation split, by T (whole, not shrunk).
        cost: What it costs on the device, by column.
        train_steps, eval_steps: Samples times timesteps spent on it.
    """

    measured: Measured
    params: Params
    runs: Mapping[int, Run]
    cost: CostFields
    train_steps: int
    eval_steps: int


def dense_ticket(plan: Plan, seed: int) -> Ticket:
    """Return the ticket that keeps every weight of a fresh network."""
    params = initial_params(plan.spec, seed)
    masks = tuple(np.ones(layer.weight.shape, bool) for layer in params)
    return Ticket(params, masks, (REFERENCE_BITS,) * len(params))


def dense_schedule(plan: Plan) -> Schedule:
    """Return how the dense network is trained."""
    train = plan.study.train
    return Schedule(
        train.dense_epochs, train.batch_size, train.dense_learning_rate, train.loss_gain, train.input_noise
    )


def dense_reference(plan: Plan, trainer: Trainer, cache: Cache) -> Dense:
    """Return the dense reference, trained unless it is kept.

    Raises:
        HwsearchError: Training failed: there is nothing to search from.
    """
    path = cache.path("dense")
    measured = cache.load(path, with_params=True)
    ticket = dense_ticket(plan, plan.study.seed)
    if measured is None:
        job = Job((ticket,), plan.dense_timesteps, dense_schedule(plan), plan.study.seed, keep_params=True)
        measured = trainer.run([job])[0][0]
        if measured.params is None or measured.workload is None:
            raise HwsearchError(
                f"the dense network could not be trained: {measured.failure}; lower dense_learning_rate"
            )
        cache.save(path, measured)
    assert measured.params is not None
    assert measured.workload is not None
    runs = {}
    for timesteps in plan.space.timesteps:
        network = fold(plan.spec, measured.params, ticket.masks, ticket.bits, timesteps, plan.widths)
        runs[timesteps] = run_integer(network, plan.data.x_val)
    probes = len(plan.data.y_val) * sum(plan.space.timesteps)
    cost = price_on_device(plan, measured.workload).fields
    return Dense(measured, measured.params, runs, cost, measured.train_steps, measured.eval_steps + probes)
