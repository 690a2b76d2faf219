"""The row of what both ends of a search spend and pick, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.replay.ends import Picked
from benchmarks.replay.three_ends import row
from hwsearch.space.candidate import Candidate

DENSE = 0.98
BYTES = {0.1: 1000.0, 0.2: 500.0, 0.3: 4000.0}
TRUTH = {0.0: DENSE, 0.1: 0.975, 0.2: 0.96, 0.3: 0.98}


@pytest.fixture
def world():
    return SimpleNamespace(
        full_steps=100,
        space=SimpleNamespace(weight_bits=[4, 8]),
        plan=SimpleNamespace(dense_timesteps=4),
        truth=lambda candidates, rung: np.array([TRUTH[c.sparsity[0]] for c in candidates]),
        bytes_truth=lambda candidates: np.array([BYTES[c.sparsity[0]] for c in candidates]),
    )


def picked(sparsity, steps, foretold=()):
    candidate = None if sparsity is None else Candidate((sparsity,), "weight", (4,), 4)
    return Picked(candidate, 0.3, steps, (), foretold)


def test_ways_are_compared_with_the_first_seed_by_seed_where_both_pick(world):
    ended = [
        (800, picked(0.1, 3200), picked(0.1, 3000), picked(0.2, 1200, (True, False))),
        (1000, picked(0.3, 3000), picked(0.1, 2800), picked(0.3, 1000, (True,))),
        (900, picked(None, 3100), picked(0.1, 2900), picked(0.1, 1100)),
    ]
    spent, n_bytes, ratio, below, held = row(world, ended).split(" | ")
    assert spent == "40.0, 38.0, 20.0"
    # the geometric means of 1,000 and 4,000; of 1,000 alone; of 500, 4,000 and 1,000
    assert n_bytes == "2,000, 1,000, 1,260"
    first, second = ratio.split("], ")
    assert first.startswith("0.50 [")  # of 1 and 1/4
    assert second.startswith("0.71 [")  # of 1/2 and 1
    assert below == "0% (30.0%), 0% (30.0%), 33% (30.0%)"
    assert held == "2 of 3"
