"""Untrained baselines: which rows there are, and accuracies that are those of the integer model."""

import numpy as np
import pytest
from builders.finders import spec

from hwsearch.comparison.untrained_baselines import BITS, SPARSITY, accuracy_of, row, untrained_rows
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.tickets.fit import Pruner, Target, dense_masks


class Stub:
    """Holds whatever fields it is given."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


@pytest.fixture
def plan():
    x = np.random.default_rng(0).integers(0, 17, (60, 1, 6, 6)).astype(np.uint8)
    y = np.arange(60) % 3
    study = Stub(tickets=Stub(samples=20), space=Stub(gentle=2.0))
    return Stub(
        spec=spec("fc8"), data=Stub(x_train=x, x_test=x, y_test=y), study=study,
        space=Stub(granularity=("weight", "nm:4")), dense_timesteps=2, widths=Widths(),
    )  # fmt: skip


def test_a_row_by_hand():
    assert row("magnitude", Target("nm:4", (0.5,)), 7, 0.25, 300) == {
        "finder": "magnitude",
        "granularity": "nm:4",
        "sparsity": 0.5,
        "seed": 7,
        "accuracy_test": 0.25,
        "find_steps": 300,
    }


def test_every_criterion_cuts_every_granularity_and_rounds_to_few_bits(plan):
    dense = [initial_params(plan.spec, seed) for seed in (0, 1)]
    pruner = Pruner(plan.spec.connections, lambda params: [np.abs(weight) for weight in params.weights])
    rows = untrained_rows(plan, pruner, (5, 6), dense)
    per_seed = [(r["finder"], r["granularity"], r["sparsity"]) for r in rows if r["seed"] == 5]
    criteria = ("one_shot magnitude", "one_shot spike_probability", "one_shot second_order")
    pruned = [(name, g, s) for g, s in (("weight", SPARSITY), ("nm:4", 0.75)) for name in criteria]
    quantised = [(name, f"{bits} bits", 0.0) for bits in BITS for name in criteria[::2]]
    assert per_seed == pruned + quantised
    assert len(rows) == 2 * len(per_seed)
    assert {r["find_steps"] for r in rows} == {0}
    assert all(0 <= r["accuracy_test"] <= 1 for r in rows)


def test_a_network_without_weights_answers_the_first_class(plan):
    params = initial_params(plan.spec, 0)
    nothing = tuple(np.zeros_like(mask) for mask in dense_masks(params))
    assert accuracy_of(plan, params, nothing, 8) == pytest.approx(1 / 3)
