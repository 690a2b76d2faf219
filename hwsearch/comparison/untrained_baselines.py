"""Trained dense networks cut or quantised by each criterion, and measured without a single step of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hwsearch.data.frames import timestep_labels
from hwsearch.measure.accuracy import accuracy
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.params import Params
from hwsearch.plan.fidelity import REFERENCE_BITS
from hwsearch.plan.plan import Plan
from hwsearch.search.store.ticket_store import Masks
from hwsearch.space.candidate import snap
from hwsearch.tickets.compensate import prune_in_steps, quantise_in_turn
from hwsearch.tickets.criteria import score
from hwsearch.tickets.fit import Pruner, Target, dense_masks
from hwsearch.tickets.observe import ConnectionStatistics, observe

SPARSITY, BITS = 0.8, (3, 2)
_FLOAT_LIKE = 16

Row = dict[str, object]


def untrained_rows(plan: Plan, pruner: Pruner, seeds: Sequence[int], dense: Sequence[Params]) -> list[Row]:
    """Return a row a criterion, cut and seed.

    Args:
        plan: The question; its granularities are cut.
        pruner: How the study prunes to masks.
        seeds: Names of the networks.
        dense: Trained floats, one network a seed.
    """
    rows: list[Row] = []
    calibration = plan.data.x_train[: plan.study.tickets.samples]
    for seed, params in zip(seeds, dense, strict=True):
        statistics = observe(plan.spec, params, calibration, plan.dense_timesteps)
        for granularity in plan.space.granularity:
            target = Target(granularity, (snap(granularity, SPARSITY),))
            for criterion, share in _pruned(plan, pruner, params, statistics, granularity):
                rows.append(row(f"one_shot {criterion}", target, seed, share, 0))
        for bits in BITS:
            cut = Target(f"{bits} bits", (0.0,))
            for criterion, share in _quantised(plan, params, statistics, bits):
                rows.append(row(f"one_shot {criterion}", cut, seed, share, 0))
    return rows


def accuracy_of(plan: Plan, params: Params, masks: Masks, bits: int) -> float:
    """Return the integer model's test accuracy without any training."""
    network = fold(plan.spec, params, masks, (bits,) * len(params.weights), plan.dense_timesteps, plan.widths)
    labels = timestep_labels(plan.data.y_test, plan.dense_timesteps)
    return accuracy(run_integer(network, plan.data.x_test).predictions, labels)


def row(finder: str, target: Target, seed: int, share: float | None, find_steps: int) -> Row:
    """Return a row of the comparison."""
    return {
        "finder": finder,
        "granularity": target.granularity,
        "sparsity": round(target.sparsity[0], 6),
        "seed": seed,
        "accuracy_test": share,
        "find_steps": find_steps,
    }


def _pruned(
    plan: Plan, pruner: Pruner, params: Params, statistics: Sequence[ConnectionStatistics], granularity: str
) -> Iterator[tuple[str, float]]:
    """Cut by each criterion; return its name and the accuracy."""
    target = Target(granularity, (snap(granularity, SPARSITY),))
    for criterion in ("magnitude", "spike_probability"):
        masks = pruner.masks_from_scores(target, score(criterion, params, statistics))
        yield criterion, accuracy_of(plan, params, masks, REFERENCE_BITS)
    compensated, masks = prune_in_steps(
        plan.spec, params, statistics, granularity, target.sparsity[0], gentle=plan.study.space.gentle
    )
    yield "second_order", accuracy_of(plan, compensated, masks, REFERENCE_BITS)


def _quantised(
    plan: Plan, params: Params, statistics: Sequence[ConnectionStatistics], bits: int
) -> Iterator[tuple[str, float]]:
    """Round to few bits, and in turn with compensation; return the criterion's name and the accuracy."""
    masks = dense_masks(params)
    yield "magnitude", accuracy_of(plan, params, masks, bits)
    turned = quantise_in_turn(plan.spec, params, masks, (bits,) * len(params.weights), statistics)
    # weights that lie on their grid already: a fine grid keeps them where they are
    yield "second_order", accuracy_of(plan, turned, masks, _FLOAT_LIKE)
